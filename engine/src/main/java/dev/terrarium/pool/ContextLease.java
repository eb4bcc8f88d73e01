package dev.terrarium.pool;

import dev.terrarium.context.BridgeSource;
import dev.terrarium.context.PythonContext;
import dev.terrarium.error.LoadTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A borrowed context. For one thread, which closes it. A call that its caller no longer waits for
 * goes on, and the context returns to the pool when it ends.
 */
public final class ContextLease implements AutoCloseable {

  private final ContextPool pool;
  private final PythonContext context;
  private final Duration loadTimeout;
  private CompletableFuture<?> running = CompletableFuture.completedFuture(null);
  private boolean closed;

  ContextLease(ContextPool pool, PythonContext context, Duration loadTimeout) {
    this.pool = pool;
    this.context = context;
    this.loadTimeout = loadTimeout;
  }

  /** The context's name. */
  public String context() {
    return context.name();
  }

  /**
   * Runs a command, loading its framework first where that is needed.
   *
   * @throws LoadTimeoutException when loading takes longer than its time-out
   */
  public @Nullable Object call(BridgeSource framework, String command, Map<String, ?> arguments) {
    try {
      prepare(framework, command);
      CompletableFuture<@Nullable Object> call = context.call(framework.name(), command, arguments);
      running = call;
      return Awaiting.await(call, "'" + framework.name() + "." + command + "'");
    } catch (RuntimeException e) {
      if (running.isCompletedExceptionally()) {
        Awaiting.addCaller(e);
      }
      throw e;
    }
  }

  private void prepare(BridgeSource framework, String command) {
    if (!context.hasLoaded(framework.name())) {
      CompletableFuture<@Nullable Void> prepared = context.prepare(framework, command);
      running = prepared;
      Awaiting.await(
          prepared,
          loadTimeout,
          "framework '" + framework.name() + "' to load",
          () ->
              new LoadTimeoutException(
                  "Framework '"
                      + framework.name()
                      + "' was not loaded within "
                      + loadTimeout
                      + ". Loading goes on in "
                      + context.name()
                      + "; call again later, or raise the load time-out."));
    }
  }

  /** Gives the context back, at once or when its running call ends. Twice is once. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      running = running.whenComplete((result, failure) -> pool.release(context));
    }
  }
}
