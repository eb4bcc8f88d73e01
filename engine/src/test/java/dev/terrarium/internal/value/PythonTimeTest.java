package dev.terrarium.internal.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConversionException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PythonTimeTest {

  private static final Duration MAX =
      Duration.ofDays(999_999_999)
          .plusHours(23)
          .plusMinutes(59)
          .plusSeconds(59)
          .plusNanos(999_999_000);
  private static final Duration MIN = Duration.ofDays(-999_999_999);

  @Test
  void nanosecondsAreRefusedNotCutOff() {
    assertThatThrownBy(() -> PythonTime.text(LocalTime.of(1, 2, 3, 1), "a.time"))
        .isInstanceOf(ConversionException.class)
        .hasMessage(
            "At a.time: 01:02:03.000000001 has nanoseconds, Python counts microseconds; pass"
                + " it as truncatedTo(ChronoUnit.MICROS)");
    assertThatThrownBy(() -> PythonTime.text(Duration.ofNanos(-1), "a"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("has nanoseconds");
  }

  @Test
  void textsThatAreNoTimesOfPythonsAreRefusedWithTheirPlace() {
    for (String text : List.of("NaT", "2024-01-01T00:00:00Z", "2024-13-01T00:00:00+01:00")) {
      assertThatThrownBy(() -> PythonTime.dateTime(text, "result[1]"))
          .isInstanceOf(ConversionException.class)
          .hasMessage("At result[1]: '" + text + "' has no java.time form");
    }
    assertThatThrownBy(() -> PythonTime.date("NaT", "d")).isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> PythonTime.time("1:2", "t")).isInstanceOf(ConversionException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 10_000})
  void yearsThatPythonHasNotAreRefused(int year) {
    assertThatThrownBy(() -> PythonTime.text(LocalDate.of(year, 1, 1), "day"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("Python's years are 1 to 9999");
  }

  @Test
  void durationsReachAsFarAsTimedelta() {
    for (Duration duration : new Duration[] {MIN, MAX, Duration.ZERO, Duration.ofMillis(-1500)}) {
      assertThat(PythonTime.duration(PythonTime.text(duration, "d"))).isEqualTo(duration);
    }
    for (Duration duration :
        new Duration[] {
          MIN.minusNanos(1_000), MAX.plusNanos(1_000), Duration.ofSeconds(Long.MAX_VALUE)
        }) {
      assertThatThrownBy(() -> PythonTime.text(duration, "d"))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("does not fit in a timedelta");
    }
  }

  @Test
  void offsetsDecideTheType() {
    assertThat(PythonTime.dateTime("2024-01-02T03:04:05", "t"))
        .isEqualTo(LocalDateTime.of(2024, 1, 2, 3, 4, 5));
    assertThat(PythonTime.dateTime("2024-01-02T03:04:05.000006-05:30", "t"))
        .isEqualTo(OffsetDateTime.parse("2024-01-02T03:04:05.000006-05:30"));
    assertThat(PythonTime.time("03:04:05+01:00", "t"))
        .isEqualTo(OffsetTime.parse("03:04:05+01:00"));
  }

  @Test
  void offsetsThatJavaHasNotAreRefused() {
    assertThatThrownBy(() -> PythonTime.dateTime("2024-01-02T03:04:05+23:00", "t"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At t: '2024-01-02T03:04:05+23:00' has no java.time form");
  }
}
