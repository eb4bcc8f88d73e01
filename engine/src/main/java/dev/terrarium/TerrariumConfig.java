package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.call.CallSettings;
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
 * How a {@link Terrarium} is set up. Immutable; every value is checked where it is set. Defaults
 * suit a laptop: 2 contexts, 10 s to wait for one, 120 s for a framework to load, the embedded
 * language model of the class path.
 */
public final class TerrariumConfig {

  private static final int MAX_CONTEXTS = 64;

  /** What was set; a copy that nothing changes any more. */
  private final Builder given;

  private TerrariumConfig(Builder builder) {
    given = new Builder(builder);
  }

  public static TerrariumConfig ofDefaults() {
    return custom().build();
  }

  /**
   * The defaults, and on top of them what the environment ({@code TERRARIUM_BORROW_TIMEOUT}) and
   * then what the system properties ({@code terrarium.borrow-timeout}) say; the guide on
   * configuration lists all keys.
   *
   * @throws ConfigurationException for a key that does not exist, with the nearest one, and for a
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

  /** Begins with what another configuration says. */
  public static Builder from(TerrariumConfig other) {
    return new Builder(other.given);
  }

  /** Contexts that serve at most, 1 to 64; default 2. */
  public int contexts() {
    return given.pool.max();
  }

  /** Contexts that are made at the start and kept; default as many as there may be. */
  public int minContexts() {
    return given.pool.min();
  }

  /** How long a call waits for a free context, or behind a turn of its session; default 10 s. */
  public Duration borrowTimeout() {
    return given.pool.borrowTimeout();
  }

  /** How long a call waits for the first context, and for a framework to load; default 120 s. */
  public Duration loadTimeout() {
    return given.pool.loadTimeout();
  }

  /** How long closing waits for running calls before it stops them; default 10 s. */
  public Duration drainTimeout() {
    return given.pool.drainTimeout();
  }

  /** The most that any framework is granted; default {@link AccessProfile#TRUSTED_NATIVE}. */
  public AccessProfile access() {
    return given.access;
  }

  /**
   * Returns whether modules of frameworks make the imports that stand at their top at the first use
   * of what they bind; default true.
   */
  public boolean lazyImports() {
    return given.lazyImports;
  }

  /** The environment variables that Python code sees; default none. */
  public Map<String, String> environment() {
    return Map.copyOf(given.environment);
  }

  /** Commands that one batch may hold; default 10,000. */
  public int maxBatch() {
    return given.calls.maxBatch();
  }

  /** Pieces of a stream that may wait for its subscriber; default 64. */
  public int streamBuffer() {
    return given.calls.streamBuffer();
  }

  /** How long a full stream waits for its subscriber; default 1 minute. */
  public Duration streamIdleTimeout() {
    return given.calls.streamIdleTimeout();
  }

  /** How calls are let in to a framework that has no configuration of its own; default all off. */
  public AdmissionConfig admission() {
    return given.admission;
  }

  /** How calls are let in to a framework; default as to all. */
  public AdmissionConfig admission(String framework) {
    return given.admissions.getOrDefault(framework, given.admission);
  }

  Map<String, AdmissionConfig> admissions() {
    return Map.copyOf(given.admissions);
  }

  /** Built programs that each context keeps of each framework; default 256. */
  public int programCache() {
    return given.programCache;
  }

  /** How long a session may lie idle before it is forgotten; default 1 hour. */
  public Duration sessionTtl() {
    return given.sessions.ttl();
  }

  /** Sessions that may have a state at a time; default 10,000. */
  public int maxSessions() {
    return given.sessions.maxSessions();
  }

  /** Bytes that one session's state may have; default 1 MiB. */
  public int maxSessionBytes() {
    return given.sessions.maxBytes();
  }

  /** Who is told what happens, in this order; default nobody. */
  public List<TerrariumObserver> observers() {
    return List.copyOf(given.observers);
  }

  SessionLimits sessions() {
    return given.sessions;
  }

  /** Bytes that one message, of JSON or MessagePack, or body of HTTP may have; default 64 MiB. */
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

  /** Language models by name; they are the caller's to close. */
  Map<String, LanguageModel> models() {
    return Map.copyOf(given.models);
  }

