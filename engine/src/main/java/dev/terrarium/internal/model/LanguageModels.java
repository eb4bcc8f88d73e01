package dev.terrarium.internal.model;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.Stats;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.InstructedTools;
import dev.terrarium.spi.LanguageModelProvider;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.spi.ResourcePool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The language models of one Terrarium: those of its configuration, and those that providers on the
 * class path open on first use. The {@link ModelCache} holds the latter under the provider's name
 * and canonical spec, which is empty for the provider's default. Their tokenizers are in the {@link
 * ResourcePool}. Thread-safe; opening a model blocks the callers that want the same model.
 */
public final class LanguageModels {

  private static final char KEY_SEPARATOR = ':';

  /** The beginning of the spec of a chain of models, whose specs follow with commas between. */
  private static final String CHAIN = "first:";

  private static final int MOST_CHAINS = 1000;

  private final Map<String, LanguageModel> given;
  private final @Nullable String defaultSpec;
  private final UnaryOperator<LanguageModel> wrapper;
  private final List<LanguageModelProvider> providers;
  private final ModelCache cache;
  private final ResourcePool resources;
  private final @Nullable AnswerCache answers;
  private final ResourcePool.Kind<Tokenizer> tokenizers =
      ResourcePool.Kind.<Tokenizer>shared("tokenizer", this::openTokenizer)
          .closer(Tokenizer::close)
          .build();
  private final Events events;

  /** The chains that were asked for, by spec; their circuit breakers keep what they have seen. */
  private final Cache<String, ChainedModel> chains =
      Caffeine.newBuilder().maximumSize(MOST_CHAINS).executor(Runnable::run).build();

  private final Map<String, Stats.Model> stats = new TreeMap<>();

  /**
   * Creates the language models of one Terrarium.
   *
   * @param given models by name, which the caller closes
   * @param defaultSpec a name or a spec; null means the default model of the first provider that
   *     has one
   * @param wrapper the function through which each model passes before it is used
   * @param cache the cache of the models that providers open
   * @param resources the pool of their tokenizers
   * @param answers the cache of the answers, or null
   * @param events the observers, to which each answer is reported
   */
  public LanguageModels(
      Map<String, LanguageModel> given,
      @Nullable String defaultSpec,
      UnaryOperator<LanguageModel> wrapper,
      ClassLoader loader,
      ModelCache cache,
      ResourcePool resources,
      @Nullable AnswerCache answers,
      Events events) {
    this.given = given;
    this.defaultSpec = defaultSpec;
    this.wrapper = wrapper;
    this.cache = cache;
    this.resources = resources;
    this.answers = answers;
    this.events = events;
    this.providers =
        StreamSupport.stream(
                ServiceLoader.load(LanguageModelProvider.class, loader).spliterator(), false)
            .toList();
  }

  /** Creates language models without a cache of answers. */
  public LanguageModels(
      Map<String, LanguageModel> given,
      @Nullable String defaultSpec,
      UnaryOperator<LanguageModel> wrapper,
      ClassLoader loader,
      ModelCache cache,
      ResourcePool resources,
      Events events) {
    this(given, defaultSpec, wrapper, loader, cache, resources, null, events);
  }

  /**
   * Returns the model of a name or spec, which is opened now if it was not. A model that a provider
   * opened can be used while this Terrarium is open: each chat holds the model, and opens it again
   * when the cache has evicted it meanwhile; closing it does nothing. The models of a chain are
   * opened when they are asked.
   *
   * @param spec null means the default
   * @throws ModelException when no provider can open the model, it fails to load, or this Terrarium
   *     is closed
   * @throws dev.terrarium.error.LimitExceededException when there is no room for the model
   */
  public LanguageModel get(@Nullable String spec) {
    String wanted = spec == null ? defaultSpec : spec;
    LanguageModel known = wanted == null ? null : given.get(wanted);
    if (known != null) {
      return remembering(wrapper.apply(known), "");
    }
    if (wanted != null && isChain(wanted)) {
      return chains.get(wanted, this::chained);
    }
    LanguageModelProvider provider = provider(wanted);
    String canonical = provider.canonical(wanted);
    return remembering(
        wrapper.apply(opened(provider, canonical)),
        provider.name() + KEY_SEPARATOR + (canonical == null ? "" : canonical));
  }

  /**
   * Returns a model whose answers are kept, if they are.
   *
   * @param spec tells apart the models that a provider opens, whose names may be the same; empty
   *     for a model that was given
   */
  private LanguageModel remembering(LanguageModel model, String spec) {
    return answers == null ? model : new RememberingModel(answers, model, spec);
  }

  private static boolean isChain(String spec) {
    return spec.startsWith(CHAIN);
  }

