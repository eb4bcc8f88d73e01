package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.call.CallSettings;
import dev.terrarium.internal.config.ConfigCheck;
import dev.terrarium.internal.context.CodeLimits;
import dev.terrarium.internal.pool.PoolSettings;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.internal.resource.SessionLimits;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.spi.ModelCache;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a {@link Terrarium}. Immutable; every value is checked where it is set. The
 * defaults suit a laptop: 2 contexts, 10 s to wait for a context, 120 s for a framework to load,
 * the embedded language model of the class path.
 */
public final class TerrariumConfig {

  private static final int MAX_CONTEXTS = 64;

  /** A copy of the builder with the values that were set; nothing changes it any more. */
  private final Builder given;

  private TerrariumConfig(Builder builder) {
    given = new Builder(builder);
  }

  public static TerrariumConfig ofDefaults() {
    return custom().build();
  }

  /**
   * Returns the defaults, on top of which come the values of the environment ({@code
   * TERRARIUM_BORROW_TIMEOUT}) and then those of the system properties ({@code
   * terrarium.borrow-timeout}); the guide on configuration lists all keys.
   *
   * @throws ConfigurationException for a key that does not exist, with the nearest key, and for a
   *     value out of range
   */
  public static TerrariumConfig ofEnvironment() {
    Builder builder = custom();
    ConfigText.setAll(builder, System.getenv(), System.getProperties());
    return builder.build();
  }

  public static Builder custom() {
    return new Builder();
  }

  /** Returns a builder that starts with the values of another configuration. */
  public static Builder from(TerrariumConfig other) {
    return new Builder(other.given);
  }

  /** Returns the maximum number of contexts that serve calls, 1 to 64; default 2. */
  public int contexts() {
    return given.pool.max();
  }

  /**
   * Returns the number of contexts that are made at the start and kept; default as many as {@link
   * #contexts}.
   */
  public int minContexts() {
    return given.pool.min();
  }

  /**
   * Returns how long a call waits for a free context, or for its turn in its session; default 10 s.
   */
  public Duration borrowTimeout() {
    return given.pool.borrowTimeout();
  }

  /**
   * Returns how long a call waits for the first context, and for a framework to load; default 120
   * s.
   */
  public Duration loadTimeout() {
    return given.pool.loadTimeout();
  }

  /**
   * Returns how long {@link Terrarium#close} waits for running calls before it stops them; default
   * 10 s.
   */
  public Duration drainTimeout() {
    return given.pool.drainTimeout();
  }

  /**
   * Returns the most access that any framework is granted; default {@link
   * AccessProfile#TRUSTED_NATIVE}.
   */
  public AccessProfile access() {
    return given.access;
  }

  /**
   * Returns whether a framework's modules run the imports at their top at the first use of the
   * imported names; default true.
   */
  public boolean lazyImports() {
    return given.lazyImports;
  }

  /** Returns the environment variables that Python code sees; default none. */
  public Map<String, String> environment() {
    return Map.copyOf(given.environment);
  }

  /** Returns the maximum number of commands in one batch; default 10,000. */
  public int maxBatch() {
    return given.calls.maxBatch();
  }

  /** Returns the number of pieces of a stream that are buffered for its subscriber; default 64. */
  public int streamBuffer() {
    return given.calls.streamBuffer();
  }

  /** Returns how long a stream whose buffer is full waits for its subscriber; default 1 minute. */
  public Duration streamIdleTimeout() {
    return given.calls.streamIdleTimeout();
  }

  /** Returns the admission rules of the frameworks that have none of their own; default all off. */
  public AdmissionConfig admission() {
    return given.admission;
  }

  /** Returns the admission rules of a framework; default those of all frameworks. */
  public AdmissionConfig admission(String framework) {
    return given.admissions.getOrDefault(framework, given.admission);
  }

  Map<String, AdmissionConfig> admissions() {
    return Map.copyOf(given.admissions);
  }

  /**
   * Returns the number of built programs that each context keeps of each framework; default 256.
   */
  public int programCache() {
    return given.programCache;
  }

