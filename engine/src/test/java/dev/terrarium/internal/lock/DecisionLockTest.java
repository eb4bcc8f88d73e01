package dev.terrarium.internal.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.testing.LogRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import org.junit.jupiter.api.Test;

/** When the effects of decisions run. */
class DecisionLockTest {

  private final DecisionLock lock = new DecisionLock(System.getLogger("terrarium.test"));
  private final Condition condition = lock.newCondition();
  private final List<String> done = new ArrayList<>();

  @Test
  void effectsRunInTheirOrderAfterTheOutermostRelease() {
    locked(
        () -> {
          locked(
              () -> {
                lock.afterUnlock(() -> done.add("first, locked: " + lock.isLocked()));
                lock.afterUnlock(() -> done.add("second"));
              });
          assertThat(done).isEmpty();
        });

    assertThat(done).containsExactly("first, locked: false", "second");
  }

  @Test
  void effectThatFailsKeepsNoOtherEffectFromRunning() {
    try (LogRecords log = LogRecords.of("terrarium.test")) {
      locked(
          () -> {
            lock.afterUnlock(
                () -> {
                  throw new IllegalStateException("no");
                });
            lock.afterUnlock(() -> done.add("second"));
          });

      assertThat(done).containsExactly("second");
      assertThat(log.thrown()).singleElement().hasToString("java.lang.IllegalStateException: no");
    }
  }

  private void locked(Runnable decisions) {
    lock.lock();
    try {
      decisions.run();
    } finally {
      lock.unlock();
    }
  }

  @Test
  void effectsRunWithoutTheLockBeforeAWaitWhichThenReturnsAtOnce() throws InterruptedException {
    long nanos = Duration.ofHours(1).toNanos();
    lock.lock();
    try {
      lock.afterUnlock(() -> done.add("locked: " + lock.isLocked()));
      assertThat(lock.awaitNanos(condition, nanos)).isPositive().isLessThanOrEqualTo(nanos);

      assertThat(done).containsExactly("locked: false");
      assertThat(lock.isHeldByCurrentThread()).isTrue();
    } finally {
      lock.unlock();
    }
  }

  @Test
  void waitWithoutEffectsIsAWait() throws InterruptedException {
    lock.lock();
    try {
      assertThat(lock.awaitNanos(condition, Duration.ofMillis(1).toNanos())).isNotPositive();
    } finally {
      lock.unlock();
    }
  }
}