  private ChainedModel chained(String spec) {
    List<LanguageModel> links =
        specsOf(spec).stream().<LanguageModel>map(each -> new ChainLink(this, each)).toList();
    return new ChainedModel(
        dev.terrarium.model.LanguageModels.firstOf(links, CircuitBreaker.ofDefaults()));
  }

  /**
   * Returns the specs of the models of a chain.
   *
   * @throws ModelException when one of them is empty or a chain itself, or no provider opens it
   */
  private List<String> specsOf(String chain) {
    List<String> specs = new ArrayList<>();
    for (String each : chain.substring(CHAIN.length()).split(",", -1)) {
      String spec = each.strip();
      if (spec.isEmpty() || isChain(spec)) {
        throw new ModelException(
            ModelException.Kind.UNKNOWN_MODEL,
            "The spec '"
                + chain
                + "' must name models with commas between, such as"
                + " first:openai:gpt-5-mini,ollama:qwen3, none of them a chain itself.",
            null);
      }
      if (!given.containsKey(spec)) {
        provider(spec);
      }
      specs.add(spec);
    }
    return specs;
  }

  private LanguageModel opened(LanguageModelProvider provider, @Nullable String spec) {
    try (ModelCache.Use<LanguageModel> use = acquire(provider, spec)) {
      return new Held(
          this,
          provider,
          spec,
          use.model().name(),
          use.model().bytes(),
          use.model().takesTools(),
          use.model().tokenizer().map(loaded -> pooled(provider, spec)));
    }
  }

  /**
   * Returns the tokenizer of the model of a name or spec, without loading the model. A provider's
   * tokenizer can be used while this Terrarium is open: each use borrows it from the {@link
   * ResourcePool}, which opens it when needed; closing it does nothing.
   *
   * @param spec null means the default
   * @throws ModelException when no provider can open the tokenizer, or the model has none; an
   *     exception of the provider is thrown when the tokenizer is used
   */
  public Tokenizer tokenizer(@Nullable String spec) {
    String wanted = spec == null ? defaultSpec : spec;
    LanguageModel known = wanted == null ? null : given.get(wanted);
    if (known != null) {
      return known.tokenizer().orElseThrow(() -> noTokenizer("'" + known.name() + "'"));
    }
    if (wanted != null && isChain(wanted)) {
      return tokenizer(specsOf(wanted).getFirst());
    }
    LanguageModelProvider provider = provider(wanted);
    return pooled(provider, provider.canonical(wanted));
  }

  private Tokenizer pooled(LanguageModelProvider provider, @Nullable String spec) {
    return new PooledTokenizer(
        resources, tokenizers, provider.name() + KEY_SEPARATOR + (spec == null ? "" : spec));
  }

  /** Opens the tokenizer of a key of {@link #pooled}. */
  private Tokenizer openTokenizer(String key) {
    int separator = key.indexOf(KEY_SEPARATOR);
    String name = key.substring(0, separator);
    String spec = key.substring(separator + 1);
    return providers.stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .flatMap(provider -> provider.tokenizer(spec.isEmpty() ? null : spec))
        .orElseThrow(() -> noTokenizer(spec.isEmpty() ? "of " + name : "'" + spec + "'"));
  }

  private static ModelException noTokenizer(String which) {
    return new ModelException(
        "The language model "
            + which
            + " does not tell how it splits texts into tokens. Count what its answers cost instead,"
            + " or use one that has a tokenizer.");
  }

  private ModelCache.Use<LanguageModel> acquire(
      LanguageModelProvider provider, @Nullable String spec) {
    return cache.acquire(
        provider.name(),
        spec == null ? "" : spec,
        () -> open(provider, spec),
        LanguageModel::bytes);
  }

  private LanguageModel open(LanguageModelProvider provider, @Nullable String spec) {
    long start = System.nanoTime();
    LanguageModel model = provider.open(spec);
    Duration loading = Duration.ofNanos(System.nanoTime() - start);
    count(model.name(), new Stats.Model(loading, 0, 0, 0, Duration.ZERO));
    return model;
  }