  /** Returns how long a session may be idle before it is forgotten; default 1 hour. */
  public Duration sessionTtl() {
    return given.sessions.ttl();
  }

  /** Returns the maximum number of sessions that have a state at a time; default 10,000. */
  public int maxSessions() {
    return given.sessions.maxSessions();
  }

  /** Returns the maximum number of bytes of one session's state; default 1 MiB. */
  public int maxSessionBytes() {
    return given.sessions.maxBytes();
  }

  /**
   * Returns the maximum number of code contexts at a time, in which code runs that language models
   * wrote; default 8.
   */
  public int codeSessions() {
    return given.codeSessions;
  }

  /**
   * Returns how long one piece of code that a language model wrote may run, without the time of the
   * functions that it calls; default 1 minute.
   */
  public Duration codeTimeout() {
    return given.codeTimeout;
  }

  CodeLimits code() {
    return new CodeLimits(codeSessions(), codeTimeout(), maxMessage());
  }

  /** Returns the observers that events are reported to, in this order; default none. */
  public List<TerrariumObserver> observers() {
    return List.copyOf(given.observers);
  }

  /** Returns how much of the spans of all calls is reported to the observers; default off. */
  public SpanDetail spans() {
    return given.spans;
  }

  SessionLimits sessions() {
    return given.sessions;
  }

  /**
   * Returns the maximum number of bytes of one message of JSON or MessagePack, or of one HTTP body;
   * default 64 MiB.
   */
  public int maxMessage() {
    return given.calls.maxMessage();
  }

  CallSettings calls() {
    return given.calls;
  }

  PoolSettings pool() {
    return given.pool;
  }

  ContextPropagation contextPropagation() {
    return given.propagation;
  }

  CacheFolder cache() {
    Path folder = given.cacheFolder;
    return folder == null ? CacheFolder.ofDefaults() : CacheFolder.at(folder);
  }

  /** Returns the language models by name, which the caller closes. */
  Map<String, LanguageModel> models() {
    return Map.copyOf(given.models);
  }

  /**
   * Returns the default model: a model's name, or a spec that a provider on the class path can
   * open.
   */
  Optional<String> defaultModel() {
    return Optional.ofNullable(given.defaultModel);
  }

  /** Returns the function through which each language model passes before it is used. */
  UnaryOperator<LanguageModel> modelWrapper() {
    return given.modelWrapper;
  }

  /** Returns the embedding models by name. */
  Map<String, EmbeddingModel> embeddingModels() {
    return Map.copyOf(given.embeddingModels);
  }

  /** Returns the name of the embedding model that was added first. */
  Optional<String> defaultEmbeddingModel() {
    return given.embeddingModels.keySet().stream().findFirst();
  }

  /** Returns the maximum number of bytes of cached vectors; default 64 MB. */
  public long embeddingCache() {
    return given.embeddingCache;
  }

  /** Returns how long a vector is kept after it was made; default zero, for ever. */
  public Duration embeddingTtl() {
    return given.embeddingTtl;
  }

  /**
   * Returns the maximum number of bytes of kept answers of language models; default zero, for none.
   */
  public long answerCache() {
    return given.answerCache;
  }

  /** Returns how long an answer is kept after it was made; default zero, for ever. */
  public Duration answerTtl() {
    return given.answerTtl;
  }

  /** Returns the folder that keeps answers beyond this process; default none. */
  public Optional<Path> answerFolder() {
    return Optional.ofNullable(given.answerFolder);
  }

  /**
   * Returns the limits of the loaded models of all frameworks; default {@link
   * ModelCache.Limits#ofDefaults}.
   */
  public ModelCache.Limits modelCache() {
    return given.modelCache;
  }

  /** Returns the limits of one framework; default {@link ResourceLimits#ofDefaults}. */
  public ResourceLimits limits(String framework) {
    return given.frameworkLimits.getOrDefault(framework, given.limits);
  }

