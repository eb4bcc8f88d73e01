package dev.terrarium;

import dev.terrarium.internal.call.CodeFunctions;
import dev.terrarium.internal.call.HttpFunctions;
import dev.terrarium.internal.call.SessionFunctions;
import dev.terrarium.internal.call.SpanFunctions;
import dev.terrarium.internal.model.EmbeddingCache;
import dev.terrarium.internal.model.EmbeddingService;
import dev.terrarium.internal.model.LanguageModels;
import dev.terrarium.internal.model.ModelService;
import dev.terrarium.internal.model.TokenizerService;
import dev.terrarium.internal.program.ProgramRegistry;
import dev.terrarium.internal.resource.HttpConnections;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.HostFunctions;
import dev.terrarium.spi.SharedResources;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The host functions that Python code can call, by the access of its context: the models, the
 * programs, the session, HTTP, code of language models, and what jars add. Thread-safe.
 */
final class HostServices implements Function<AccessProfile, Map<String, HostFunction>> {

  private final Map<String, HostFunction> services = new HashMap<>();
  private final HttpConnections http;
  private final Map<AccessProfile, Map<String, HostFunction>> byProfile = new ConcurrentHashMap<>();

  /**
   * Creates the host functions of one Terrarium.
   *
   * @param shared what functions that jars add may use
   * @param code runs the code of language models
   * @param loader finds the functions that jars add
   * @param adapters factories of adapters, which may add functions
   */
  HostServices(
      TerrariumConfig config,
      LanguageModels models,
      EmbeddingCache embeddings,
      SharedResources shared,
      CodeFunctions code,
      ClassLoader loader,
      List<AdapterFactory<?>> adapters) {
    ModelService model = new ModelService(models);
    services.put("model.generate", model);
    services.put("model.stream", model.streaming());
    services.put(
        "embedding.embed",
        new EmbeddingService(
            config.embeddingModels(), config.defaultEmbeddingModel().orElse(null), embeddings));
    services.putAll(new TokenizerService(models).functions());
    services.putAll(new ProgramRegistry(config.programCache()).functions());
    services.putAll(SessionFunctions.all());
    services.putAll(SpanFunctions.all());
    services.putAll(code.functions());
    ServiceLoader.load(HostFunctions.class, loader)
        .forEach(functions -> services.putAll(functions.functions()));
    adapters.forEach(factory -> services.putAll(factory.functions(shared)));
    http = new HttpConnections(shared.pool(), config.maxMessage());
  }

  @Override
  public Map<String, HostFunction> apply(AccessProfile profile) {
    return byProfile.computeIfAbsent(profile, this::of);
  }

  private Map<String, HostFunction> of(AccessProfile profile) {
    Map<String, HostFunction> all = new HashMap<>(services);
    all.putIfAbsent(HttpFunctions.NAME, HttpFunctions.of(http, profile));
    return Map.copyOf(all);
  }
}
