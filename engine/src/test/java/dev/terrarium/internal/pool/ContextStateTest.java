package dev.terrarium.internal.pool;

import static dev.terrarium.Stats.ContextState.ABANDONED;
import static dev.terrarium.Stats.ContextState.FRESH;
import static dev.terrarium.Stats.ContextState.IN_USE;
import static dev.terrarium.Stats.ContextState.PARKED;
import static dev.terrarium.Stats.ContextState.RETIRED;
import static dev.terrarium.Stats.ContextState.SUSPECT;
import static dev.terrarium.Stats.ContextState.WARM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Stats.ContextState;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ContextStateTest {

  private static final Map<ContextState, Set<ContextState>> LEGAL =
      Map.of(
          FRESH, Set.of(IN_USE, PARKED),
          WARM, Set.of(IN_USE, PARKED),
          IN_USE, Set.of(FRESH, WARM, SUSPECT, PARKED, RETIRED),
          SUSPECT, Set.of(FRESH, WARM, IN_USE, ABANDONED, PARKED, RETIRED),
          ABANDONED, Set.of(SUSPECT),
          PARKED, Set.of(),
          RETIRED, Set.of());

  /** How to get to a state. */
  private static final Map<ContextState, List<ContextState>> WAYS =
      new EnumMap<>(
          Map.of(
              FRESH, List.of(),
              WARM, List.of(IN_USE, WARM),
              IN_USE, List.of(IN_USE),
              SUSPECT, List.of(IN_USE, SUSPECT),
              ABANDONED, List.of(IN_USE, SUSPECT, ABANDONED),
              PARKED, List.of(PARKED),
              RETIRED, List.of(IN_USE, RETIRED)));

  static Stream<Arguments> steps() {
    List<Arguments> steps = new ArrayList<>();
    for (ContextState from : ContextState.values()) {
      for (ContextState to : ContextState.values()) {
        steps.add(Arguments.of(from, to));
      }
    }
    return steps.stream();
  }

  private static PooledContext in(ContextState state) {
    PooledContext context =
        new PooledContext(new StubContext("context-0", PoolBench.PROFILE), 0, 0);
    WAYS.getOrDefault(state, List.of()).forEach(context::to);
    assertThat(context.state()).isEqualTo(state);
    return context;
  }

  @ParameterizedTest(name = "{0} to {1}")
  @MethodSource("steps")
  void onlyLegalStepsAreTaken(ContextState from, ContextState to) {
    PooledContext context = in(from);
    if (LEGAL.getOrDefault(from, Set.of()).contains(to)) {
      assertThatCode(() -> context.to(to)).doesNotThrowAnyException();
      assertThat(context.state()).isEqualTo(to);
    } else {
      assertThatThrownBy(() -> context.to(to))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("context-0 cannot go from " + from + " to " + to);
      assertThat(context.state()).isEqualTo(from);
    }
  }

  @Test
  void whatLeftThePoolNeverComesBack() {
    assertThat(PooledContext.next(PARKED)).isEmpty();
    assertThat(PooledContext.next(RETIRED)).isEmpty();
  }
}
