package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CompilationHoldTest {

  private static final Duration LONG = Duration.ofDays(1);

  private final CountDownLatch compiled = new CountDownLatch(1);

  private Thread compiler(CompilationHold hold) {
    return Thread.ofVirtual()
        .start(
            () -> {
              hold.await();
              compiled.countDown();
            });
  }

  @Test
  void compilersWaitUntilItEnds() throws InterruptedException {
    CompilationHold hold = new CompilationHold(LONG);
    compiler(hold);
    Thread waiting = compiler(hold);
    while (waiting.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    assertThat(compiled.getCount()).isOne();

    hold.end();

    compiled.await();
    waiting.join();
  }

  @Test
  void endedHoldBlocksNobody() throws InterruptedException {
    CompilationHold hold = new CompilationHold(LONG);
    hold.end();
    hold.end();

    compiler(hold).join();
  }

  @Test
  void timeLimitEndsTheHoldForAllThreads() throws InterruptedException {
    CompilationHold hold = new CompilationHold(Duration.ofMillis(1));

    compiler(hold).join();
    compiler(hold).join();
  }

  @Test
  void anInterruptedCompilerGoesOnAndStaysInterrupted() throws InterruptedException {
    CompilationHold hold = new CompilationHold(LONG);
    boolean[] interrupted = {false};
    Thread compiler =
        Thread.ofPlatform()
            .start(
                () -> {
                  hold.await();
                  interrupted[0] = Thread.currentThread().isInterrupted();
                });
    compiler.interrupt();
    compiler.join();

    assertThat(interrupted[0]).isTrue();
  }

  /** The tests' JVM has no compiler. */
  @Test
  void nothingIsHeldWithoutACompiler() {
    CompilationHold hold = new CompilationHold(LONG);
    hold.begin();
    hold.end();
  }
}