  /** Returns the names of the frameworks that have settings of their own. */
  Set<String> frameworks() {
    Set<String> names = new TreeSet<>(given.admissions.keySet());
    names.addAll(given.frameworkLimits.keySet());
    return names;
  }

  /** Returns the limits of each framework that has none of its own. */
  ResourceLimits limits() {
    return given.limits;
  }

  /** Returns whether the concurrency of any framework's calls is limited. */
  boolean limitsConcurrency() {
    return Stream.concat(Stream.of(given.limits), given.frameworkLimits.values().stream())
        .anyMatch(each -> each.concurrency().isPresent());
  }

  /**
   * Returns the values that have keys, by key; of the environment variables for Python only the
   * names, and of the frameworks that have values of their own only the names.
   */
  @Override
  public String toString() {
    Map<String, Object> values = new LinkedHashMap<>();
    ConfigKeys.ALL.stream()
        .filter(key -> !key.perFramework() || key.name().startsWith("limits-"))
        .forEach(key -> values.put(key.name(), key.value().apply(this)));
    if (given.cacheFolder != null) {
      values.put("cache", given.cacheFolder);
    }
    AdmissionConfig rules = admission();
    Stream.of(rules.circuitBreaker(), rules.bulkhead(), rules.retry(), rules.budget())
        .flatMap(Optional::stream)
        .forEach(rule -> values.put(rule.getClass().getSimpleName(), rule));
    values.put("frameworks", frameworks());
    return "TerrariumConfig" + values;
  }

  /** A builder of a configuration. Not thread-safe. */
  public static final class Builder {
    private PoolSettings pool = PoolSettings.of(2, 2);
    private CallSettings calls = CallSettings.ofDefaults();
    private AdmissionConfig admission = AdmissionConfig.ofDefaults();
    private final Map<String, AdmissionConfig> admissions = new HashMap<>();
    private AccessProfile access = AccessProfile.TRUSTED_NATIVE;
    private boolean lazyImports = true;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private ContextPropagation propagation = ContextPropagation.none();
    private @Nullable Path cacheFolder;
    private int programCache = 256;
    private int codeSessions = 8;
    private Duration codeTimeout = Duration.ofMinutes(1);
    private final Map<String, LanguageModel> models = new LinkedHashMap<>();
    private @Nullable String defaultModel;
    private UnaryOperator<LanguageModel> modelWrapper = UnaryOperator.identity();
    private final List<TerrariumObserver> observers = new ArrayList<>();
    private SpanDetail spans = SpanDetail.OFF;
    private SessionLimits sessions = SessionLimits.ofDefaults();
    private final Map<String, EmbeddingModel> embeddingModels = new LinkedHashMap<>();
    private long embeddingCache = 64L << 20;
    private Duration embeddingTtl = Duration.ZERO;
    private long answerCache;
    private Duration answerTtl = Duration.ZERO;
    private @Nullable Path answerFolder;
    private ModelCache.Limits modelCache = ModelCache.Limits.ofDefaults();
    private ResourceLimits limits = ResourceLimits.ofDefaults();
    private final Map<String, ResourceLimits> frameworkLimits = new LinkedHashMap<>();

    private Builder() {}

    private Builder(Builder other) {
      pool = other.pool;
      calls = other.calls;
      admission = other.admission;
      admissions.putAll(other.admissions);
      access = other.access;
      lazyImports = other.lazyImports;
      environment.putAll(other.environment);
      propagation = other.propagation;
      cacheFolder = other.cacheFolder;
      programCache = other.programCache;
      codeSessions = other.codeSessions;
      codeTimeout = other.codeTimeout;
      models.putAll(other.models);
      embeddingModels.putAll(other.embeddingModels);
      embeddingCache = other.embeddingCache;
      embeddingTtl = other.embeddingTtl;
      answerCache = other.answerCache;
      answerTtl = other.answerTtl;
      answerFolder = other.answerFolder;
      modelCache = other.modelCache;
      limits = other.limits;
      frameworkLimits.putAll(other.frameworkLimits);
      observers.addAll(other.observers);
      spans = other.spans;
      sessions = other.sessions;
      defaultModel = other.defaultModel;
      modelWrapper = other.modelWrapper;
    }

