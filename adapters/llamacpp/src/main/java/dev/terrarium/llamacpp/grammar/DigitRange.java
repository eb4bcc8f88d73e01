package dev.terrarium.llamacpp.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A grammar, digit by digit, of the numbers between two bounds, written with a fixed number of
 * decimals. Immutable.
 */
final class DigitRange {

  /** The maximum number of digits of numbers without a bound, which a long holds. */
  private static final int OPEN_DIGITS = 18;

  /**
   * The maximum number of digits of a bound; a bound further out is replaced by the furthest number
   * with that maximum of digits.
   */
  static final int MOST_DIGITS = 40;

  private final int decimals;

  private DigitRange(int decimals) {
    this.decimals = decimals;
  }

  /**
   * Returns the grammar of the numbers between two bounds.
   *
   * @param low the lower bound, or null for none
   * @param high the upper bound, or null for none
   * @return null when no number with these decimals lies between the bounds
   */
  static @Nullable String grammar(
      @Nullable BigDecimal low,
      @Nullable BigDecimal high,
      boolean lowExcluded,
      boolean highExcluded,
      int decimals) {
    BigInteger from = low == null ? null : scaled(low, decimals, RoundingMode.CEILING);
    BigInteger to = high == null ? null : scaled(high, decimals, RoundingMode.FLOOR);
    if (lowExcluded && from != null && equal(from, low, decimals)) {
      from = from.add(BigInteger.ONE);
    }
    if (highExcluded && to != null && equal(to, high, decimals)) {
      to = to.subtract(BigInteger.ONE);
    }
    BigInteger least =
        (from == null ? furthest(to).negate() : from).max(nines(MOST_DIGITS).negate());
    BigInteger most = (to == null ? furthest(from) : to).min(nines(MOST_DIGITS));
    return least.compareTo(most) > 0 ? null : new DigitRange(decimals).between(least, most);
  }

  /** Returns the number that stands in for a missing bound, which depends on the other bound. */
  private static BigInteger furthest(@Nullable BigInteger other) {
    int digits = other == null ? 0 : other.abs().toString().length();
    return nines(Math.max(OPEN_DIGITS, digits + 1));
  }

  private static BigInteger nines(int digits) {
    return BigInteger.TEN.pow(digits).subtract(BigInteger.ONE);
  }

  private static BigInteger scaled(BigDecimal value, int decimals, RoundingMode rounding) {
    return value.setScale(decimals, rounding).unscaledValue();
  }

  private static boolean equal(BigInteger scaled, @Nullable BigDecimal bound, int decimals) {
    return bound != null && new BigDecimal(scaled, decimals).compareTo(bound) == 0;
  }

  private String between(BigInteger from, BigInteger to) {
    List<String> ways = new ArrayList<>();
    if (from.signum() < 0) {
      BigInteger least = to.signum() < 0 ? to.negate() : BigInteger.ONE;
      ways.add("\"-\" (" + String.join(" | ", natural(least, from.negate())) + ")");
    }
    if (to.signum() >= 0) {
      ways.addAll(natural(from.max(BigInteger.ZERO), to));
    }
    return "(" + String.join(" | ", ways) + ")";
  }

  /**
   * Returns the alternatives for numbers from 0 up: those with the fewest digits, those with the
   * most, and those between.
   */
  private List<String> natural(BigInteger from, BigInteger to) {
    String least = digits(from);
    String most = digits(to);
    int shortest = least.length();
    int longest = most.length();
    if (shortest == longest) {
      return List.of(sameLength(least, most));
    }
    List<String> ways = new ArrayList<>();
    ways.add(sameLength(least, "9".repeat(shortest)));
    if (longest - shortest > 1) {
      String more = "[0-9]{" + (shortest - decimals) + "," + (longest - 2 - decimals) + "}";
      ways.add("[1-9] " + more + any(decimals));
    }
    ways.add(sameLength("1" + "0".repeat(longest - 1), most));
    return ways;
  }

  /** Returns the digits of a number, with leading zeros where a number below 1 needs them. */
  private String digits(BigInteger value) {
    String text = value.toString();
    return "0".repeat(Math.max(0, decimals + 1 - text.length())) + text;
  }

  private String sameLength(String least, String most) {
    if (least.isEmpty()) {
      return "";
    }
    int left = least.length();
    char low = least.charAt(0);
    char high = most.charAt(0);
    if (low == high) {
      return digit(low, low, left) + sameLength(least.substring(1), most.substring(1));
    }
    List<String> ways = new ArrayList<>();
    ways.add(digit(low, low, left) + atLeast(least.substring(1)));
    if (high - low > 1) {
      ways.add(digit((char) (low + 1), (char) (high - 1), left) + any(left - 1));
    }
    ways.add(digit(high, high, left) + atMost(most.substring(1)));
    return "(" + String.join(" | ", ways) + ")";
  }

  private String atLeast(String rest) {
    if (rest.chars().allMatch(c -> c == '0')) {
      return any(rest.length());
    }
    char first = rest.charAt(0);
    int left = rest.length();
    String same = digit(first, first, left) + atLeast(rest.substring(1));
    return first == '9'
        ? same
        : " (" + same + " | " + digit((char) (first + 1), '9', left) + any(left - 1) + ")";
  }

  private String atMost(String rest) {
    if (rest.chars().allMatch(c -> c == '9')) {
      return any(rest.length());
    }
    char first = rest.charAt(0);
    int left = rest.length();
    String same = digit(first, first, left) + atMost(rest.substring(1));
    return first == '0'
        ? same
        : " (" + same + " | " + digit('0', (char) (first - 1), left) + any(left - 1) + ")";
  }

  /**
   * Returns the grammar of one digit, and of the point if it stands before that digit.
   *
   * @param left number of digits from this one to the end
   */
  private String digit(char low, char high, int left) {
    String digit = low == high ? "\"" + low + "\"" : "[" + low + "-" + high + "]";
    return (decimals > 0 && left == decimals ? " \".\" " : " ") + digit;
  }

  private String any(int left) {
    StringBuilder text = new StringBuilder();
    if (left > decimals) {
      text.append(" [0-9]{").append(left - decimals).append('}');
    }
    if (decimals > 0 && left >= decimals) {
      text.append(" \".\"");
    }
    int after = Math.min(left, decimals);
    return after > 0
        ? text.append(" [0-9]{").append(after).append('}').toString()
        : text.toString();
  }
}
