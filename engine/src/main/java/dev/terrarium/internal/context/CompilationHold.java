package dev.terrarium.internal.context;

import com.oracle.truffle.api.Truffle;
import com.oracle.truffle.runtime.AbstractCompilationTask;
import com.oracle.truffle.runtime.OptimizedCallTarget;
import com.oracle.truffle.runtime.OptimizedTruffleRuntime;
import com.oracle.truffle.runtime.OptimizedTruffleRuntimeListener;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the compiler from the processor until the first framework of the process has loaded, since
 * hardly anything that an import runs is run again (docs/decisions/018). What becomes hot meanwhile
 * waits in the compiler's own queue. Thread-safe.
 */
final class CompilationHold {

  /** The longest hold: for who makes contexts and loads nothing, and for a load that hangs. */
  static final Duration LIMIT = Duration.ofSeconds(30);

  private final Duration limit;
  private final CountDownLatch over = new CountDownLatch(1);

  CompilationHold(Duration limit) {
    this.limit = limit;
  }

  /** Begins before the engine is made; without a compiler there is nothing to hold. */
  void begin() {
    try {
      if (Truffle.getRuntime() instanceof OptimizedTruffleRuntime runtime) {
        runtime.addListener(new Listener(this));
      }
    } catch (LinkageError e) { // as modules, these packages are open to none but Truffle's own
      System.getLogger("terrarium.polyglot")
          .log(Level.DEBUG, "Compilation is not held back: Truffle is not on the class path", e);
    }
  }

  /** Lets the compiler begin, for good. */
  void end() {
    over.countDown();
  }

  /** Returns when the hold is over, which the limit ends for all. */
  void await() {
    try {
      if (!over.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        end();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Told on the compiler's own threads, each time before they compile. */
  private record Listener(CompilationHold hold) implements OptimizedTruffleRuntimeListener {

    @Override
    public void onCompilationStarted(OptimizedCallTarget target, AbstractCompilationTask task) {
      hold.await();
    }
  }
}