  /** A model's name, or a spec that a provider on the class path can open. */
  Optional<String> defaultModel() {
    return Optional.ofNullable(given.defaultModel);
  }

  /** Embedding models by name. */
  Map<String, EmbeddingModel> embeddingModels() {
    return Map.copyOf(given.embeddingModels);
  }

  /** The name of the one that was added first. */
  Optional<String> defaultEmbeddingModel() {
    return given.embeddingModels.keySet().stream().findFirst();
  }

  /** Bytes of vectors that are kept; default 64 MB. */
  public long embeddingCache() {
    return given.embeddingCache;
  }

  /** How long a vector is kept after it was made; default zero, for ever. */
  public Duration embeddingTtl() {
    return given.embeddingTtl;
  }

  /**
   * What bounds the loaded models of all frameworks; default {@link ModelCache.Limits#ofDefaults}.
   */
  public ModelCache.Limits modelCache() {
    return given.modelCache;
  }

  /** What one framework may have; default {@link ResourceLimits#ofDefaults}. */
  public ResourceLimits limits(String framework) {
    return given.frameworkLimits.getOrDefault(framework, given.limits);
  }

  /** The frameworks that have settings of their own. */
  Set<String> frameworks() {
    Set<String> names = new TreeSet<>(given.admissions.keySet());
    names.addAll(given.frameworkLimits.keySet());
    return names;
  }

  /** What each framework may have that has no limits of its own. */
  ResourceLimits limits() {
    return given.limits;
  }

  /** Whether any framework's calls at once are limited. */
  boolean limitsConcurrency() {
    return Stream.concat(Stream.of(given.limits), given.frameworkLimits.values().stream())
        .anyMatch(each -> each.concurrency().isPresent());
  }