    /**
     * Sets a value by its key, as it stands in a property file.
     *
     * @param key such as {@code borrow-timeout}, or {@code frameworks.NAME.limits-models} for one
     *     framework
     * @param value a number, a word, a size such as {@code 2GB}, or a time such as {@code 10s},
     *     {@code 500ms} or {@code PT10S}
     * @throws ConfigurationException when there is no such key, with the nearest one, or the value
     *     is out of range
     */
    public Builder set(String key, String value) {
      return set(Map.of(given("key", key), given(key, value)));
    }

    /**
     * Sets values by their keys, in any order, such as those of a service's own configuration.
     * Values for all frameworks are set before values for one framework, and values that others
     * build upon are set before these.
     *
     * @throws ConfigurationException as {@link #set(String, String)}
     */
    public Builder set(Map<String, String> values) {
      given("values", values).forEach((key, value) -> given(given("key", key), value));
      ConfigText.set(this, values);
      return this;
    }

    /** Sets the number of contexts, all of which are made at the start. */
    public Builder contexts(int count) {
      return contexts(count, count);
    }

    /**
     * Sets the number of contexts at the start, and the number up to which contexts are added when
     * callers would have to wait.
     */
    public Builder contexts(int min, int max) {
      if (max < 1 || max > MAX_CONTEXTS) {
        throw new ConfigurationException("contexts: " + max + " is not 1 to " + MAX_CONTEXTS);
      }
      if (min < 0 || min > max) {
        throw new ConfigurationException("contexts: the minimum " + min + " is not 0 to " + max);
      }
      pool = pool.withContexts(min, max);
      return this;
    }

    public Builder borrowTimeout(Duration timeout) {
      aboveZero("borrowTimeout", timeout);
      pool = pool.withTimeouts(timeout, pool.loadTimeout(), pool.drainTimeout());
      return this;
    }

    public Builder loadTimeout(Duration timeout) {
      aboveZero("loadTimeout", timeout);
      pool = pool.withTimeouts(pool.borrowTimeout(), timeout, pool.drainTimeout());
      return this;
    }

    /**
     * Sets how long closing waits for running calls before it stops them; zero stops them at once.
     */
    public Builder drainTimeout(Duration timeout) {
      notBelowZero("drainTimeout", timeout);
      pool = pool.withTimeouts(pool.borrowTimeout(), pool.loadTimeout(), timeout);
      return this;
    }

    /**
     * Sets the number of calls without a fault after which a context is checked for modules,
     * builtins and handlers that a call replaced and for threads that a call left; default 1,000.
     * After a fault a context is always checked.
     */
    public Builder checkEvery(int calls) {
      ConfigCheck.aboveZero("checkEvery", calls);
      pool = pool.withCheckEvery(calls);
      return this;
    }

    /** Sets the number of contexts at the start, which is at most the number of contexts. */
    public Builder minContexts(int min) {
      return contexts(min, pool.max());
    }

    /**
     * Sets the number of calls and the age after which a context drops all its frameworks and
     * starts afresh. Each context does so up to a tenth sooner, so that not all do at once. Zero,
     * the default, means never.
     */
    public Builder recycle(long afterCalls, Duration afterTime) {
      return recycleAfterCalls(afterCalls).recycleAfter(afterTime);
    }

    /** Sets the number of calls of {@link #recycle}. */
    public Builder recycleAfterCalls(long calls) {
      ConfigCheck.notBelowZero("recycleAfterCalls", calls);
      pool = pool.withRecycling(calls, pool.recycleAfter());
      return this;
    }

    /** Sets the age of {@link #recycle}. */
    public Builder recycleAfter(Duration age) {
      notBelowZero("recycleAfter", age);
      pool = pool.withRecycling(pool.recycleAfterCalls(), age);
      return this;
    }

    /**
     * Sets how long a call may hold a context before a warning with the caller's stack is logged;
     * default 5 minutes, zero for never.
     */
    public Builder leakThreshold(Duration threshold) {
      notBelowZero("leakThreshold", threshold);
      pool = pool.withLeakThreshold(threshold);
      return this;
    }

