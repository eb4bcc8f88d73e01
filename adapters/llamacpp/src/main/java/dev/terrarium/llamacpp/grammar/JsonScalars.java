package dev.terrarium.llamacpp.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The grammar of the elements of a JSON schema that have no elements of their own: strings,
 * numbers, and values that a schema leaves open. Not thread-safe.
 */
final class JsonScalars {

  private static final int DECIMALS = 2;
  private static final int MOST_DECIMALS = 9;

  /**
   * The maximum number of digits before the point of a number whose bounds are not written digit by
   * digit.
   */
  private static final int WHOLE_DIGITS = 15;

  private static final int MOST_EXPONENT = 99;
  private static final int MOST_BOUND_DIGITS = DigitRange.MOST_DIGITS - MOST_DECIMALS;

  private static final String HEX = "[0-9a-fA-F]";
  private static final String DATE =
      "[0-9]{4} \"-\" ("
          + "(\"0\" [13578] | \"1\" [02]) \"-\" (\"0\" [1-9] | [12] [0-9] | \"3\" [01])"
          + " | (\"0\" [469] | \"11\") \"-\" (\"0\" [1-9] | [12] [0-9] | \"30\")"
          + " | \"02-\" (\"0\" [1-9] | \"1\" [0-9] | \"2\" [0-8]))";
  private static final String CLOCK = "([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9]";
  private static final String TIME =
      CLOCK + " \":\" [0-5] [0-9] (\".\" [0-9]{3})? (\"Z\" | [+-] " + CLOCK + ")";
  private static final String SECONDS = "[0-9]{1,2} \"S\"";
  private static final String MINUTES = "[0-9]{1,2} \"M\" (" + SECONDS + ")?";
  private static final String DURATION_TIME =
      "\"T\" ([0-9]{1,2} \"H\" (" + MINUTES + ")? | " + MINUTES + " | " + SECONDS + ")";

  /** The grammar of the text between the quotation marks, by {@code format}. */
  private static final Map<String, String> FORMATS =
      Map.of(
          "date", DATE,
          "time", TIME,
          "date-time", DATE + " \"T\" " + TIME,
          "duration", "\"P\" ([0-9]{1,4} \"D\" (" + DURATION_TIME + ")? | " + DURATION_TIME + ")",
          "uuid",
              HEX
                  + "{8} \"-\" "
                  + HEX
                  + "{4} \"-\" "
                  + HEX
                  + "{4} \"-\" "
                  + HEX
                  + "{4} \"-\" "
                  + HEX
                  + "{12}");

  private final Gbnf grammar;

  /**
   * Creates the scalars of one grammar.
   *
   * @param grammar receives the rules
   */
  JsonScalars(Gbnf grammar) {
    this.grammar = grammar;
  }

  /** Returns whether the grammar enforces the format of strings. */
  static boolean isEnforced(String format) {
    return FORMATS.containsKey(format);
  }

  /** Returns the grammar of strings of a format, a pattern or a length, or of any string. */
  String string(JsonNode schema, String path) {
    boolean bounded = JsonSchema.hasAny(schema, "minLength", "maxLength");
    String format = FORMATS.get(schema.path("format").asText());
    if (schema.has("pattern")) {
      if (bounded || format != null) {
        throw JsonSchema.refused(
            path, "has a pattern beside a length or format, which is not supported");
      }
      String pattern = schema.get("pattern").asText();
      try {
        return "\"\\\"\" " + PatternGrammar.of(pattern, character()) + " \"\\\"\"";
      } catch (PatternGrammar.UnsupportedPatternException e) {
        throw JsonSchema.refused(
            path, "has the pattern " + pattern + " with what is not supported: " + e.getMessage());
      }
    }
    if (format != null) {
      return "\"\\\"\" " + format + " \"\\\"\"";
    }
    if (!bounded) {
      return string();
    }
    int min = JsonSchema.bound(schema, "minLength", 0, path);
    int max = JsonSchema.bound(schema, "maxLength", Gbnf.UNBOUNDED, path);
    if (min > max) {
      throw JsonSchema.refused(path, "has minLength " + min + " above maxLength " + max);
    }
    return "\"\\\"\" " + Gbnf.repeat(character(), min, max) + " \"\\\"\"";
  }

  /** Returns the grammar of integers between bounds, or of any integer. */
  String integer(JsonNode schema, String path) {
    return number(schema, path, 0);
  }

  /**
   * Returns the grammar of numbers between bounds, or of any number. Where a bound is below
   * 10^{@value #WHOLE_DIGITS}, the numbers have a fixed number of decimals; otherwise they have an
   * exponent that keeps them within the bounds.
   */
  String number(JsonNode schema, String path) {
    return number(schema, path, DECIMALS);
  }

