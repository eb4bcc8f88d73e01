package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The scalars that cross between Java and Python, one row for each Java class: what the class is in
 * Python, in messages ({@link dev.terrarium.MessageFormat}) and in the bridges' type language
 * ({@link dev.terrarium.spi.TypeSpec}), and the functions that convert it.
 *
 * <p>A class for which Python has no type crosses as a text ({@link Row#text}). Any other class has
 * a kind: Python's {@code terrarium.bridge.embed} makes values of the kind by a function in its
 * table {@code MAKERS}, and its function {@code kind} recognizes them ({@link Row#made}). Classes
 * that are one type in Python share the kind and the tag, and the text tells which class is meant.
 *
 * <p>{@link PythonWriter} and {@link PythonReader} have cases of their own for the scalars that a
 * polyglot value is by itself, which nearly all values are, and for bytes, which cross in bulk.
 */
public enum Scalar {
  BOOLEAN(row(Boolean.class, boolean.class).schema("boolean")),
  STRING(row(String.class).schema("string")),
  CHARACTER(
      row(Character.class, char.class)
          .read(plain -> plain instanceof String s && s.length() == 1 ? s.charAt(0) : null)),
  BYTE(
      row(Byte.class, byte.class)
          .read(Numbers.integers(BigInteger::byteValueExact))
          .schema("integer", (long) Byte.MIN_VALUE, (long) Byte.MAX_VALUE)),
  SHORT(
      row(Short.class, short.class)
          .read(Numbers.integers(BigInteger::shortValueExact))
          .schema("integer", (long) Short.MIN_VALUE, (long) Short.MAX_VALUE)),
  INTEGER(
      row(Integer.class, int.class)
          .read(Numbers.integers(BigInteger::intValueExact))
          .schema("integer", (long) Integer.MIN_VALUE, (long) Integer.MAX_VALUE)),
  LONG(
      row(Long.class, long.class)
          .read(Numbers.integers(BigInteger::longValueExact))
          .schema("integer", Long.MIN_VALUE, Long.MAX_VALUE)),
  /** Of more than 64 bits in Python, where it is made of hexadecimal digits. */
  BIG_INTEGER(
      row(BigInteger.class)
          .toPython("int", (number, path) -> number.toString(16))
          .tag("$int", 1, BigInteger::new)
          .read(Numbers.integers(number -> number))
          .schema("integer")),
  FLOAT(
      row(Float.class, float.class)
          .read(Numbers::floatOf)
          .schema("number", (double) -Float.MAX_VALUE, (double) Float.MAX_VALUE)),
  /** The tag is for NaN and the infinities. */
  DOUBLE(
      row(Double.class, double.class)
          .tag("$float", 7, Double::valueOf)
          .read(Numbers::doubleOf)
          .schema("number")),
  DECIMAL(
      row(BigDecimal.class)
          .toPython("decimal", (number, path) -> number.toString())
          .fromPython(Numbers::decimal)
          .tag("$decimal", 2, BigDecimal::new)
          .read(Numbers::decimalOf)
          .schema("decimal")),
  /** Messages have forms of their own for bytes, see {@link JsonTags#BYTES}. */
  BYTES(row(byte[].class)),
  BYTE_BUFFER(
      row(ByteBuffer.class)
          .read(plain -> plain instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : null)),
  DATE(
      row(LocalDate.class)
          .toPython("date", PythonTime::text)
          .fromPython(PythonTime::date)
          .tag("$date", 3, LocalDate::parse)
          .orText(LocalDate::parse)
          .schema("date")),
  TIME(
      row(LocalTime.class)
          .toPython("time", PythonTime::text)
          .fromPython(PythonTime::time)
          .tag("$time", 4, PythonTime::anyTime)
          .orText(LocalTime::parse)),
  OFFSET_TIME(
      row(OffsetTime.class)
          .toPython("time", PythonTime::text)
          .fromPython(PythonTime::time)
          .tag("$time", 4, PythonTime::anyTime)
          .orText(OffsetTime::parse)),
  DATE_TIME(
      row(LocalDateTime.class)
          .toPython("datetime", PythonTime::text)
          .fromPython(PythonTime::dateTime)
          .tag("$datetime", 5, PythonTime::anyDateTime)
          .orText(LocalDateTime::parse)
          .schema("datetime")),
  OFFSET_DATE_TIME(
      row(OffsetDateTime.class)
          .toPython("datetime", PythonTime::text)
          .fromPython(PythonTime::dateTime)
          .tag("$datetime", 5, PythonTime::anyDateTime)
          .read(
              plain ->
                  switch (plain) {
                    case String text -> OffsetDateTime.parse(text);
                    case OffsetDateTime time -> time;
                    case ZonedDateTime time -> time.toOffsetDateTime();
                    default -> null;
                  })),
  ZONED_DATE_TIME(
      row(ZonedDateTime.class)
          .toPython("zoned", PythonTime::text)
          .fromPython(PythonTime::zoned)
          .tag("$datetime", 5, PythonTime::anyDateTime)
          .read(
              plain ->
                  switch (plain) {
                    case ZonedDateTime time -> time;
                    case OffsetDateTime time -> time.toZonedDateTime();
                    default -> null;
                  })),
  INSTANT(
      row(Instant.class)
          .toPython("datetime", PythonTime::text)
          .fromPython(PythonTime::dateTime)
          .read(
              plain ->
                  switch (plain) {
                    case OffsetDateTime time -> time.toInstant();
                    case ZonedDateTime time -> time.toInstant();
                    default -> null;
                  })),
  DURATION(
      row(Duration.class)
          .toPython("timedelta", PythonTime::text)
          .fromPython((micros, path) -> PythonTime.duration(micros))
          .tag("$duration", 6, Duration::parse)),
  YEAR(
      row(Year.class)
          .plain(Year::getValue, Numbers.integers(number -> Year.of(number.intValueExact())))),
  YEAR_MONTH(row(YearMonth.class).text(YearMonth::toString, YearMonth::parse)),
  PERIOD(row(Period.class).text(Period::toString, Period::parse)),
  UUID(
      row(java.util.UUID.class)
          .made("uuid", java.util.UUID::toString, java.util.UUID::fromString)
          .tag("$uuid", 8, java.util.UUID::fromString)),
  URI(row(java.net.URI.class).text(java.net.URI::toString, java.net.URI::create));

  /** The length of the longest text of a tag: a longer number would take its reader seconds. */
  static final int MAX_LENGTH = 10_000;

  private static final Scalar[] ALL = values();
  private static final Map<Class<?>, Scalar> BY_TYPE = new HashMap<>();
  private static final Map<String, Scalar> BY_KIND = new HashMap<>();
  private static final Map<String, Scalar> BY_TAG = new HashMap<>();

  static {
    for (Scalar scalar : ALL) {
      Row<?> row = scalar.row;
      BY_TYPE.put(row.type, scalar);
      if (row.primitive != null) {
        BY_TYPE.put(row.primitive, scalar);
      }
      if (row.kind != null && row.fromPython != null) {
        BY_KIND.putIfAbsent(row.kind, scalar);
      }
      if (row.tag != null) {
        BY_TAG.putIfAbsent(row.tag, scalar);
      }
    }
  }

  @SuppressWarnings("ImmutableEnumChecker") // complete before the table is, and of pure functions
  private final Row<?> row;

  Scalar(Row<?> row) {
    this.row = row;
  }

  /** Returns the row of a value's class or of the class that it derives from, null if none. */
  static @Nullable Scalar of(Object value) {
    Scalar scalar = BY_TYPE.get(value.getClass());
    if (scalar != null) {
      return scalar;
    }
    for (Scalar each : ALL) {
      if (each.row.type.isInstance(value)) {
        return each;
      }
    }
    return null;
  }

  /** Returns the row of just this class, which may be primitive; null if there is none. */
  public static @Nullable Scalar ofType(Class<?> type) {
    return BY_TYPE.get(type);
  }

  /** Returns the row that reads texts of a kind of Python's, null if there is none. */
  static @Nullable Scalar ofKind(String kind) {
    return BY_KIND.get(kind);
  }

  /** Returns the row that reads texts with a tag of JSON's, null if there is none. */
  static @Nullable Scalar ofTag(String tag) {
    return BY_TAG.get(tag);
  }

  /** Returns the row that reads texts of an extension type of MessagePack's, null if none. */
  static @Nullable Scalar ofExtension(byte extension) {
    for (Scalar each : ALL) {
      if (each.row.tag != null && each.row.extension == extension) {
        return each;
      }
    }
    return null;
  }

  /** Returns the Java class. */
  Class<?> type() {
    return row.type;
  }

  /** Returns the kind by which Python makes the value, null if the value crosses by itself. */
  @Nullable String kind() {
    return row.kind;
  }

  /**
   * Returns the text of which Python makes the value, or what crosses in place of a value that has
   * no kind.
   *
   * @throws ConversionException with the path when Python has no such value
   */
  Object toPython(Object value, String path) {
    return row.write(value, path);
  }

  /**
   * Returns the value of which Python gave the text.
   *
   * @throws ConversionException with the path when Java has no such value
   */
  Object fromPython(String text, String path) {
    if (row.fromPython == null) {
      throw new IllegalStateException(this + " is not read from a text of Python's");
    }
    return row.fromPython.apply(text, path);
  }

  /** Returns the key by which JSON names the scalar, null if messages have no form of their own. */
  @Nullable String tag() {
    return row.tag;
  }

  /** Returns the extension type by which MessagePack knows a scalar that has a tag. */
  byte extension() {
    return row.extension;
  }

  /**
   * Returns the value of the text that stands after the tag.
   *
   * @throws RuntimeException of the type's own when the text stands for none
   */
  Object parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(text.length() + " characters are more than " + MAX_LENGTH);
    }
    if (row.parse == null) {
      throw new IllegalStateException(this + " has no tag");
    }
    return row.parse.apply(text);
  }

  /**
   * Returns plain data as a value of the class, null when it is of another type.
   *
   * @throws RuntimeException ArithmeticException, IllegalArgumentException or DateTimeException
   *     when the type fits and the value does not
   */
  public @Nullable Object read(Object plain) {
    return row.read == null ? same(row.type, plain) : row.read.apply(plain);
  }

  /** Returns the type in the bridges' type language, null when a field cannot have it. */
  public @Nullable Map<String, @Nullable Object> schema() {
    return row.schema;
  }

  private static @Nullable Object same(Class<?> type, Object plain) {
    return type.isInstance(plain) ? plain : null;
  }

  private static <T> Row<T> row(Class<T> type) {
    return new Row<>(type, null);
  }

  private static <T> Row<T> row(Class<T> type, Class<T> primitive) {
    return new Row<>(type, primitive);
  }

  /** The columns of one row, filled in one after the other. Used while the table is made. */
  private static final class Row<T> {

    final Class<T> type;
    final @Nullable Class<T> primitive;
    @Nullable String kind;
    @Nullable BiFunction<T, String, Object> toPython;
    @Nullable BiFunction<String, String, Object> fromPython;
    @Nullable String tag;
    byte extension;
    @Nullable Function<String, Object> parse;
    @Nullable Function<Object, @Nullable Object> read;
    @Nullable Map<String, @Nullable Object> schema;

    Row(Class<T> type, @Nullable Class<T> primitive) {
      this.type = type;
      this.primitive = primitive;
    }

    /** Crosses as what a function returns, which Python sees as its own, and is read from that. */
    Row<T> plain(Function<T, Object> write, Function<Object, @Nullable Object> from) {
      toPython = (value, path) -> write.apply(value);
      return read(from);
    }

    /** Crosses as a text, and is read from one. */
    Row<T> text(Function<T, String> write, Function<String, T> from) {
      toPython = (value, path) -> Surrogates.checked(write.apply(value), path);
      return orText(from);
    }

    /** Has a type of its own in Python, which is made of the text and gives it back. */
    Row<T> made(String ofKind, Function<T, String> write, Function<String, T> from) {
      return toPython(ofKind, (value, path) -> write.apply(value))
          .fromPython((text, path) -> from.apply(text))
          .orText(from);
    }

    /** Has a type of its own in Python, which is made of the text. */
    Row<T> toPython(String ofKind, BiFunction<T, String, Object> write) {
      kind = ofKind;
      toPython = write;
      return this;
    }

    Row<T> fromPython(BiFunction<String, String, Object> from) {
      fromPython = from;
      return this;
    }

    /** Is written in messages as its {@code toString}, with a tag. */
    Row<T> tag(String name, int type, Function<String, Object> from) {
      tag = name;
      extension = (byte) type;
      parse = from;
      return this;
    }

    /** Is read from a value of the class itself or from a text. */
    Row<T> orText(Function<String, T> from) {
      return read(plain -> plain instanceof String text ? from.apply(text) : same(type, plain));
    }

    Row<T> read(Function<Object, @Nullable Object> from) {
      read = from;
      return this;
    }

    Row<T> schema(String name) {
      schema = Map.of("type", name);
      return this;
    }

    Row<T> schema(String name, Number minimum, Number maximum) {
      schema = Map.of("type", name, "minimum", minimum, "maximum", maximum);
      return this;
    }

    Object write(Object value, String path) {
      return toPython == null ? value : toPython.apply(type.cast(value), path);
    }
  }
}
