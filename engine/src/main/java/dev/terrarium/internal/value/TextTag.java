package dev.terrarium.internal.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Scalars that a message carries as a tagged text, which is their {@code toString}. */
enum TextTag {
  INTEGER("$int", 1),
  DECIMAL("$decimal", 2),
  DATE("$date", 3),
  TIME("$time", 4),
  DATE_TIME("$datetime", 5),
  DURATION("$duration", 6),
  /** NaN and the infinities. */
  FLOAT("$float", 7),
  UUID("$uuid", 8);

  /** A longer number would take its reader seconds and more. */
  static final int MAX_LENGTH = 10_000;

  private final String tag;
  private final int extension;

  TextTag(String tag, int extension) {
    this.tag = tag;
    this.extension = extension;
  }

  /** The tag of a value, null when it has none. */
  static @Nullable TextTag of(Object value) {
    return switch (value) {
      case BigInteger number -> INTEGER;
      case BigDecimal number -> DECIMAL;
      case LocalDate date -> DATE;
      case LocalTime time -> TIME;
      case OffsetTime time -> TIME;
      case LocalDateTime time -> DATE_TIME;
      case OffsetDateTime time -> DATE_TIME;
      case ZonedDateTime time -> DATE_TIME;
      case Duration duration -> DURATION;
      case Double number -> FLOAT;
      case java.util.UUID uuid -> UUID;
      default -> null;
    };
  }

  /** How JSON calls it. */
  String tag() {
    return tag;
  }

  /** The extension type by which MessagePack knows it. */
  byte extension() {
    return (byte) extension;
  }

  /**
   * The value that the text stands for.
   *
   * @throws RuntimeException of the type's own when it stands for none
   */
  Object parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(text.length() + " characters are more than " + MAX_LENGTH);
    }
    return switch (this) {
      case INTEGER -> new BigInteger(text);
      case DECIMAL -> new BigDecimal(text);
      case DATE -> LocalDate.parse(text);
      case TIME -> DateTimeFormatter.ISO_TIME.parseBest(text, OffsetTime::from, LocalTime::from);
      case DATE_TIME ->
          text.endsWith("]")
              ? ZonedDateTime.parse(text)
              : DateTimeFormatter.ISO_DATE_TIME.parseBest(
                  text, OffsetDateTime::from, LocalDateTime::from);
      case DURATION -> Duration.parse(text);
      case FLOAT -> Double.valueOf(text);
      case UUID -> java.util.UUID.fromString(text);
    };
  }
}
