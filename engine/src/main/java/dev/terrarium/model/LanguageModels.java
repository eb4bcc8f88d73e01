package dev.terrarium.model;

import dev.terrarium.error.ModelException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The language models of one Terrarium: those it was given, and those that providers on the class
 * path open when they are first asked for. Thread-safe; opening one blocks those who want the same.
 */
public final class LanguageModels implements AutoCloseable {

  private final Map<String, LanguageModel> given;
  private final @Nullable String defaultSpec;
  private final List<LanguageModelProvider> providers;
  private final Map<String, CompletableFuture<LanguageModel>> opened = new HashMap<>();
  private final Map<String, ModelStats> stats = new TreeMap<>();
  private boolean closed;

  /**
   * @param given models by name, not closed with this
   * @param defaultSpec a name or a spec; none means the first provider's default model
   */
  public LanguageModels(
      Map<String, LanguageModel> given, @Nullable String defaultSpec, ClassLoader loader) {
    this.given = given;
    this.defaultSpec = defaultSpec;
    this.providers =
        StreamSupport.stream(
                ServiceLoader.load(LanguageModelProvider.class, loader).spliterator(), false)
            .toList();
  }

  /**
   * The model of that name or spec, opened now if need be.
   *
   * @param spec none means the default
   * @throws ModelException when no provider can open it, or it fails to load
   */
  public LanguageModel get(@Nullable String spec) {
    String wanted = spec == null ? defaultSpec : spec;
    LanguageModel known = wanted == null ? null : given.get(wanted);
    return known == null ? opened(wanted) : known;
  }

  private LanguageModel opened(@Nullable String spec) {
    String key = spec == null ? "" : spec;
    CompletableFuture<LanguageModel> mine = new CompletableFuture<>();
    CompletableFuture<LanguageModel> first;
    synchronized (this) {
      if (closed) {
        throw new ModelException("This Terrarium is closed, and its language models with it.");
      }
      first = opened.putIfAbsent(key, mine);
    }
    if (first == null) {
      open(spec, key, mine);
      first = mine;
    }
    try {
      return first.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  /** Opens outside the lock: a model may take seconds. What fails is tried again by the next. */
  private void open(@Nullable String spec, String key, CompletableFuture<LanguageModel> result) {
    long start = System.nanoTime();
    try {
      LanguageModel model = provider(spec).open(spec);
      synchronized (this) {
        stats.put(model.name(), ModelStats.loaded(Duration.ofNanos(System.nanoTime() - start)));
      }
      result.complete(model);
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        opened.remove(key, result);
      }
      result.completeExceptionally(e);
    }
  }

  private LanguageModelProvider provider(@Nullable String spec) {
    if (providers.isEmpty()) {
      throw new ModelException(
          "There is no language model: add dev.terrarium:terrarium-llamacpp and"
              + " dev.terrarium:terrarium-smollm2 as dependencies, or give TerrariumConfig one of"
              + " your own.");
    }
    if (spec == null) {
      return providers.getFirst();
    }
    return providers.stream()
        .filter(provider -> provider.supports(spec))
        .findFirst()
        .orElseThrow(
            () ->
                new ModelException(
                    "No provider can open the language model '"
                        + spec
                        + "'. Providers: "
                        + providers.stream().map(LanguageModelProvider::name).toList()
                        + ", models: "
                        + new TreeSet<>(given.keySet())
                        + "."));
  }

  /** Asks a model and counts what it cost. */
  ChatResponse chat(LanguageModel model, ChatRequest request) {
    return counted(model, model.chat(request));
  }

  /** As {@link #chat}, handing over each piece as it is made; counted when it is whole. */
  ChatResponse stream(LanguageModel model, ChatRequest request, Consumer<ChatChunk> sink) {
    return counted(model, model.stream(request, sink));
  }

  private synchronized ChatResponse counted(LanguageModel model, ChatResponse response) {
    stats.merge(model.name(), ModelStats.of(response), ModelStats::plus);
    return response;
  }

  /** Figures by model name, of those that were loaded or used here. */
  public synchronized Map<String, ModelStats> stats() {
    return Map.copyOf(stats);
  }

  /** Frees the models that providers opened; one that is being opened, as soon as it is. */
  @Override
  public void close() {
    List<CompletableFuture<LanguageModel>> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(opened.values());
      opened.clear();
    }
    for (CompletableFuture<LanguageModel> opening : all) {
      CompletableFuture<?> unused = opening.thenAccept(LanguageModel::close);
    }
  }
}
