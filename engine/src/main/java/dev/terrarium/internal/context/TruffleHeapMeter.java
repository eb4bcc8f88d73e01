package dev.terrarium.internal.context;

import com.oracle.truffle.api.instrumentation.TruffleInstrument;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A heap meter that lets Truffle walk the objects of a context, which only its optimizing runtime
 * can do (docs/decisions/016).
 */
final class TruffleHeapMeter implements HeapMeter {

  /** The maximum duration of one walk. */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private static final Logger LOGGER = System.getLogger("terrarium.context");

  private final TruffleInstrument.Env env;

  TruffleHeapMeter(TruffleInstrument.Env env) {
    this.env = env;
  }

  @Override
  public OptionalLong bytes() {
    AtomicBoolean cancelled = new AtomicBoolean();
    CompletableFuture<Boolean> limit = new CompletableFuture<>();
    CompletableFuture<?> unused = limit.thenAccept(cancelled::set);
    limit.completeOnTimeout(true, LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return OptionalLong.of(
          env.calculateContextHeapSize(env.getEnteredContext(), Long.MAX_VALUE, cancelled));
    } catch (UnsupportedOperationException e) { // thrown by the runtime that only interprets
      return OptionalLong.empty();
    } catch (RuntimeException | AssertionError | OutOfMemoryError e) { // must not fail the caller
      LOGGER.log(Level.DEBUG, "A context's heap was not measured; it may take " + LIMIT, e);
      return OptionalLong.empty();
    } finally {
      limit.cancel(false);
    }
  }
}