  /** Collects a configuration. Not thread-safe. */
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
    private final Map<String, LanguageModel> models = new LinkedHashMap<>();
    private @Nullable String defaultModel;
    private final List<TerrariumObserver> observers = new ArrayList<>();
    private SessionLimits sessions = SessionLimits.ofDefaults();
    private final Map<String, EmbeddingModel> embeddingModels = new LinkedHashMap<>();
    private long embeddingCache = 64L << 20;
    private Duration embeddingTtl = Duration.ZERO;
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
      models.putAll(other.models);
      embeddingModels.putAll(other.embeddingModels);
      embeddingCache = other.embeddingCache;
      embeddingTtl = other.embeddingTtl;
      modelCache = other.modelCache;
      limits = other.limits;
      frameworkLimits.putAll(other.frameworkLimits);
      observers.addAll(other.observers);
      sessions = other.sessions;
      defaultModel = other.defaultModel;
    }

    /**
     * Sets a value by its key, as a property file has it.
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
     * Sets values by their keys in whatever order they come, such as those of a service's own
     * configuration: what is given for all frameworks before what is given for one, and what others
     * build upon before these.
     *
     * @throws ConfigurationException as {@link #set(String, String)}
     */
    public Builder set(Map<String, String> values) {
      given("values", values).forEach((key, value) -> given(given("key", key), value));
      ConfigText.set(this, values);
      return this;
    }

    /** So many contexts, made at the start. */
    public Builder contexts(int count) {
      return contexts(count, count);
    }

    /** So many contexts at the start, and up to so many when callers would have to wait. */
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
      positive("borrowTimeout", timeout);
      pool = pool.withTimeouts(timeout, pool.loadTimeout(), pool.drainTimeout());
      return this;
    }

    public Builder loadTimeout(Duration timeout) {
      positive("loadTimeout", timeout);
      pool = pool.withTimeouts(pool.borrowTimeout(), timeout, pool.drainTimeout());
      return this;
    }

    /** How long closing waits for running calls before it stops them; zero stops them at once. */
    public Builder drainTimeout(Duration timeout) {
      notNegative("drainTimeout", timeout);
      pool = pool.withTimeouts(pool.borrowTimeout(), pool.loadTimeout(), timeout);
      return this;
    }

    /**
     * After how many calls a context is looked through without a fault: for modules, builtins and
     * handlers that a call replaced, for threads that it left; default 1,000. After a fault it
     * always is.
     */
    public Builder checkEvery(int calls) {
      positive("checkEvery", calls);
      pool = pool.withCheckEvery(calls);
      return this;
    }

    /** So many contexts at the start, of those there may be. */
    public Builder minContexts(int min) {
      return contexts(min, pool.max());
    }

    /**
     * After how many calls, and at which age, a context drops all its frameworks and starts afresh,
     * up to a tenth sooner so that not all do at once; zero, the default, means never.
     */
    public Builder recycle(long afterCalls, Duration afterTime) {
      return recycleAfterCalls(afterCalls).recycleAfter(afterTime);
    }

    /** The first half of {@link #recycle}. */
    public Builder recycleAfterCalls(long calls) {
      if (calls < 0) {
        throw new ConfigurationException("recycleAfterCalls: " + calls + " is below zero");
      }
      pool = pool.withRecycling(calls, pool.recycleAfter());
      return this;
    }

    /** The second half of {@link #recycle}. */
    public Builder recycleAfter(Duration age) {
      notNegative("recycleAfter", age);
      pool = pool.withRecycling(pool.recycleAfterCalls(), age);
      return this;
    }

    /**
     * How long a call may hold a context before it is reported to the log with its caller's stack;
     * default 5 minutes, zero for never.
     */
    public Builder leakThreshold(Duration threshold) {
      notNegative("leakThreshold", threshold);
      pool = pool.withLeakThreshold(threshold);
      return this;
    }

    /** How many commands one batch may hold, which occupies one context; default 10,000. */
    public Builder maxBatch(int commands) {
      positive("maxBatch", commands);
      calls =
          new CallSettings(
              commands, calls.streamBuffer(), calls.streamIdleTimeout(), calls.maxMessage());
      return this;
    }

    /** How many pieces of a stream may wait for its subscriber; default 64. */
    public Builder streamBuffer(int pieces) {
      positive("streamBuffer", pieces);
      calls =
          new CallSettings(calls.maxBatch(), pieces, calls.streamIdleTimeout(), calls.maxMessage());
      return this;
    }

    /** How long a stream whose buffer is full waits for its subscriber; default 1 minute. */
    public Builder streamIdleTimeout(Duration timeout) {
      positive("streamIdleTimeout", timeout);
      calls = new CallSettings(calls.maxBatch(), calls.streamBuffer(), timeout, calls.maxMessage());
      return this;
    }

    /**
     * How many bytes one message, of JSON or MessagePack, may have before it is read, and one body
     * of HTTP, 1 to {@link Integer#MAX_VALUE}; default 64 MiB.
     */
    public Builder maxMessage(int bytes) {
      positive("maxMessage", bytes);
      calls =
          new CallSettings(
              calls.maxBatch(), calls.streamBuffer(), calls.streamIdleTimeout(), bytes);
      return this;
    }

    /** How calls are let in to all frameworks that have no configuration of their own. */
    public Builder admission(AdmissionConfig all) {
      admission = given("admission", all);
      return this;
    }

    /** Changes how calls are let in to one framework or, given null, to all others. */
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

    /** What bounds the loaded models so far. */
    ModelCache.Limits modelCache() {
      return modelCache;
    }

    /** How calls are let in to one framework, in place of how they are to all. */
    public Builder admission(String framework, AdmissionConfig one) {
      admissions.put(frameworkName("admission", framework), given("admission", one));
      return this;
    }

    /**
     * How many built programs each context keeps of each framework, at least 1; default 256. Those
     * used least recently are dropped, and built again when they are called.
     */
    public Builder programCache(int perContext) {
      positive("programCache", perContext);
      programCache = perContext;
      return this;
    }

    /**
     * The most that any framework is granted, and what one is granted that declares nothing. One
     * that declares more is refused.
     */
    public Builder access(AccessProfile ceiling) {
      access = given("access", ceiling);
      return this;
    }

    /**
     * Sets whether modules of frameworks make the imports that stand at their top at the first use
     * of what they bind, in those frameworks whose packages were compiled for that (default), or at
     * once, as upstream wrote them. Lazy imports have a framework load faster; what a call is the
     * first to use is loaded by that call. The setting counts for what a context loads from then
     * on: one that another {@code Terrarium} of the process used before keeps what that loaded.
     */
    public Builder lazyImports(boolean lazy) {
      lazyImports = lazy;
      return this;
    }

    /**
     * Gives environment variables to the Python code of all contexts, beside those given before.
     * Without, it sees none: those of the process stay hidden. All frameworks can read them.
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
     * How long a session may lie idle, since a turn began or ended, before it is forgotten; default
     * 1 hour.
     */
    public Builder sessionTtl(Duration idle) {
      sessions =
          new SessionLimits(given("sessionTtl", idle), sessions.maxSessions(), sessions.maxBytes());
      return this;
    }

    /**
     * How many sessions may have a state at a time; default 10,000. A call that begins one more
     * fails, since no conversation is dropped for another.
     */
    public Builder maxSessions(int count) {
      sessions = new SessionLimits(sessions.ttl(), count, sessions.maxBytes());
      return this;
    }

    /**
     * How many bytes one session's state may have, default 1 MiB: those of its texts in UTF-8 and
     * of its bytes, and 8 for each other value.
     */
    public Builder maxSessionBytes(int bytes) {
      sessions = new SessionLimits(sessions.ttl(), sessions.maxSessions(), bytes);
      return this;
    }

    /**
     * Adds one who is told what happens, after those that were added before and before those that
     * the class path offers.
     */
    public Builder observer(TerrariumObserver observer) {
      observers.add(given("observer", observer));
      return this;
    }

    /**
     * What crosses from the calling thread to the one that runs the Python code, and with it the
     * functions and models of yours that Python calls; nothing when left out.
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

    private static void notNegative(String name, Duration time) {
      if (given(name, time).isNegative()) {
        throw new ConfigurationException(name + ": " + time + " is below zero");
      }
    }

    private static void positive(String name, int number) {
      if (number < 1) {
        throw new ConfigurationException(name + ": " + number + " is not above zero");
      }
    }

    private static void positive(String name, Duration timeout) {
      if (!given(name, timeout).isPositive()) {
        throw new ConfigurationException(name + ": " + timeout + " is not above zero");
      }
    }

    /**
     * Where Python packages are unpacked; the default is the user's cache folder. Models and the
     * libraries that run them lie in that one, or where {@code -Dterrarium.cache} or {@code
     * TERRARIUM_CACHE} says.
     */
    public Builder cacheFolder(Path folder) {
      cacheFolder = given("cacheFolder", folder);
      return this;
    }

    /**
     * Adds a language model under its own name; the first one added is the default. It stays the
     * caller's to close.
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

    /**
     * Chooses the default model by a spec that a provider on the class path opens, such as a path.
     */
    public Builder languageModel(String spec) {
      if (given("languageModel", spec).isBlank()) {
        throw new ConfigurationException("languageModel: the spec is empty");
      }
      defaultModel = spec;
      return this;
    }

    /** Adds an embedding model under its own name; the first one added is the default. */
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

    /** How many bytes of embedding vectors are kept; above zero, default 64 MB. */
    public Builder embeddingCache(long maxBytes) {
      if (maxBytes < 1) {
        throw new ConfigurationException("embeddingCache: " + maxBytes + " is not above zero");
      }
      embeddingCache = maxBytes;
      return this;
    }

    /** How long a vector is kept after it was made; zero, the default, for ever. */
    public Builder embeddingTtl(Duration time) {
      notNegative("embeddingTtl", time);
      embeddingTtl = time;
      return this;
    }

    /** What bounds the loaded models of all frameworks together; default 16 models, 8 GB. */
    public Builder modelCache(ModelCache.Limits cacheLimits) {
      modelCache = given("modelCache", cacheLimits);
      return this;
    }

    /** What each framework may have that has no limits of its own; default 2 GB, 10 models. */
    public Builder limits(ResourceLimits each) {
      limits = given("limits", each);
      return this;
    }

    /** What one framework may have. */
    public Builder limits(String framework, ResourceLimits own) {
      frameworkLimits.put(frameworkName("limits", framework), given("limits", own));
      return this;
    }

    public TerrariumConfig build() {
      return new TerrariumConfig(this);
    }
  }
}
