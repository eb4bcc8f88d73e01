package dev.terrarium.llamacpp;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers between two bounds, written with a fixed count of decimals, as grammar: digit by digit.
 * Immutable.
 */
final class DigitRange {

  /** Bounds further away are taken as this one: a long holds it. */
  private static final BigInteger FURTHEST = BigInteger.TEN.pow(18).subtract(BigInteger.ONE);

  private final int decimals;

  private DigitRange(int decimals) {
    this.decimals = decimals;
  }

  /**
   * The grammar of the numbers between two bounds.
   *
   * @param low none if null; likewise high
   * @return null when no number of so many decimals lies between
   */
  static @Nullable String grammar(
      @Nullable BigDecimal low,
      @Nullable BigDecimal high,
      boolean lowExcluded,
      boolean highExcluded,
      int decimals) {
    BigInteger from = low == null ? FURTHEST.negate() : scaled(low, decimals, RoundingMode.CEILING);
    BigInteger to = high == null ? FURTHEST : scaled(high, decimals, RoundingMode.FLOOR);
    if (lowExcluded && low != null && unscaled(from, decimals).compareTo(low) == 0) {
      from = from.add(BigInteger.ONE);
    }
    if (highExcluded && high != null && unscaled(to, decimals).compareTo(high) == 0) {
      to = to.subtract(BigInteger.ONE);
    }
    from = from.max(FURTHEST.negate());
    to = to.min(FURTHEST);
    return from.compareTo(to) > 0 ? null : new DigitRange(decimals).between(from, to);
  }

  private static BigInteger scaled(BigDecimal value, int decimals, RoundingMode rounding) {
    return value.setScale(decimals, rounding).unscaledValue();
  }

  private static BigDecimal unscaled(BigInteger value, int decimals) {
    return new BigDecimal(value, decimals);
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

  /** Ways to write numbers from 0 up, one for each count of digits. */
  private List<String> natural(BigInteger from, BigInteger to) {
    List<String> ways = new ArrayList<>();
    int shortest = digits(from).length();
    int longest = digits(to).length();
    for (int length = shortest; length <= longest; length++) {
      String least = length == shortest ? digits(from) : "1" + "0".repeat(length - 1);
      String most = length == longest ? digits(to) : "9".repeat(length);
      ways.add(sameLength(least, most));
    }
    return ways;
  }

  /** With zeros in front where a number below 1 needs them. */
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
   * @param left how many digits are to come, this one included
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
