package dev.terrarium;

import dev.terrarium.error.AccessException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.error.UnknownFrameworkException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.admission.Admission;
import dev.terrarium.internal.call.Calls;
import dev.terrarium.internal.call.FrameworkAdapter;
import dev.terrarium.internal.call.HttpFunctions;
import dev.terrarium.internal.call.SessionFunctions;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.PolyglotRuntime;
import dev.terrarium.internal.context.PythonPackages;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.model.EmbeddingCache;
import dev.terrarium.internal.model.EmbeddingService;
import dev.terrarium.internal.model.LanguageModels;
import dev.terrarium.internal.model.LruModelCache;
import dev.terrarium.internal.model.ModelService;
import dev.terrarium.internal.model.TokenizerService;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.program.ProgramRegistry;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.internal.resource.HttpConnections;
import dev.terrarium.internal.resource.KeyedResourcePool;
import dev.terrarium.internal.resource.Sessions;
import dev.terrarium.internal.value.Suggestion;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.HostFunctions;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.spi.ResourcePool;
import dev.terrarium.spi.SharedResources;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A runtime of Python AI frameworks inside this JVM. Starting a Terrarium returns at once, while
 * its contexts are made in the background; frameworks load on first use. Thread-safe.
 *
 * <pre>{@code
 * try (var terrarium = Terrarium.start()) {
 *   terrarium.register(Framework.fromResource("/wordcount.py"));
 *   Object counts = terrarium.call("wordcount", "count", Map.of("text", "to be or not to be"));
 * }
 * }</pre>
 */
public final class Terrarium implements AutoCloseable {

  private final ClassLoader loader;
  private final AccessProfile ceiling;
  private final TerrariumConfig config;
  private final Events events;
  private final LruModelCache modelCache;
  private final KeyedResourcePool resources;
  private final EmbeddingCache embeddings;
  private final LanguageModels models;
  private final Sessions sessions;
  private final ContextPool pool;
  private final Admission admission;
  private final Calls calls;
  private final Map<String, BridgeSource> frameworks = new ConcurrentHashMap<>();
  private final Map<String, Adapter> adapters = new ConcurrentHashMap<>();
  private final Map<Class<?>, AdapterFactory<?>> factories = new ConcurrentHashMap<>();
  private final Map<Class<?>, Object> typedAdapters = new ConcurrentHashMap<>();
  private final AtomicBoolean settingsChecked = new AtomicBoolean();

  private Terrarium(TerrariumConfig config) {
    loader = ClassLoaders.ofContextAnd(Terrarium.class);
    ceiling = config.access();
    CacheFolder cache = config.cache();
    PythonPackages packages = PythonPackages.discover(loader, cache);
    packages.frameworks().forEach(framework -> frameworks.put(framework.name(), framework));
    this.config = config;
    events = events(config, loader);
    modelCache = new LruModelCache(config.modelCache(), config::limits, this::contextBytes, events);
    resources = new KeyedResourcePool(name -> config.limits(name).connections(), events);
    embeddings = new EmbeddingCache(config.embeddingCache(), config.embeddingTtl(), events);
    models =
        new LanguageModels(
            config.models(),
            config.defaultModel().orElse(null),
            loader,
            modelCache,
            resources,
            events);
    sessions = new Sessions(config.sessions(), config.borrowTimeout());
    Function<AccessProfile, Map<String, HostFunction>> services = services();
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
  }

  /**
   * Starts a Terrarium with the defaults, on top of which come the values that environment
   * variables and system properties set.
   */
  public static Terrarium start() {
    return start(TerrariumConfig.ofEnvironment());
  }

  /**
   * Starts a Terrarium; its contexts warm up in the background.
   *
   * @throws TerrariumException when the platform or the class path does not permit to run Python
   */
  public static Terrarium start(TerrariumConfig config) {
    PolyglotRuntime.requireOneClassLoader();
    return new Terrarium(config);
  }

  private static Events events(TerrariumConfig config, ClassLoader loader) {
    List<TerrariumObserver> observers = new ArrayList<>(config.observers());
    ServiceLoader.load(TerrariumObserver.class, loader).forEach(observers::add);
    return Events.to(observers);
  }

  /**
   * Returns the host functions that Python code can call, by the access of its context: the models,
   * the programs, the session, HTTP, and what jars add.
   */
  private Function<AccessProfile, Map<String, HostFunction>> services() {
    Map<String, HostFunction> services = new HashMap<>();
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
    ServiceLoader.load(HostFunctions.class, loader)
        .forEach(functions -> services.putAll(functions.functions()));
    HttpConnections http = new HttpConnections(resources, config.maxMessage());
    Map<AccessProfile, Map<String, HostFunction>> made = new ConcurrentHashMap<>();
    return profile ->
        made.computeIfAbsent(
            profile,
            access -> {
              Map<String, HostFunction> ofProfile = new HashMap<>(services);
              ofProfile.putIfAbsent(HttpFunctions.NAME, HttpFunctions.of(http, access));
              return Map.copyOf(ofProfile);
            });
  }

