package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.function.Supplier;

/**
 * ISO 8601 texts of dates and times as Python's {@code isoformat} and {@code fromisoformat} use
 * them. Python counts microseconds and the years 1 to 9999; what does not fit is refused.
 */
final class PythonTime {

  private static final int NANOS_PER_MICRO = 1_000;
  private static final BigInteger MICROS_PER_SECOND = BigInteger.valueOf(1_000_000);
  private static final Duration MIN_TIMEDELTA = Duration.ofDays(-999_999_999);
  private static final Duration MAX_TIMEDELTA =
      Duration.ofDays(1_000_000_000).minusNanos(NANOS_PER_MICRO);

  private PythonTime() {}

  static String text(TemporalAccessor value, String path) {
    if (value.isSupported(ChronoField.NANO_OF_SECOND)
        && value.get(ChronoField.NANO_OF_SECOND) % NANOS_PER_MICRO != 0) {
      throw new ConversionException(
          path,
          value
              + " has nanoseconds, Python counts microseconds;"
              + " pass it as truncatedTo(ChronoUnit.MICROS)");
    }
    if (value.isSupported(ChronoField.YEAR)) {
      int year = value.get(ChronoField.YEAR);
      if (year < 1 || year > 9999) {
        throw new ConversionException(path, value + ": Python's years are 1 to 9999");
      }
    }
    return switch (value) {
      case LocalDate date -> date.toString();
      case LocalTime time -> time.toString();
      case OffsetTime time -> time.toString();
      case LocalDateTime time -> time.toString();
      case OffsetDateTime time -> time.toString();
      default -> throw new ConversionException(path, value.getClass() + " has no Python form");
    };
  }

  /** Returns the text with the name of the region, if it is one, in brackets. */
  static String text(ZonedDateTime time, String path) {
    String text = text(time.toOffsetDateTime(), path);
    return time.getZone() instanceof ZoneOffset ? text : text + "[" + time.getZone() + "]";
  }

  static String text(Instant instant, String path) {
    try {
      return text(instant.atOffset(ZoneOffset.UTC), path);
    } catch (DateTimeException e) {
      throw new ConversionException(path, instant + ": Python's years are 1 to 9999", e);
    }
  }

  /** Returns the number of whole microseconds. */
  static String text(Duration duration, String path) {
    if (duration.getNano() % NANOS_PER_MICRO != 0) {
      throw new ConversionException(
          path,
          duration
              + " has nanoseconds, Python counts microseconds;"
              + " pass it as truncatedTo(ChronoUnit.MICROS)");
    }
    if (duration.compareTo(MIN_TIMEDELTA) < 0 || duration.compareTo(MAX_TIMEDELTA) > 0) {
      throw new ConversionException(path, duration + " does not fit in a timedelta");
    }
    return BigInteger.valueOf(duration.getSeconds())
        .multiply(MICROS_PER_SECOND)
        .add(BigInteger.valueOf(duration.getNano() / NANOS_PER_MICRO))
        .toString();
  }

  /** Returns the duration of whole microseconds, of which a timedelta may have more than a long. */
  static Duration duration(String micros) {
    BigInteger[] parts = new BigInteger(micros).divideAndRemainder(MICROS_PER_SECOND);
    return Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValue() * NANOS_PER_MICRO);
  }

  static Object date(String text, String path) {
    return parse(() -> LocalDate.parse(text), text, path);
  }

  static Object time(String text, String path) {
    return parse(
        () -> hasOffset(text) ? OffsetTime.parse(text) : LocalTime.parse(text), text, path);
  }

  static Object dateTime(String text, String path) {
    String clock = text.substring(Math.max(0, text.indexOf('T')));
    return parse(
        () -> hasOffset(clock) ? OffsetDateTime.parse(text) : LocalDateTime.parse(text),
        text,
        path);
  }

  /** Reads a text with a region in brackets; leaves out a region on which Java has no data. */
  static Object zoned(String text, String path) {
    try {
      return ZonedDateTime.parse(text);
    } catch (DateTimeException e) {
      return dateTime(text.substring(0, text.indexOf('[')), path);
    }
  }

  /** Returns the time of a text in any form of ISO 8601, with an offset or without. */
  static Object anyTime(String text) {
    return DateTimeFormatter.ISO_TIME.parseBest(text, OffsetTime::from, LocalTime::from);
  }

  /** Returns the date and time of a text in any form of ISO 8601. */
  static Object anyDateTime(String text) {
    return text.endsWith("]")
        ? ZonedDateTime.parse(text)
        : DateTimeFormatter.ISO_DATE_TIME.parseBest(
            text, OffsetDateTime::from, LocalDateTime::from);
  }

  private static boolean hasOffset(String time) {
    return time.indexOf('+') >= 0 || time.indexOf('-') >= 0;
  }

  private static Object parse(Supplier<Object> parser, String text, String path) {
    try {
      return parser.get();
    } catch (DateTimeException e) {
      throw new ConversionException(path, "'" + text + "' has no java.time form", e);
    }
  }
}
