package dev.terrarium.jmh.bench;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 30s}, {@code 1m30s}, {@code 0.5s}. */
final class Durations implements ITypeConverter<Duration> {

  @Override
  public Duration convert(String text) {
    try {
      Duration duration = Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
      if (duration.isPositive()) {
        return duration;
      }
    } catch (DateTimeParseException e) {
      // told below
    }
    throw new TypeConversionException(
        "'" + text + "' is no duration above zero such as 30s, 1m30s or 0.5s");
  }
}