  private String number(JsonNode schema, String path, int decimals) {
    BigDecimal low = decimal(schema, "minimum", path);
    BigDecimal high = decimal(schema, "maximum", path);
    BigDecimal above = decimal(schema, "exclusiveMinimum", path);
    BigDecimal below = decimal(schema, "exclusiveMaximum", path);
    if (low == null && high == null && above == null && below == null) {
      return decimals == 0 ? integer() : number(MOST_EXPONENT);
    }
    boolean lowExcluded = above != null && (low == null || above.compareTo(low) >= 0);
    boolean highExcluded = below != null && (high == null || below.compareTo(high) <= 0);
    BigDecimal from = lowExcluded ? above : low;
    BigDecimal to = highExcluded ? below : high;
    int exponent = Math.min(exponent(from, -1), exponent(to, 1));
    if (decimals > 0 && exponent >= 0) {
      return number(exponent);
    }
    if (hasMoreDigits(from, -1) || hasMoreDigits(to, 1)) {
      throw JsonSchema.refused(path, "has a bound of more than " + MOST_BOUND_DIGITS + " digits");
    }
    int places = decimals == 0 ? 0 : Math.max(decimals, Math.max(scale(from), scale(to)));
    if (places > MOST_DECIMALS) {
      throw JsonSchema.refused(path, "has a bound of more than " + MOST_DECIMALS + " decimals");
    }
    String range = DigitRange.grammar(from, to, lowExcluded, highExcluded, places);
    if (range == null) {
      throw JsonSchema.refused(path, "has bounds between which there is no number");
    }
    return range;
  }

  /**
   * Returns the greatest exponent with which every number of {@link #WHOLE_DIGITS} digits stays
   * within a bound; below 0 when there is none.
   */
  private static int exponent(@Nullable BigDecimal bound, int side) {
    return bound == null
        ? MOST_EXPONENT
        : bound.signum() == side
            ? Math.min(MOST_EXPONENT, bound.precision() - bound.scale() - 1 - WHOLE_DIGITS)
            : -1;
  }

  /**
   * Returns whether all numbers within a bound have too many digits to be written digit by digit.
   */
  private static boolean hasMoreDigits(@Nullable BigDecimal bound, int side) {
    return bound != null
        && bound.signum() == -side
        && bound.precision() - bound.scale() > MOST_BOUND_DIGITS;
  }

  private static int scale(@Nullable BigDecimal bound) {
    return bound == null ? 0 : bound.stripTrailingZeros().scale();
  }

  private static @Nullable BigDecimal decimal(JsonNode schema, String keyword, String path) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return null;
    }
    if (!value.isNumber()) {
      throw JsonSchema.refused(path, "has the " + keyword + " " + value + ", which is no number");
    }
    if (value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue())) {
      throw JsonSchema.refused(path, "has a " + keyword + " that is too large a number");
    }
    return value.decimalValue();
  }

  /** Returns the grammar of any JSON value. */
  String any() {
    String value = "value";
    if (grammar.isShared(value)) {
      return value;
    }
    grammar.shared(
        value,
        "object | array | "
            + string()
            + " | "
            + number(MOST_EXPONENT)
            + " | "
            + bool()
            + " | \"null\"");
    grammar.shared("object", "\"{\" " + few("member") + " \"}\"");
    grammar.shared("member", string() + " \": \" value");
    grammar.shared("array", "\"[\" " + few(value) + " \"]\"");
    return value;
  }

  private static String few(String item) {
    return Gbnf.repeat(item, "\", \"", 0, JsonGrammar.MOST_ITEMS);
  }

  private String character() {
    grammar.shared(
        "escaped",
        "\"\\\\\" ([\"\\\\/bfnrt] | \"u\" ([0-9a-ce-fA-CE-F] "
            + HEX
            + "{3} | [dD] [0-7] "
            + HEX
            + "{2}))");
    return grammar.shared("char", "[^\"\\\\\\x7F\\x00-\\x1F] | escaped");
  }

  /** Returns the grammar of any string. */
  String string() {
    return grammar.shared("string", "\"\\\"\" " + character() + "* \"\\\"\"");
  }

  private String integer() {
    return grammar.shared("integer", "\"0\" | \"-\"? [1-9] [0-9]{0,17}");
  }

  private String number(int mostExponent) {
    String power =
        mostExponent == MOST_EXPONENT
            ? "[-+]? [1-9] [0-9]?"
            : "\"-\" [1-9] [0-9]?" + (mostExponent > 0 ? " | \"+\"? " + upTo(mostExponent) : "");
    return grammar.shared(
        mostExponent == MOST_EXPONENT ? "number" : "number-e" + mostExponent,
        "\"-\"? (\"0\" | [1-9] [0-9]{0,"
            + (WHOLE_DIGITS - 1)
            + "}) (\".\" [0-9]{1,12})? ([eE] ("
            + power
            + "))?");
  }

  private static String upTo(int most) {
    return Objects.requireNonNull(
        DigitRange.grammar(BigDecimal.ONE, BigDecimal.valueOf(most), false, false, 0));
  }

  String bool() {
    return grammar.shared("boolean", "\"true\" | \"false\"");
  }
}