    /**
     * Sets the maximum number of commands in one batch, which occupies one context; default 10,000.
     */
    public Builder maxBatch(int commands) {
      ConfigCheck.aboveZero("maxBatch", commands);
      calls =
          new CallSettings(
              commands, calls.streamBuffer(), calls.streamIdleTimeout(), calls.maxMessage());
      return this;
    }

    /** Sets the number of pieces of a stream that are buffered for its subscriber; default 64. */
    public Builder streamBuffer(int pieces) {
      ConfigCheck.aboveZero("streamBuffer", pieces);
      calls =
          new CallSettings(calls.maxBatch(), pieces, calls.streamIdleTimeout(), calls.maxMessage());
      return this;
    }

    /** Sets how long a stream whose buffer is full waits for its subscriber; default 1 minute. */
    public Builder streamIdleTimeout(Duration timeout) {
      aboveZero("streamIdleTimeout", timeout);
      calls = new CallSettings(calls.maxBatch(), calls.streamBuffer(), timeout, calls.maxMessage());
      return this;
    }

    /**
     * Sets the maximum number of bytes of one message of JSON or MessagePack, which is checked
     * before the message is read, and of one HTTP body; 1 to {@link Integer#MAX_VALUE}, default 64
     * MiB.
     */
    public Builder maxMessage(int bytes) {
      ConfigCheck.aboveZero("maxMessage", bytes);
      calls =
          new CallSettings(
              calls.maxBatch(), calls.streamBuffer(), calls.streamIdleTimeout(), bytes);
      return this;
    }

    /** Sets the admission rules of all frameworks that have none of their own. */
    public Builder admission(AdmissionConfig all) {
      admission = given("admission", all);
      return this;
    }

    /** Changes the admission rules of one framework or, given null, of all others. */
    void changeAdmission(@Nullable String framework, UnaryOperator<AdmissionConfig> change) {
      if (framework == null) {
        admission = change.apply(admission);
      } else {
        admissions.put(framework, change.apply(admissions.getOrDefault(framework, admission)));
      }
    }

    /** Changes the limits of one framework or, given null, of all others. */
    void changeLimits(@Nullable String framework, UnaryOperator<ResourceLimits> change) {
      if (framework == null) {
        limits = change.apply(limits);
      } else {
        frameworkLimits.put(
            framework, change.apply(frameworkLimits.getOrDefault(framework, limits)));
      }
    }

    /** Returns the limits of the loaded models that were set so far. */
    ModelCache.Limits modelCache() {
      return modelCache;
    }

    /** Sets the admission rules of one framework, in place of those of all frameworks. */
    public Builder admission(String framework, AdmissionConfig one) {
      admissions.put(frameworkName("admission", framework), given("admission", one));
      return this;
    }

    /**
     * Sets the number of built programs that each context keeps of each framework, at least 1;
     * default 256. The least recently used programs are dropped, and built again when they are
     * called.
     */
    public Builder programCache(int perContext) {
      ConfigCheck.aboveZero("programCache", perContext);
      programCache = perContext;
      return this;
    }

    /**
     * Sets the most access that any framework is granted, which is also what a framework without a
     * profile of its own gets. A framework that declares more is refused.
     */
    public Builder access(AccessProfile ceiling) {
      access = given("access", ceiling);
      return this;
    }

    /**
     * Sets when a framework's modules run the imports at their top: at the first use of the
     * imported names (default), in those frameworks whose packages were compiled for that, or at
     * once, as upstream wrote them. A framework with lazy imports loads faster; the call that first
     * uses a module then loads it. The setting applies to what a context loads from then on: a
     * context that another {@code Terrarium} of the process used before keeps what it loaded.
     */
    public Builder lazyImports(boolean lazy) {
      lazyImports = lazy;
      return this;
    }

