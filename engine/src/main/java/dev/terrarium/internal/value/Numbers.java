package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Conversions of plain numbers to Java's types that lose nothing but digits. Stateless. */
final class Numbers {

  private Numbers() {}

  /**
   * Returns the reader of integers of a type; it returns null for what is no integer.
   *
   * @param exact makes a number of the type; an ArithmeticException says that it does not fit
   */
  static Function<Object, @Nullable Object> integers(Function<BigInteger, Object> exact) {
    return plain -> isInteger(plain) ? exact.apply(integer(plain)) : null;
  }

  /** Returns the double next to a number, null for what is no number. */
  static @Nullable Object doubleOf(Object plain) {
    return plain instanceof Number number ? (Object) toDouble(number) : null;
  }

  /** Returns the float next to a number, null for what is no number. */
  static @Nullable Object floatOf(Object plain) {
    return plain instanceof Number number ? (Object) toFloat(number) : null;
  }

  /** Returns the decimal of a number or a text, null for anything else. */
  static @Nullable Object decimalOf(Object plain) {
    return switch (plain) {
      case BigDecimal number -> number;
      case Double number -> BigDecimal.valueOf(number);
      case String text -> new BigDecimal(text);
      default -> isInteger(plain) ? new BigDecimal(integer(plain)) : null;
    };
  }

  /** Returns the decimal of a text of Python's {@code Decimal}. */
  static BigDecimal decimal(String text, String path) {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new ConversionException(path, "Decimal('" + text + "') has no BigDecimal form", e);
    }
  }

  private static double toDouble(Number number) {
    double value = number.doubleValue();
    if (Double.isInfinite(value) && !(number instanceof Double)) {
      throw new ArithmeticException("beyond double");
    }
    return value;
  }

  private static float toFloat(Number number) {
    double exact = toDouble(number);
    float value = (float) exact;
    if (Float.isInfinite(value) && !Double.isInfinite(exact)) {
      throw new ArithmeticException("beyond float");
    }
    return value;
  }

  private static boolean isInteger(Object value) {
    return value instanceof Long
        || value instanceof Integer
        || value instanceof BigInteger
        || value instanceof Short
        || value instanceof Byte;
  }

  private static BigInteger integer(Object value) {
    return value instanceof BigInteger big ? big : BigInteger.valueOf(((Number) value).longValue());
  }
}
