package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.testing.Linearizability;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Turns of one session on real threads: what each thread sees of its place, and of the state that
 * the turns before it left, must be what some order of the steps explains.
 */
@Tag("lincheck")
class SessionTurnsLinearizabilityTest {

  /** Lincheck makes one for each execution. */
  public static final class Turns {

    private final Sessions sessions =
        new Sessions(SessionLimits.ofDefaults(), Duration.ofMinutes(1));
    private final Map<Integer, SessionTurn> held = new ConcurrentHashMap<>();

    /** Queues, unless this thread has a place already. */
    @Operation
    public boolean come(@Param(gen = ThreadIdGen.class) int thread) {
      if (held.containsKey(thread)) {
        return false;
      }
      held.put(thread, sessions.turn("s"));
      return true;
    }

    @Operation
    public boolean hasBegun(@Param(gen = ThreadIdGen.class) int thread) {
      SessionTurn turn = held.get(thread);
      return turn != null && turn.hasBegun();
    }

    /** Counts one more and leaves, if it is this thread's turn; -1 when it is not. */
    @Operation
    public long countAndLeave(@Param(gen = ThreadIdGen.class) int thread) {
      SessionTurn turn = held.get(thread);
      if (turn == null || !turn.hasBegun()) {
        return -1;
      }
      held.remove(thread);
      try (turn) {
        long count = (Long) turn.state().getOrDefault("n", 0L) + 1;
        turn.put(Map.of("n", count));
        turn.succeed();
        return count;
      }
    }

    /** Leaves, whether it was its turn or not. */
    @Operation
    public boolean giveUp(@Param(gen = ThreadIdGen.class) int thread) {
      SessionTurn turn = held.remove(thread);
      if (turn == null) {
        return false;
      }
      turn.close();
      return true;
    }

    /** After each execution. */
    @Validate
    public void exactlyTheFirstHasBegun() {
      assertThat(held.values().stream().filter(SessionTurn::hasBegun).count())
          .isEqualTo(held.isEmpty() ? 0 : 1);
    }
  }

  @Test
  void everyOutcomeIsThatOfSomeOrder() {
    Linearizability.check(Turns.class);
  }
}