    /**
     * Adds environment variables that the Python code of all contexts sees. Without them, Python
     * code sees no variables: those of the process stay hidden. All frameworks can read the
     * variables.
     */
    public Builder environment(Map<String, String> variables) {
      given("environment", variables)
          .forEach(
              (name, value) -> {
                given("environment: " + given("environment", name), value);
                if (name.isEmpty() || name.indexOf('=') >= 0 || (name + value).indexOf('\0') >= 0) {
                  throw new ConfigurationException(
                      "environment: '" + name + "' cannot be a variable of that value");
                }
                environment.put(name, value);
              });
      return this;
    }

    /**
     * Sets the maximum number of code contexts at a time; default 8. A program that wants one more
     * fails, since it may hold one already.
     */
    public Builder codeSessions(int count) {
      ConfigCheck.aboveZero("codeSessions", count);
      codeSessions = count;
      return this;
    }

    /**
     * Sets how long one piece of code that a language model wrote may run, without the time of the
     * functions that it calls; default 1 minute. Code that runs longer is stopped, and its program
     * fails.
     */
    public Builder codeTimeout(Duration timeout) {
      ConfigCheck.aboveZero("codeTimeout", given("codeTimeout", timeout));
      codeTimeout = timeout;
      return this;
    }

    /**
     * Sets how long a session may be idle, counted from the start or the end of a turn, before it
     * is forgotten; default 1 hour.
     */
    public Builder sessionTtl(Duration idle) {
      sessions =
          new SessionLimits(given("sessionTtl", idle), sessions.maxSessions(), sessions.maxBytes());
      return this;
    }

    /**
     * Sets the maximum number of sessions that have a state at a time; default 10,000. A call that
     * begins a further session fails, since no conversation is dropped for another.
     */
    public Builder maxSessions(int count) {
      sessions = new SessionLimits(sessions.ttl(), count, sessions.maxBytes());
      return this;
    }

    /**
     * Sets the maximum number of bytes of one session's state, default 1 MiB. A text counts with
     * its bytes in UTF-8, a byte array with its length, and each other value with 8.
     */
    public Builder maxSessionBytes(int bytes) {
      sessions = new SessionLimits(sessions.ttl(), sessions.maxSessions(), bytes);
      return this;
    }

    /**
     * Adds an observer, to which events are reported after the observers that were added before and
     * before those that the class path offers.
     */
    public Builder observer(TerrariumObserver observer) {
      observers.add(given("observer", observer));
      return this;
    }

    /**
     * Has the spans of all calls reported to the observers, off by default: {@link
     * TerrariumEvent.SpanStarted} and {@link TerrariumEvent.SpanEnded}. {@link
     * CallOptions#withSpans} observes single calls.
     */
    public Builder spans(SpanDetail detail) {
      spans = given("spans", detail);
      return this;
    }

    /**
     * Sets the hook that carries values of the calling thread to the thread that runs the Python
     * code, and with it the functions and models of yours that Python calls. Nothing is carried by
     * default.
     */
    public Builder contextPropagation(ContextPropagation hook) {
      propagation = given("contextPropagation", hook);
      return this;
    }

    private static String frameworkName(String name, String framework) {
      if (given(name, framework).isBlank()) {
        throw new ConfigurationException(name + ": the framework's name is blank");
      }
      return framework;
    }

    private static <T> T given(String name, @Nullable T value) {
      if (value == null) {
        throw new ConfigurationException(name + ": null is no value; leave it out for the default");
      }
      return value;
    }

    private static void notBelowZero(String name, Duration time) {
      ConfigCheck.notBelowZero(name, given(name, time));
    }

    private static void aboveZero(String name, Duration time) {
      ConfigCheck.aboveZero(name, given(name, time));
    }

    /**
     * Sets the folder to which Python packages are unpacked; the default is the user's cache
     * folder. Models and the libraries that run them stay in the user's cache folder, or where
     * {@code -Dterrarium.cache} or {@code TERRARIUM_CACHE} says.
     */
    public Builder cacheFolder(Path folder) {
      cacheFolder = given("cacheFolder", folder);
      return this;
    }

