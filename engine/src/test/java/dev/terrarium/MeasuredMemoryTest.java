package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.terrarium.Stats.HeapUse;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What contexts hold, on the runtime that can measure it, in a JVM of its own. */
@Tag("optimizing")
class MeasuredMemoryTest {

  private static final long HELD = 16L << 20;
  private static final long SLACK = 4L << 20;

  /** A framework that holds memory once it is loaded, and as much more after each call. */
  private static final Framework HOARD =
      Framework.fromSource(
          "hoard",
          """
          from terrarium.bridge import BaseBridge, handler

          class Hoard(BaseBridge):
              framework = "hoard"

              def _load_framework(self):
                  self.held = [bytearray(%1$d)]

              @handler
              def more(self):
                  self.held.append(bytearray(%1$d))
          """
              .formatted(HELD),
          "hoard.py");

  @BeforeAll
  static void jvmIsTheOneThatMeasures() {
    assertThat(ManagementFactory.getRuntimeMXBean().getInputArguments())
        .as(
            "This test needs the JVM flags -XX:+UnlockExperimentalVMOptions -XX:+EnableJVMCI"
                + " --upgrade-module-path engine/target/optimizing, a folder that `mvn"
                + " process-test-classes -pl engine -am` fills.")
        .contains("-XX:+EnableJVMCI");
  }

  @Test
  void heapOfAFrameworkIsMeasuredAndEstimated() {
    try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(2).build())) {
      terrarium.register(HOARD).prewarm("hoard", 1).join();

      HeapUse one = heap(terrarium);
      assertThat(one.measured()).isTrue();
      assertThat(one.bytes()).isCloseTo(HELD, within(SLACK));
      assertThat(one.estimate()).isBetween(1L, HELD - SLACK);

      terrarium.prewarm("hoard", 2).join();
      HeapUse two = heap(terrarium);
      assertThat(two.measured()).isTrue();
      assertThat(two.bytes()).isCloseTo(2 * HELD, within(2 * SLACK));
      assertThat(resources(terrarium).memory()).isEqualTo(two.bytes());
    }
  }

  @Test
  void measuringContextsIncludesWhatCallsLeft() {
    try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
      terrarium.register(HOARD).prewarm("hoard", 1).join();
      long before = held(terrarium);
      terrarium.call("hoard", "more", Map.of());

      assertThat(held(terrarium) - before).isCloseTo(HELD, within(SLACK));
      assertThat(heap(terrarium).bytes()).as("of the load").isLessThan(2 * HELD);
    }
  }

  private static long held(Terrarium terrarium) {
    Map<String, Long> held = terrarium.measureContexts().join();
    assertThat(held).hasSize(1);
    return held.values().iterator().next();
  }

  private static HeapUse heap(Terrarium terrarium) {
    return resources(terrarium).heap();
  }

  private static Stats.FrameworkUse resources(Terrarium terrarium) {
    return Objects.requireNonNull(terrarium.stats().resources().get("hoard"));
  }
}