  /**
   * Registers a framework of the user's own.
   *
   * @return this
   * @throws ConfigurationException when a framework of that name is registered already
   * @throws AccessException when the framework declares more access than this Terrarium grants
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public Terrarium register(Framework framework) {
    pool.checkOpen();
    BridgeSource source = granted(framework.source(ceiling));
    if (frameworks.putIfAbsent(framework.name(), source) != null) {
      throw new ConfigurationException(
          "A framework named '"
              + framework.name()
              + "' is registered already: register it once, or under another name.");
    }
    return this;
  }

  /**
   * Registers a typed facade of the user's own, which takes precedence over those of the class
   * path.
   *
   * @return this
   * @throws ConfigurationException when a facade of that class is registered already
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public Terrarium register(AdapterFactory<?> factory) {
    pool.checkOpen();
    if (factories.putIfAbsent(factory.type(), factory) != null) {
      throw new ConfigurationException(
          "An adapter "
              + factory.type().getName()
              + " is registered, or in use, already: register it once, before its first use.");
    }
    return this;
  }

  /**
   * Runs a command of a framework in any free context; the framework is loaded when it is first
   * needed.
   *
   * @param arguments the arguments by name; {@link dev.terrarium.internal.value.Marshaller} lists
   *     the types that can be converted
   * @return plain data: null, Boolean, Long, BigInteger, Double, String, byte[], an array of
   *     numbers, List, Map, BigDecimal, UUID or a java.time value
   * @throws TerrariumException in the subclass that says what went wrong
   */
  public @Nullable Object call(String framework, String command, Map<String, ?> arguments) {
    return calls.call(
        framework(framework), Command.of(command, arguments), CallOptions.ofDefaults());
  }

  /**
   * Loads a framework into a number of contexts now, in parallel and in the background.
   *
   * @return a future that is completed when all these contexts have the framework, on a thread of
   *     its own, so that dependent stages may make calls; it fails with the {@link
   *     dev.terrarium.error.FrameworkLoadException} of a context that could not load the framework,
   *     or with a {@link dev.terrarium.error.LimitExceededException} when the framework's memory
   *     limit does not allow for that number of contexts
   * @throws ConfigurationException when the configuration does not allow for that number of
   *     contexts
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public CompletableFuture<@Nullable Void> prewarm(String framework, int contexts) {
    return apart(pool.prewarm(framework(framework), contexts));
  }

  /**
   * Returns a future that is completed when the minimum of contexts exists; frameworks load when
   * they are first needed.
   *
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public CompletableFuture<@Nullable Void> ready() {
    return apart(pool.ready());
  }

  /**
   * Returns a copy of a future that is completed on a thread of its own. A carrier that completed
   * the future could not serve a call that a dependent stage makes.
   */
  private static <T extends @Nullable Object> CompletableFuture<T> apart(
      CompletableFuture<T> future) {
    return future.whenCompleteAsync(
        (result, failure) -> {}, task -> Thread.ofVirtual().name("terrarium-tell").start(task));
  }

  private BridgeSource framework(String name) {
    if (!settingsChecked.get() && settingsChecked.compareAndSet(false, true)) {
      checkSettings();
    }
    BridgeSource source = frameworks.get(name);
    if (source == null) {
      throw new UnknownFrameworkException(name, frameworks.keySet());
    }
    return granted(source);
  }

  /**
   * Logs the names of frameworks that have settings but are not registered. The check is not made
   * at the start, since users register their frameworks after it.
   */
  private void checkSettings() {
    for (String name : config.frameworks()) {
      if (!frameworks.containsKey(name)) {
        System.getLogger("terrarium.config")
            .log(
                Level.WARNING,
                "The configuration has settings for a framework '"
                    + name
                    + "', which is not there"
                    + Suggestion.to(name, frameworks.keySet())
                        .map(near -> "; did you mean '" + near + "'?")
                        .orElse(".")
                    + " Known frameworks: "
                    + String.join(", ", new TreeSet<>(frameworks.keySet()))
                    + ".");
      }
    }
  }

  private BridgeSource granted(BridgeSource source) {
    if (!ceiling.grants(source.profile())) {
      throw new AccessException(
          "Framework '"
              + source.name()
              + "' declares the access profile "
              + source.profile().word()
              + ", and this Terrarium grants no more than "
              + ceiling.word()
              + ". Raise it by TerrariumConfig.custom().access(AccessProfile."
              + source.profile()
              + "), or use a framework that needs less.");
    }
    return source;
  }