    /**
     * Adds a language model under its own name; the first model added is the default. The caller
     * closes the model.
     */
    public Builder languageModel(LanguageModel model) {
      String name = given("languageModel: the name", given("languageModel", model).name());
      if (models.putIfAbsent(name, model) != null) {
        throw new ConfigurationException("languageModel: two are named '" + name + "'");
      }
      if (defaultModel == null) {
        defaultModel = name;
      }
      return this;
    }

    /** Sets the default model by a spec that a provider on the class path opens, such as a path. */
    public Builder languageModel(String spec) {
      if (given("languageModel", spec).isBlank()) {
        throw new ConfigurationException("languageModel: the spec is empty");
      }
      defaultModel = spec;
      return this;
    }

    /**
     * Sets a function through which each language model passes before it is used, those of
     * providers too: what the function returns is asked in the model's place, such as to log the
     * requests. The function is called for each request, and a wrapper should keep the model's
     * name, tokenizer and size.
     */
    public Builder modelWrapper(UnaryOperator<LanguageModel> wrapper) {
      modelWrapper = given("modelWrapper", wrapper);
      return this;
    }

    /** Adds an embedding model under its own name; the first model added is the default. */
    public Builder embeddingModel(EmbeddingModel model) {
      String name = given("embeddingModel: the name", given("embeddingModel", model).name());
      if (model.dimensions() < 1) {
        throw new ConfigurationException(
            "embeddingModel: '" + name + "' has " + model.dimensions() + " dimensions");
      }
      if (embeddingModels.putIfAbsent(name, model) != null) {
        throw new ConfigurationException("embeddingModel: two are named '" + name + "'");
      }
      return this;
    }

    /** Sets the maximum number of bytes of cached embedding vectors; above zero, default 64 MB. */
    public Builder embeddingCache(long maxBytes) {
      ConfigCheck.aboveZero("embeddingCache", maxBytes);
      embeddingCache = maxBytes;
      return this;
    }

    /** Sets how long a vector is kept after it was made; zero, the default, for ever. */
    public Builder embeddingTtl(Duration time) {
      notBelowZero("embeddingTtl", time);
      embeddingTtl = time;
      return this;
    }

    /**
     * Sets the maximum number of bytes of kept answers of language models; zero, the default, for
     * no answers. A request is answered from the cache when a request that is equal in all parts
     * was answered by the same model before, in whatever context and framework.
     */
    public Builder answerCache(long maxBytes) {
      ConfigCheck.notBelowZero("answerCache", maxBytes);
      answerCache = maxBytes;
      return this;
    }

    /** Sets how long an answer is kept after it was made; zero, the default, for ever. */
    public Builder answerTtl(Duration time) {
      notBelowZero("answerTtl", time);
      answerTtl = time;
      return this;
    }

    /**
     * Sets a folder that keeps answers beyond this process, and that several processes may share;
     * none by default. Its size has no limit. Needs an {@link #answerCache}, and is made at the
     * start if it does not exist.
     */
    public Builder answerFolder(Path folder) {
      answerFolder = given("answerFolder", folder);
      return this;
    }

    /** Sets the limits of the loaded models of all frameworks together; default 16 models, 8 GB. */
    public Builder modelCache(ModelCache.Limits cacheLimits) {
      modelCache = given("modelCache", cacheLimits);
      return this;
    }

    /** Sets the limits of each framework that has none of its own; default 2 GB, 10 models. */
    public Builder limits(ResourceLimits each) {
      limits = given("limits", each);
      return this;
    }

    /** Sets the limits of one framework. */
    public Builder limits(String framework, ResourceLimits own) {
      frameworkLimits.put(frameworkName("limits", framework), given("limits", own));
      return this;
    }

    /**
     * Returns the configuration.
     *
     * @throws ConfigurationException when values do not fit each other
     */
    public TerrariumConfig build() {
      if (answerFolder != null && answerCache == 0) {
        throw new ConfigurationException(
            "answerFolder: " + answerFolder + " keeps nothing without an answerCache");
      }
      return new TerrariumConfig(this);
    }
  }
}
