package dev.terrarium.dspy.internal.frozen;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Functions that make and split texts as Python does. */
final class PythonText {

  /** The largest number of digits before the point for which {@code repr} writes no exponent. */
  private static final int MAX_POINT = 16;

  private static final int MIN_POINT = -4;

  private static final int NANOS_PER_MICRO = 1_000;
  private static final DateTimeFormatter SECONDS = time("'T'HH:mm:ss");
  private static final DateTimeFormatter MICROS = time("'T'HH:mm:ss.SSSSSS");

  private PythonText() {}

  private static DateTimeFormatter time(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT);
  }

  /** Returns {@code c.isspace()}; all characters for which it holds are in the basic plane. */
  private static boolean isSpace(char c) {
    return (c >= 0x09 && c <= 0x0d)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  private static boolean isLineEnd(char c) {
    return c == '\n'
        || c == '\r'
        || c == 0x0b
        || c == 0x0c
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  /** Returns {@code text.strip()}. */
  static String strip(String text) {
    int begin = 0;
    int end = text.length();
    while (begin < end && isSpace(text.charAt(begin))) {
      begin++;
    }
    while (end > begin && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(begin, end);
  }

  /** Returns {@code text.splitlines()} as CPython defines it; GraalPy knows fewer ends of lines. */
  static List<String> splitLines(String text) {
    List<String> lines = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < text.length(); i++) {
      if (isLineEnd(text.charAt(i))) {
        lines.add(text.substring(begin, i));
        if (text.startsWith("\r\n", i)) {
          i++;
        }
        begin = i + 1;
      }
    }
    if (begin < text.length()) {
      lines.add(text.substring(begin));
    }
    return lines;
  }

  /**
   * Returns {@code repr(number)}.
   *
   * @throws NotExactException for a number that is not finite or is below the normal numbers, where
   *     Java writes one digit more
   */
  static String repr(double number) throws NotExactException {
    if (!Double.isFinite(number) || (number != 0 && Math.abs(number) < Double.MIN_NORMAL)) {
      throw new NotExactException();
    }
    if (number == 0) {
      return 1 / number < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    int point = shortest.precision() - shortest.scale();
    if (point > MIN_POINT && point <= MAX_POINT) {
      String plain = shortest.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = shortest.unscaledValue().abs().toString();
    int exponent = point - 1;
    return (number < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  /**
   * Returns {@code date.isoformat()}.
   *
   * @throws NotExactException for a year that Python does not have
   */
  static String isoformat(LocalDate date) throws NotExactException {
    if (date.getYear() < 1 || date.getYear() > 9999) {
      throw new NotExactException();
    }
    return date.toString();
  }

  /**
   * Returns {@code time.isoformat()}.
   *
   * @throws NotExactException for a year that Python does not have, and for a time finer than its
   *     microseconds
   */
  static String isoformat(LocalDateTime time) throws NotExactException {
    if (time.get(ChronoField.NANO_OF_SECOND) % NANOS_PER_MICRO != 0) {
      throw new NotExactException();
    }
    String date = isoformat(time.toLocalDate());
    return date + (time.get(ChronoField.NANO_OF_SECOND) == 0 ? SECONDS : MICROS).format(time);
  }

  /**
   * Returns {@code str(number)}.
   *
   * @throws NotExactException for a number that is written with an exponent
   */
  static String str(BigDecimal number) throws NotExactException {
    String text = number.toString();
    if (text.indexOf('E') >= 0) {
      throw new NotExactException();
    }
    return text;
  }

  /** Appends {@code json.dumps(text, ensure_ascii=False)}. */
  static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\f' -> out.append("\\f");
        case '\b' -> out.append("\\b");
        default -> {
          if (c < ' ') {
            out.append("\\u00").append(Character.forDigit(c >> 4, 16));
            out.append(Character.forDigit(c & 15, 16));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /**
   * Returns the text if it is a valid text to Python, too.
   *
   * @throws NotExactException when half of a surrogate pair is missing
   */
  static String checked(String text) throws NotExactException {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          throw new NotExactException();
        }
        i++;
      }
    }
    return text;
  }
}