  /**
   * Returns the adapter of one framework, which is made once.
   *
   * @throws UnknownFrameworkException when no framework has that name; the exception lists the
   *     known names
   * @throws AccessException when the framework declares more access than this Terrarium grants
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public Adapter adapter(String framework) {
    pool.checkOpen();
    long begin = events.now();
    Adapter known = adapters.get(framework);
    Adapter adapter = known == null ? commands(framework) : known;
    if (events.active()) {
      tellOfGet(framework, known == null, begin);
    }
    return adapter;
  }

  private Adapter commands(String framework) {
    return adapters.computeIfAbsent(
        framework, name -> new FrameworkAdapter(framework(name), calls, CallOptions.ofDefaults()));
  }

  private void tellOfGet(String framework, boolean made, long begin) {
    events.emit(new TerrariumEvent.AdapterGet(framework, made, events.since(begin)));
  }

  /**
   * Returns the typed facade of that class, which is made once.
   *
   * @throws ConfigurationException when no jar on the class path offers the facade
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public <A> A adapter(Class<A> type) {
    pool.checkOpen();
    long begin = events.now();
    Object known = typedAdapters.get(type);
    Object adapter =
        known == null ? typedAdapters.computeIfAbsent(type, this::createAdapter) : known;
    if (events.active()) {
      tellOfGet(factory(type).framework(), known == null, begin);
    }
    return type.cast(adapter);
  }

  private Object createAdapter(Class<?> type) {
    AdapterFactory<?> factory = factory(type);
    return factory.create(commands(factory.framework()));
  }

  private AdapterFactory<?> factory(Class<?> type) {
    return factories.computeIfAbsent(type, this::findFactory);
  }

  private AdapterFactory<?> findFactory(Class<?> type) {
    Set<String> known = new TreeSet<>();
    factories.keySet().forEach(other -> known.add(other.getName()));
    for (AdapterFactory<?> factory :
        ServiceLoader.load(AdapterFactory.class, ClassLoaders.joined(loader, type))) {
      if (factory.type() == type) {
        return factory;
      }
      known.add(factory.type().getName());
    }
    throw new ConfigurationException(
        "No jar on the class path offers the adapter "
            + type.getName()
            + "; add the artifact that holds it as a dependency, or register its factory. Known: "
            + known
            + ".");
  }

  /**
   * Returns a session, whose state all contexts share. A call is a turn of the session by {@link
   * CallOptions#withSession}.
   *
   * @throws ConfigurationException when the id is blank
   */
  public Session session(String id) {
    return new Session(sessions, CallOptions.ofDefaults().withSession(id));
  }

  /** Returns the models and other resources that all frameworks share, for adapters. */
  public SharedResources shared() {
    return new Shared(models, modelCache, resources);
  }

  /** The engine's shared resources, as adapters see them. */
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

  /** Returns the heap that a framework takes in all contexts together, in bytes. */
  private long contextBytes(String framework) {
    return pool.stats().heapOf(framework).bytes();
  }

  private Map<String, Stats.FrameworkUse> frameworkResources(Stats.Pool contexts) {
    Map<String, Stats.FrameworkUse> all = new HashMap<>();
    for (String name : frameworks.keySet()) {
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
   * Measures the heap that each context holds in all, including what calls have left since the
   * context's frameworks were loaded. A context is measured between two calls, so it is not
   * measured while one of its calls waits for this measurement. The context's next call waits until
   * all objects of the context were walked: one to three seconds for a large framework, and 5 at
   * most. Code and native memory are not in the figure.
   *
   * @return bytes by the context's name; contexts that could not be measured are left out, and
   *     those are all contexts unless Python runs on the optimizing runtime
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public CompletableFuture<Map<String, Long>> measureContexts() {
    return apart(pool.measure());
  }

  /** Returns the figures of this Terrarium and of the process, without using a context. */
  public Stats stats() {
    Stats.Pool contexts = pool.stats();
    return new Stats(
        contexts,
        PolyglotRuntime.nativeSlotsTaken(),
        PolyglotRuntime.nativeSlotLimit(),
        models.stats(),
        frameworks.keySet().stream().sorted().toList(),
        admission.stats(),
        frameworkResources(contexts),
        modelCache.stats(),
        embeddings.stats(),
        resources.stats());
  }

  /**
   * Closes this Terrarium: refuses new calls, lets running calls end for as long as the drain
   * time-out, stops the rest, and keeps the contexts for the next start in this process. Models
   * that were given in the configuration stay open. Closing a second time does nothing.
   *
   * @throws dev.terrarium.error.NestedCallException when called from within a call, which would
   *     wait for itself
   * @throws dev.terrarium.error.CallInterruptedException when the calling thread is interrupted,
   *     and its interrupt flag is set again; running calls are stopped at once, and everything else
   *     is closed as well
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
      modelCache.close();
      resources.close();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
