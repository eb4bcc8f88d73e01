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
 * A hold on the compiler until the first framework of the process has loaded: hardly any code that
 * an import runs is run again, so compiling it would only take the processor (docs/decisions/018).
 * Code that becomes hot meanwhile waits in the compiler's own queue. Thread-safe.
 */
final class CompilationHold {

  /**
   * The maximum duration of a hold, for users that create contexts and load nothing, and for a load
   * that hangs.
   */
  static final Duration LIMIT = Duration.ofSeconds(30);

  private final Duration limit;
  private final CountDownLatch over = new CountDownLatch(1);

  CompilationHold(Duration limit) {
    this.limit = limit;
  }

  /** Begins the hold, before the engine is created; without a compiler, nothing is held. */
  void begin() {
    try {
      if (Truffle.getRuntime() instanceof OptimizedTruffleRuntime runtime) {
        runtime.addListener(new Listener(this));
      }
    } catch (LinkageError e) { // as modules, these packages are open only to Truffle's own modules
      System.getLogger("terrarium.polyglot")
          .log(Level.DEBUG, "Compilation is not held back: Truffle is not on the class path", e);
    }
  }

  /** Ends the hold, for good, so that the compiler begins. */
  void end() {
    over.countDown();
  }

  /**
   * Waits until the hold is over, at most for the time limit, which ends the hold for all threads.
   */
  void await() {
    try {
      if (!over.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        end();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A listener that runs on the compiler's own threads, each time before they compile. */
  private record Listener(CompilationHold hold) implements OptimizedTruffleRuntimeListener {

    @Override
    public void onCompilationStarted(OptimizedCallTarget target, AbstractCompilationTask task) {
      hold.await();
    }
  }
}