  private LanguageModelProvider provider(@Nullable String spec) {
    if (providers.isEmpty()) {
      throw new ModelException(
          "There is no language model: add dev.terrarium:terrarium-llamacpp and"
              + " dev.terrarium:terrarium-smollm2 as dependencies, or give TerrariumConfig one of"
              + " your own.");
    }
    if (spec == null) {
      return providers.stream()
          .filter(LanguageModelProvider::hasDefault)
          .findFirst()
          .orElseThrow(
              () ->
                  new ModelException(
                      "There is no default language model: name one by"
                          + " TerrariumConfig.languageModel (providers that are there: "
                          + names()
                          + "), or add dev.terrarium:terrarium-llamacpp and"
                          + " dev.terrarium:terrarium-smollm2 as dependencies."));
    }
    return providers.stream()
        .filter(provider -> provider.supports(spec))
        .findFirst()
        .orElseThrow(
            () ->
                new ModelException(
                    "There is no language model '"
                        + spec
                        + "': it is none of those that were given to TerrariumConfig.languageModel"
                        + " ("
                        + (given.isEmpty()
                            ? "none was given"
                            : String.join(", ", new TreeSet<>(given.keySet())))
                        + "), and nothing that a provider opens (those that are there: "
                        + names()
                        + "; llamacpp opens GGUF files). For a service such as OpenAI's add the"
                        + " provider that docs/guides/models.md names, or write a LanguageModel"
                        + " and give it to TerrariumConfig."));
  }

  private String names() {
    return providers.stream().map(LanguageModelProvider::name).collect(Collectors.joining(", "));
  }

  /** Returns a model's answer, and counts what it cost; one that was kept costs nothing. */
  ChatResponse chat(LanguageModel model, ChatRequest request) {
    return model instanceof RememberingModel kept
        ? kept.chat(request, asked -> chat(asked, request))
        : asked(model, () -> InstructedTools.chat(model, request));
  }

  /**
   * Returns a model's answer as {@link #chat} does, and passes on each piece when it is made;
   * counted when the answer is complete.
   */
  ChatResponse stream(LanguageModel model, ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    return model instanceof RememberingModel kept
        ? kept.stream(request, sink, asked -> stream(asked, request, sink))
        : asked(model, () -> InstructedTools.stream(model, request, sink));
  }

  private ChatResponse asked(LanguageModel model, Supplier<ChatResponse> answer) {
    if (model instanceof ChainedModel) {
      return answer.get(); // counted by the link that answers
    }
    long begin = events.now();
    ChatResponse response;
    try {
      response = answer.get();
    } catch (RuntimeException | Error e) {
      if (events.active()) {
        tell(model, new TokenUsage(0, 0), begin, e.getClass().getSimpleName());
      }
      throw e;
    }
    TokenUsage usage = response.usage();
    count(
        model.name(),
        new Stats.Model(
            Duration.ZERO, 1, usage.promptTokens(), usage.completionTokens(), response.time()));
    CallScope.current().ifPresent(scope -> scope.usedTokens(usage.total()));
    if (events.active()) {
      tell(model, usage, begin, null);
    }
    return response;
  }

  private void tell(LanguageModel model, TokenUsage tokens, long begin, @Nullable String failure) {
    String framework = CallScope.current().map(CallScope::framework).orElse(null);
    events.emit(
        new TerrariumEvent.ModelCalled(
            model.name(),
            framework,
            tokens.promptTokens(),
            tokens.completionTokens(),
            events.since(begin),
            failure));
  }

  private synchronized void count(String name, Stats.Model more) {
    stats.merge(name, more, Stats.Model::plus);
  }

  /** Returns the figures of the models that were loaded or used here, by model name. */
  public synchronized Map<String, Stats.Model> stats() {
    return Map.copyOf(stats);
  }

  /** Returns the figures of the cache of answers. */
  public Stats.Answers answers() {
    return answers == null ? Stats.Answers.NONE : answers.stats();
  }

  /** A model of the cache, held for the duration of each answer. */
  private record Held(
      LanguageModels models,
      LanguageModelProvider provider,
      @Nullable String spec,
      String name,
      long bytes,
      boolean takesTools,
      Optional<Tokenizer> tokenizer)
      implements LanguageModel {

    @Override
    public ChatResponse chat(ChatRequest request) {
      return using(model -> model.chat(request));
    }

    @Override
    public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
      return using(model -> model.stream(request, sink));
    }

    private ChatResponse using(Function<LanguageModel, ChatResponse> work) {
      try (ModelCache.Use<LanguageModel> use = models.acquire(provider, spec)) {
        return work.apply(use.model());
      }
    }

    @Override
    public void close() {
      // The cache closes the model.
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * A model of a chain, by its spec: a model that cannot be opened is passed over as one that does
   * not answer. Its answers are counted, so that figures and events show which model answered.
   */
  private record ChainLink(LanguageModels models, String spec) implements LanguageModel {

    @Override
    public String name() {
      return spec;
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      return models.chat(models.get(spec), request);
    }

    @Override
    public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
      return models.stream(models.get(spec), request, sink);
    }

    /** Returns true; the model gets tools in its own way. */
    @Override
    public boolean takesTools() {
      return true;
    }

    @Override
    public Optional<Tokenizer> tokenizer() {
      return models.get(spec).tokenizer();
    }

    @Override
    public void close() {
      // The cache closes the model.
    }
  }
}
