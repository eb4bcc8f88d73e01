package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TimingsTest {

  @Test
  void theAgeOfAProcessIsExactToAHundredthOfASecond() {
    String stat =
        "4711 (a (b) c) S 1 4711 4711 0 -1 4194304 300 0 0 0 7 2 0 0 20 0 1 0 3188711 9 8 7 6 5\n";

    assertThat(Timings.age(stat, "31887.11 34470.15\n")).isZero();
    assertThat(Timings.age(stat, "31890.04 34475.00\n")).isEqualTo(Duration.ofMillis(2930));
  }
}
