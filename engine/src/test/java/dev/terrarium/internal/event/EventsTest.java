package dev.terrarium.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.testing.LogRecords;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventsTest {

  private static final TerrariumEvent EVENT = new TerrariumEvent.ContextParked("context-1");

  private final List<String> told = new ArrayList<>();

  private TerrariumObserver as(String name) {
    return event -> told.add(name + " " + event);
  }

  @Test
  void clockIsNotReadWithoutObservers() {
    assertThat(Events.to(List.of())).isSameAs(Events.none());
    assertThat(Events.none().active()).isFalse();
    assertThat(Events.none().now()).isZero();
    Events.none().emit(EVENT);
  }

  @Test
  void observersAreCalledInTheirOrder() {
    Events.to(List.of(as("one"), as("two"))).emit(EVENT);

    assertThat(told).containsExactly("one " + EVENT, "two " + EVENT);
  }

  @Test
  void timeIsCountedFromNow() {
    Events events = Events.to(List.of(as("one")));
    long begin = events.now();

    assertThat(begin).isNotZero();
    assertThat(events.since(begin)).isNotNegative();
    assertThat(events.since(System.nanoTime() - 1_000_000)).isGreaterThanOrEqualTo(1_000_000);
  }

  @Test
  void exceptionOfAnObserverIsLoggedAndTheOthersAreCalled() {
    TerrariumObserver failing =
        event -> {
          throw new IllegalStateException("no disk");
        };
    TerrariumObserver broken =
        event -> {
          throw new NoClassDefFoundError("Metrics");
        };
    try (LogRecords log = LogRecords.of("terrarium.event")) {
      Events.to(List.of(failing, broken, as("last"))).emit(EVENT);

      assertThat(told).containsExactly("last " + EVENT);
      assertThat(log.lines())
          .hasSize(2)
          .allMatch(line -> line.startsWith("terrarium.event WARNING An observer failed at"))
          .allMatch(line -> line.contains("ContextParked"));
      assertThat(log.thrown()).extracting(Throwable::getMessage).contains("no disk", "Metrics");
    }
  }
}
