package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.SessionBusyException;
import dev.terrarium.testing.Task;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Sessions without calls: turns, states, limits, on a clock turned by hand. */
class SessionsTest {

  private static final Duration TTL = Duration.ofMinutes(10);

  private final AtomicLong clock = new AtomicLong();
  private final Sessions sessions =
      new Sessions(new SessionLimits(TTL, 3, 100), Duration.ofMinutes(1), clock::get);

  private void turnClock(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  /** Runs a turn that puts a state, and succeeds. */
  private void put(String session, Map<String, ?> state) {
    try (SessionTurn turn = sessions.turn(session)) {
      turn.await(null, "'a.b'");
      turn.put(state);
      turn.succeed();
    }
  }

  @Nested
  class Turns {

    @Test
    void firstTurnBeginsAtOnceAndTheOthersInTheirOrder() {
      List<SessionTurn> turns = List.of(sessions.turn("s"), sessions.turn("s"), sessions.turn("s"));

      for (int i = 0; i < turns.size(); i++) {
        for (int j = 0; j < turns.size(); j++) {
          assertThat(turns.get(j).hasBegun()).isEqualTo(j <= i);
          assertThat(sessions.turnsBefore(turns.get(j))).isEqualTo(Math.max(0, j - i));
        }
        turns.get(i).close();
      }
    }

    @Test
    void sessionsDoNotWaitForEachOther() {
      try (SessionTurn one = sessions.turn("one");
          SessionTurn two = sessions.turn("two")) {
        assertThat(one.hasBegun()).isTrue();
        assertThat(two.hasBegun()).isTrue();
      }
    }

    @Test
    void waiterContinuesWhenTheTurnBeforeItCloses() throws Exception {
      SessionTurn first = sessions.turn("s");
      SessionTurn second = sessions.turn("s");
      Task<@Nullable Void> waiter = Task.running(() -> second.await(null, "'a.b'"));
      waiter.untilItWaits();
      assertThat(waiter.isDone()).isFalse();
      first.close();

      assertThat(waiter.result()).isNull();
      second.close();
    }

    @Test
    void deadlineEndsTheWaitAndTheQueueIsIntact() {
      SessionTurn first = sessions.turn("s");
      SessionTurn second = sessions.turn("s");
      SessionTurn third = sessions.turn("s");
      assertThatThrownBy(() -> second.await(Duration.ofNanos(1), "'a.b'"))
          .isInstanceOf(CallTimeoutException.class)
          .hasMessage(
              "The deadline of PT0.000000001S passed while the call of 'a.b' waited for its turn in"
                  + " the session 's' (turns before it: 1).");
      second.close();
      assertThat(third.hasBegun()).isFalse();
      first.close();

      assertThat(third.hasBegun()).isTrue();
      third.close();
    }

    @Test
    void turnBehindALongRunningTurnIsRefusedAndTheQueueIsIntact() {
      Sessions hasty = hasty();
      SessionTurn first = hasty.turn("s");
      first.await(null, "'a.hang'");
      first.start();
      SessionTurn second = hasty.turn("s");
      SessionTurn third = hasty.turn("s");
      assertThatThrownBy(() -> second.await(null, "'a.b'"))
          .isInstanceOf(SessionBusyException.class)
          .isInstanceOf(BorrowTimeoutException.class)
          .hasMessageMatching(
              "The call of 'a\\.b' did not get its turn in the session 's' within PT0\\.02S"
                  + " \\(turns before it: 1; 'a\\.hang' has run for PT\\S+S\\)\\. .* borrow"
                  + " time-out\\.");
      assertThatThrownBy(() -> second.await(Duration.ofMinutes(1), "'a.b'"))
          .isInstanceOf(SessionBusyException.class);
      second.close();
      assertThat(third.hasBegun()).isFalse();
      first.close();

      assertThat(third.hasBegun()).isTrue();
      third.close();
    }

    private Sessions hasty() {
      return new Sessions(new SessionLimits(TTL, 3, 100), Duration.ofMillis(20), clock::get);
    }

    /** A call that waits for its framework to load is bounded by the load time-out. */
    @Test
    void turnBehindATurnThatDoesNotRunYetIsNotRefused() throws Exception {
      Sessions hasty = hasty();
      SessionTurn first = hasty.turn("s");
      SessionTurn second = hasty.turn("s");
      assertThatThrownBy(() -> second.await(Duration.ofMillis(60), "'a.b'"))
          .isInstanceOf(CallTimeoutException.class);
      Task<@Nullable Void> waiter = Task.running(() -> second.await(null, "'a.b'"));
      waiter.untilItWaits();
      first.start();

      assertThat(waiter.failure()).isInstanceOf(SessionBusyException.class);
      first.close();
      second.close();
    }

    @Test
    void interruptionEndsTheWaitAndTheQueueIsIntact() throws Exception {
      SessionTurn first = sessions.turn("s");
      SessionTurn second = sessions.turn("s");
      Task<Boolean> waiter =
          Task.of(
              () -> {
                try (second) {
                  second.await(null, "'a.b'");
                  return false;
                } catch (CallInterruptedException e) {
                  return Thread.currentThread().isInterrupted();
                }
              });
      SessionTurn third = sessions.turn("s");
      waiter.untilItWaits();
      waiter.interrupt();

      assertThat(waiter.result()).isTrue();
      assertThat(third.hasBegun()).isFalse();
      first.close();
      assertThat(third.hasBegun()).isTrue();
      third.close();
    }

    @Test
    void closingTwiceIsOnce() {
      SessionTurn first = sessions.turn("s");
      SessionTurn second = sessions.turn("s");
      SessionTurn third = sessions.turn("s");
      first.close();
      first.close();

      assertThat(second.hasBegun()).isTrue();
      assertThat(third.hasBegun()).isFalse();
      second.close();
      third.close();
    }

    /**
     * The queue is compared with a plain list, in thousands of orders that each follow from a seed.
     */
    @Test
    void noTurnIsLostOrOvertaken() {
      for (int seed = 0; seed < 2_000; seed++) {
        Random random = new Random(seed);
        Map<String, List<SessionTurn>> model = new HashMap<>();
        for (int step = 0; step < 40; step++) {
          String session = "s" + random.nextInt(2);
          List<SessionTurn> queue = model.computeIfAbsent(session, key -> new ArrayList<>());
          if (queue.isEmpty() || random.nextInt(5) < 3) {
            queue.add(sessions.turn(session));
          } else {
            queue.remove(random.nextInt(queue.size())).close();
          }
          for (List<SessionTurn> each : model.values()) {
            for (int i = 0; i < each.size(); i++) {
              assertThat(each.get(i).hasBegun())
                  .as("seed %s, step %s", seed, step)
                  .isEqualTo(i == 0);
            }
          }
        }
        model.values().forEach(queue -> queue.forEach(SessionTurn::close));
      }
    }

    @Test
    void callWithinACallOfTheSessionIsPartOfTheTurn() {
      try (SessionTurn outer = sessions.turn("s")) {
        new CallScope("a", null, tokens -> {}, outer, null)
            .run(
                () -> {
                  try (SessionTurn inner = sessions.turn("s")) {
                    inner.await(null, "'a.b'");
                    inner.put(Map.of("n", 1L));
                    inner.succeed();
                  }
                  assertThat(outer.state()).isEqualTo(Map.of("n", 1L));
                  assertThat(sessions.state("s")).isEmpty();
                });
        outer.succeed();
      }

      assertThat(sessions.state("s")).isEqualTo(Map.of("n", 1L));
    }

    @Test
    void failedPartOfATurnChangesNothing() {
      try (SessionTurn outer = sessions.turn("s")) {
        outer.put(Map.of("n", 1L));
        new CallScope("a", null, tokens -> {}, outer, null)
            .run(
                () -> {
                  try (SessionTurn inner = sessions.turn("s")) {
                    assertThat(inner.state()).isEqualTo(Map.of("n", 1L));
                    inner.put(Map.of("n", 2L));
                  }
                });
        assertThat(outer.state()).isEqualTo(Map.of("n", 1L));
      }
    }

    @Test
    void callOnAnotherThreadIsPartOfTheTurn() throws Exception {
      try (SessionTurn outer = sessions.turn("s")) {
        List<Task<SessionTurn>> inner = new ArrayList<>();
        new CallScope("a", null, tokens -> {}, outer, null)
            .run(() -> inner.add(Task.of(sessions.turns("s")::get)));

        assertThat(inner.getFirst().result().hasBegun()).isTrue();
      }
    }

    @Test
    void callWithinACallNeverWaitsForAnotherSession() {
      SessionTurn busy = sessions.turn("other");
      try (SessionTurn outer = sessions.turn("s")) {
        new CallScope("a", null, tokens -> {}, outer, null)
            .run(
                () -> {
                  try (SessionTurn free = sessions.turn("free");
                      SessionTurn waiting = sessions.turn("other")) {
                    free.await(null, "'a.b'");
                    assertThatThrownBy(() -> waiting.await(null, "'a.b'"))
                        .isInstanceOf(NestedCallException.class)
                        .hasMessageContaining("'other'")
                        .hasMessageContaining("(turns before it: 1)");
                  }
                });
      }
      busy.close();
    }
  }

  @Nested
  class States {

    @Test
    void stateIsEmptyAtFirst() {
      assertThat(sessions.state("s")).isEmpty();
      try (SessionTurn turn = sessions.turn("s")) {
        assertThat(turn.state()).isEmpty();
      }
    }

    @Test
    void stateOfASuccessfulTurnIsKept() {
      put("s", Map.of("turns", List.of("hello")));

      assertThat(sessions.state("s")).isEqualTo(Map.of("turns", List.of("hello")));
      assertThat(sessions.state("other")).isEmpty();
    }

    @Test
    void stateOfAFailedTurnIsLost() {
      put("s", Map.of("n", 1L));
      try (SessionTurn turn = sessions.turn("s")) {
        turn.put(Map.of("n", 2L));
        assertThat(turn.state()).isEqualTo(Map.of("n", 2L));
      }

      assertThat(sessions.state("s")).isEqualTo(Map.of("n", 1L));
    }

    @Test
    void stateCannotBePutAfterTheTurn() {
      SessionTurn turn = sessions.turn("s");
      turn.close();

      assertThatThrownBy(() -> turn.put(Map.of("n", 1L)))
          .isInstanceOf(CallInterruptedException.class)
          .hasMessageContaining("'s' is over");
    }

    @Test
    void savepointRestoresTheState() {
      try (SessionTurn turn = sessions.turn("s")) {
        turn.put(Map.of("n", 1L));
        Runnable undo = turn.savepoint();
        turn.put(Map.of("n", 2L));
        undo.run();
        turn.succeed();
      }

      assertThat(sessions.state("s")).isEqualTo(Map.of("n", 1L));
    }

    @Test
    void stateSharesNothingThatCanBeChanged() {
      List<String> turns = new ArrayList<>(List.of("hello"));
      byte[] picture = {1, 2};
      put("s", Map.of("turns", turns, "picture", picture));
      turns.add("later");
      picture[0] = 9;

      assertThat(sessions.state("s"))
          .containsEntry("turns", List.of("hello"))
          .containsEntry("picture", new byte[] {1, 2});
      assertThatThrownBy(() -> sessions.state("s").put("x", 1))
          .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void stateKeepsArraysAndCountsThem() {
      double[] table = new double[5];
      put("s", Map.of("table", table, "by", Map.of(5L, "five")));
      table[0] = 9;
      ((double[]) Objects.requireNonNull(sessions.state("s").get("table")))[1] = 9;

      assertThat(sessions.state("s"))
          .containsEntry("table", new double[5])
          .containsEntry("by", Map.of(5L, "five"));
      assertThat(SessionState.of(Map.of("table", table)).bytes()).isBetween(40L, 80L);
      assertThat(SessionState.of(Map.of("n", BigInteger.TWO.pow(80_000))).bytes())
          .isBetween(10_000L, 10_100L);
      assertThatThrownBy(() -> SessionState.of(Map.of(5L, "five")))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("the key 5 is no text");
    }

    @Test
    void stateIsForgottenOnRequest() {
      put("s", Map.of("n", 1L));
      sessions.forget("s");

      assertThat(sessions.state("s")).isEmpty();
      assertThat(sessions.count()).isZero();
    }

    @Test
    void emptyStateIsNotStored() {
      put("s", Map.of("n", 1L));
      put("s", Map.of());

      assertThat(sessions.count()).isZero();
    }

    @Test
    void idleStateIsForgotten() {
      put("s", Map.of("n", 1L));
      turnClock(TTL.minusNanos(1));
      try (SessionTurn turn = sessions.turn("s")) {
        turn.await(null, "'a.b'");
      }
      turnClock(TTL.minusNanos(1));
      assertThat(sessions.state("s")).isNotEmpty();

      turnClock(TTL);
      try (SessionTurn turn = sessions.turn("s")) {
        turn.await(null, "'a.b'");
        assertThat(turn.state()).isEmpty();
      }
    }

    @Test
    void stateOfALongReadingTurnIsNotForgottenMeanwhile() {
      put("s", Map.of("n", 1L));
      try (SessionTurn turn = sessions.turn("s")) {
        turn.await(null, "'a.b'");
        turnClock(TTL.multipliedBy(2));
      }
      turnClock(TTL.minusNanos(1));
      assertThat(sessions.state("s")).isEqualTo(Map.of("n", 1L));
      turnClock(TTL);
      assertThat(sessions.state("s")).isEmpty();
    }

    @Test
    void stateOfALongTurnIsNotForgottenMeanwhile() {
      put("s", Map.of("n", 1L));
      try (SessionTurn turn = sessions.turn("s")) {
        turn.await(null, "'a.b'");
        Map<String, @Nullable Object> seen = turn.state();
        turnClock(TTL.multipliedBy(2));
        assertThat(turn.state()).isEqualTo(seen);
        turn.put(Map.of("n", 2L));
        turn.succeed();
      }

      assertThat(sessions.state("s")).isEqualTo(Map.of("n", 2L));
    }
  }

  @Nested
  class Limits {

    @Test
    void bytesAreThoseOfTextsAndEightForEachOtherValue() {
      Map<String, @Nullable Object> state = new HashMap<>();
      state.put("ab", "ü"); // 2 + 2
      state.put("n", 1L); // 1 + 8
      state.put("no", null); // 2 + 8
      state.put("l", Arrays.asList(new byte[5], 1.5)); // 1 + 8 + 5 + 8

      assertThat(SessionState.of(state).bytes()).isEqualTo(8 + 4 + 9 + 10 + 22);
    }

    @Test
    void tooLargeStateIsRefusedAndTheOldStateStays() {
      put("s", Map.of("n", 1L));
      try (SessionTurn turn = sessions.turn("s")) {
        assertThatThrownBy(() -> turn.put(Map.of("text", "x".repeat(89))))
            .isInstanceOf(LimitExceededException.class)
            .hasMessage(
                "The state of the session 's' would have 101 bytes, and may have 100. Keep less of"
                    + " it, or raise maxSessionBytes.");
        turn.put(Map.of("text", "x".repeat(88)));
      }

      assertThat(sessions.state("s")).isEqualTo(Map.of("n", 1L));
    }

    @Test
    void sessionBeyondTheLimitIsRefusedBeforeItBegins() {
      List.of("a", "b", "c").forEach(session -> put(session, Map.of("n", 1L)));

      assertThatThrownBy(() -> put("d", Map.of("n", 1L)))
          .isInstanceOf(LimitExceededException.class)
          .hasMessageContaining("'d' would be one more than the 3")
          .hasMessageContaining("PT10M");
      put("a", Map.of("n", 2L));
      sessions.forget("b");
      put("d", Map.of("n", 1L));
      assertThat(sessions.count()).isEqualTo(3);
    }

    @Test
    void sessionThatExceedsTheLimitMeanwhileIsRefusedAtItsEnd() {
      put("a", Map.of("n", 1L));
      put("b", Map.of("n", 1L));
      try (SessionTurn late = sessions.turn("late")) {
        late.await(null, "'a.b'");
        late.put(Map.of("n", 1L));
        put("c", Map.of("n", 1L));

        assertThatThrownBy(late::succeed).isInstanceOf(LimitExceededException.class);
      }
      assertThat(sessions.state("late")).isEmpty();
    }

    @Test
    void expiredSessionsDoNotCount() {
      List.of("a", "b", "c").forEach(session -> put(session, Map.of("n", 1L)));
      turnClock(TTL);

      put("d", Map.of("n", 1L));
      assertThat(sessions.count()).isOne();
    }

    @Test
    void limitsBelowTheirRangeAreRefused() {
      assertThatThrownBy(() -> new SessionLimits(Duration.ofSeconds(-1), 1, 1))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("sessionTtl: PT-1S is not above zero");
      assertThatThrownBy(() -> new SessionLimits(Duration.ZERO, 1, 1))
          .hasMessage("sessionTtl: PT0S is not above zero");
      assertThatThrownBy(() -> new SessionLimits(TTL, 0, 1))
          .hasMessage("maxSessions: 0 is not above zero");
      assertThatThrownBy(() -> new SessionLimits(TTL, 1, 0))
          .hasMessage("maxSessionBytes: 0 is not above zero");
    }
  }
}
