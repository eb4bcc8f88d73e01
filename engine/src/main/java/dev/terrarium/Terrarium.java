package dev.terrarium;

import dev.terrarium.error.AccessException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.error.UnknownFrameworkException;
import dev.terrarium.internal.context.PolyglotRuntime;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.SharedResources;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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

  private final Components components;

  private Terrarium(TerrariumConfig config) {
    components = new Components(config);
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

  /**
   * Registers a framework of the user's own.
   *
   * @return this
   * @throws ConfigurationException when a framework of that name is registered already, or its
   *     packages are not on the class path or have two versions of one
   * @throws AccessException when the framework declares more access than this Terrarium grants
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public Terrarium register(Framework framework) {
    components.pool.checkOpen();
    components.frameworks.register(framework);
    return this;
  }

  /**
   * Registers a typed facade of the user's own, which takes precedence over those of the class
   * path, and the framework that the facade brings ({@link AdapterFactory#resource}).
   *
   * @return this
   * @throws ConfigurationException when a facade of that class, or another framework of that name,
   *     is registered already
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public Terrarium register(AdapterFactory<?> factory) {
    components.pool.checkOpen();
    components.adapters.register(factory);
    return this;
  }

  /**
   * Runs a command of a framework in any free context; the framework is loaded when it is first
   * needed.
   *
   * @param arguments the arguments by name; of the types that {@link Command#of(String, Map)} lists
   * @return plain data: null, Boolean, Long, BigInteger, Double, String, byte[], an array of
   *     numbers, List, Map, BigDecimal, UUID or a java.time value
   * @throws TerrariumException in the subclass that says what went wrong
   */
  public @Nullable Object call(String framework, String command, Map<String, ?> arguments) {
    return components.calls.call(
        components.frameworks.get(framework),
        Command.of(command, arguments),
        CallOptions.ofDefaults());
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
    return apart(components.pool.prewarm(components.frameworks.get(framework), contexts));
  }

  /**
   * Returns a future that is completed when the minimum of contexts exists; frameworks load when
   * they are first needed.
   *
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public CompletableFuture<@Nullable Void> ready() {
    return apart(components.pool.ready());
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

  /**
   * Returns the adapter of one framework, which is made once.
   *
   * @throws UnknownFrameworkException when no framework has that name; the exception lists the
   *     known names
   * @throws AccessException when the framework declares more access than this Terrarium grants
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public Adapter adapter(String framework) {
    components.pool.checkOpen();
    return components.adapters.get(framework);
  }

  /**
   * Returns the typed facade of that class, which is made once.
   *
   * @throws ConfigurationException when no jar on the class path offers the facade
   * @throws dev.terrarium.error.ClosedException when this Terrarium is closed
   */
  public <A> A adapter(Class<A> type) {
    components.pool.checkOpen();
    return components.adapters.get(type);
  }

  /**
   * Returns a session, whose state all contexts share. A call is a turn of the session by {@link
   * CallOptions#withSession}.
   *
   * @throws ConfigurationException when the id is blank
   */
  public Session session(String id) {
    return new Session(components.sessions, CallOptions.ofDefaults().withSession(id));
  }

  /** Returns the models and other resources that all frameworks share, for adapters. */
  public SharedResources shared() {
    return components.shared();
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
    return apart(components.pool.measure());
  }

  /** Returns the figures of this Terrarium and of the process, without using a context. */
  public Stats stats() {
    return components.stats();
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
    components.close();
  }
}
