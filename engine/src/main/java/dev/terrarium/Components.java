package dev.terrarium;

import dev.terrarium.error.NestedCallException;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.admission.Admission;
import dev.terrarium.internal.call.Calls;
import dev.terrarium.internal.call.CodeFunctions;
import dev.terrarium.internal.context.CodeContexts;
import dev.terrarium.internal.context.PolyglotRuntime;
import dev.terrarium.internal.context.PythonPackages;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.model.AnswerCache;
import dev.terrarium.internal.model.EmbeddingCache;
import dev.terrarium.internal.model.LanguageModels;
import dev.terrarium.internal.model.LruModelCache;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.internal.resource.KeyedResourcePool;
import dev.terrarium.internal.resource.Sessions;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.spi.ResourcePool;
import dev.terrarium.spi.SharedResources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one Terrarium, made in the order in which each needs those before it, and closed in
 * the order in which their users have gone: first the pool, whose calls use models and resources,
 * then the models, then the resources. Thread-safe.
 */
final class Components implements AutoCloseable {

  final FrameworkRegistry frameworks;
  final AdapterRegistry adapters;
  final Sessions sessions;
  final ContextPool pool;
  final Calls calls;

  private final TerrariumConfig config;
  private final LruModelCache modelCache;
  private final KeyedResourcePool resources;
  private final EmbeddingCache embeddings;
  private final LanguageModels models;
  private final CodeFunctions code;
  private final Admission admission;

  /** Makes the parts, and has the pool start its first contexts. */
  Components(TerrariumConfig config) {
    this.config = config;
    ClassLoader loader = ClassLoaders.ofContextAnd(Terrarium.class);
    CacheFolder cache = config.cache();
    PythonPackages packages = PythonPackages.discover(loader, cache);
    frameworks = new FrameworkRegistry(config.access(), config.frameworks(), packages);
    Events events = events(config, loader);
    modelCache = new LruModelCache(config.modelCache(), config::limits, this::contextBytes, events);
    resources = new KeyedResourcePool(name -> config.limits(name).connections(), events);
    embeddings = new EmbeddingCache(config.embeddingCache(), config.embeddingTtl(), events);
    models =
        new LanguageModels(
            config.models(),
            config.defaultModel().orElse(null),
            config.modelWrapper(),
            loader,
            modelCache,
            resources,
            answers(config, events),
            events);
    sessions = new Sessions(config.sessions(), config.borrowTimeout());
    code = new CodeFunctions(new CodeContexts(packages, cache, config.code()));
    List<AdapterFactory<?>> offered = AdapterRegistry.offered(loader, broken -> {});
    HostServices services =
        new HostServices(config, models, embeddings, shared(), code, loader, offered);
    pool =
        new ContextPool(
            PolyglotRuntime.factory(
                packages, config.lazyImports(), config.environment(), cache, services),
            config.access(),
            config.pool(),
            new ContextMemory(modelCache, config),
            events);
    admission =
        new Admission(
            config.admission(),
            config.admissions(),
            config.limitsConcurrency() ? config::limits : null,
            () -> pool.isWithinCall() || pool.isWithinShortcut());
    calls =
        new Calls(
            pool,
            sessions,
            admission,
            config.contextPropagation(),
            config.calls(),
            config.contexts(),
            services,
            events);
    adapters = new AdapterRegistry(frameworks, calls, events, loader, offered);
  }

  private static @Nullable AnswerCache answers(TerrariumConfig config, Events events) {
    return config.answerCache() == 0
        ? null
        : new AnswerCache(
            config.answerCache(), config.answerTtl(), config.answerFolder().orElse(null), events);
  }

  private static Events events(TerrariumConfig config, ClassLoader loader) {
    List<TerrariumObserver> observers = new ArrayList<>(config.observers());
    ServiceLoader.load(TerrariumObserver.class, loader).forEach(observers::add);
    return Events.to(observers, config.spans());
  }

  /** Returns the heap that a framework takes in all contexts together, in bytes. */
  private long contextBytes(String framework) {
    return pool.stats().heapOf(framework).bytes();
  }

  /** Returns the resources that all frameworks share, as adapters see them. */
  SharedResources shared() {
    return new Shared(models, modelCache, resources);
  }

  private record Shared(LanguageModels models, ModelCache modelCache, ResourcePool pool)
      implements SharedResources {

    @Override
    public LanguageModel languageModel(Optional<String> spec) {
      return models.get(spec.orElse(null));
    }

    @Override
    public Tokenizer tokenizer(Optional<String> spec) {
      return models.tokenizer(spec.orElse(null));
    }
  }

  /** Returns the figures of all parts, and of the process. */
  Stats stats() {
    Stats.Pool contexts = pool.stats();
    Set<String> names = frameworks.names();
    return new Stats(
        contexts,
        PolyglotRuntime.nativeSlotsTaken(),
        PolyglotRuntime.nativeSlotLimit(),
        models.stats(),
        names.stream().sorted().toList(),
        admission.stats(),
        uses(names, contexts),
        modelCache.stats(),
        embeddings.stats(),
        models.answers(),
        resources.stats());
  }

  private Map<String, Stats.FrameworkUse> uses(Set<String> names, Stats.Pool contexts) {
    Map<String, Stats.FrameworkUse> all = new HashMap<>();
    for (String name : names) {
      Stats.LoadedModels.Share share = modelCache.share(name);
      all.put(
          name,
          new Stats.FrameworkUse(
              contexts.heapOf(name),
              share.bytes(),
              share.models(),
              resources.connections(name),
              config.limits(name)));
    }
    return Map.copyOf(all);
  }

  /**
   * Closes the parts, the models and resources also when the calling thread is interrupted. Closing
   * a second time does nothing.
   *
   * @throws NestedCallException when called from within a call, and then nothing is closed
   */
  @Override
  public void close() {
    boolean closed = true;
    try {
      pool.close();
    } catch (NestedCallException e) {
      closed = false;
      throw e;
    } finally {
      if (closed) {
        closeResources();
      }
    }
  }

  /**
   * Closes the models and resources, and holds back an interruption of the calling thread
   * meanwhile: a model may wait for its threads to end, and an interruption must not cut that wait
   * short.
   */
  private void closeResources() {
    boolean interrupted = Thread.interrupted();
    try {
      code.close();
      modelCache.close();
      resources.close();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
