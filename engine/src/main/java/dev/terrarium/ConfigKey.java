package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One configuration key whose value can be given as text.
 *
 * @param name the key's name, in lower case with hyphens
 * @param range the permitted values, in words
 * @param meaning what the value configures, in words
 * @param perFramework whether the value can also be given for one framework
 * @param set checks and sets the value, for one framework or, given null, for all
 */
record ConfigKey(
    String name,
    String range,
    String meaning,
    boolean perFramework,
    Function<TerrariumConfig, Object> value,
    Setter set) {

  /** Sets a value in a configuration builder. */
  @FunctionalInterface
  interface Setter {
    void set(TerrariumConfig.Builder config, @Nullable String framework, String text);
  }

  static final String ABOVE_ZERO = "above zero";
  static final String NOT_BELOW_ZERO = "zero or above";

  private static final String VARIABLE = "TERRARIUM_";
  private static final Pattern TIME = Pattern.compile("(\\d+)\\s*(ms|s|m|h|d)");
  private static final Pattern SIZE = Pattern.compile("(\\d+)\\s*([KMG]?)B?");

  static ConfigKey text(
      String name,
      String range,
      String meaning,
      Function<TerrariumConfig, Object> value,
      BiConsumer<TerrariumConfig.Builder, String> set) {
    return new ConfigKey(
        name, range, meaning, false, value, (config, framework, text) -> set.accept(config, text));
  }

  static ConfigKey number(
      String name,
      String range,
      String meaning,
      Function<TerrariumConfig, Object> value,
      BiConsumer<TerrariumConfig.Builder, Integer> set) {
    return text(
        name, range, meaning, value, (config, text) -> set.accept(config, Integer.valueOf(text)));
  }

  static ConfigKey size(
      String name,
      String meaning,
      Function<TerrariumConfig, Long> value,
      BiConsumer<TerrariumConfig.Builder, Long> set) {
    return text(
        name,
        ABOVE_ZERO,
        meaning,
        config -> sizeText(value.apply(config)),
        (config, text) -> set.accept(config, size(text)));
  }

  static ConfigKey time(
      String name,
      String range,
      String meaning,
      Function<TerrariumConfig, Duration> value,
      BiConsumer<TerrariumConfig.Builder, Duration> set) {
    return text(
        name,
        range,
        meaning,
        config -> timeText(value.apply(config)),
        (config, text) -> set.accept(config, time(text)));
  }

  /** Returns a key whose value can be given for each framework. */
  static ConfigKey ofFramework(
      String name,
      String range,
      String meaning,
      Function<TerrariumConfig, Object> value,
      Setter set) {
    return new ConfigKey(name, range, meaning, true, value, set);
  }

  String variable() {
    return VARIABLE + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /**
   * Sets the key's value.
   *
   * @param source the key's name in the place that the text comes from, such as the name of a
   *     variable
   * @throws ConfigurationException when the text is not a permitted value
   */
  void set(TerrariumConfig.Builder config, @Nullable String framework, String text, String source) {
    try {
      set.set(config, framework, text.strip());
    } catch (ConfigurationException e) {
      throw new ConfigurationException(source + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
      throw new ConfigurationException(
          source + ": '" + text + "' is not what it may be: " + range + ".", e);
    }
  }

  /** Returns the key's row in the table of the guide on configuration. */
  String row() {
    return "| `%s`%s | `%s` | %s | %s | %s |"
        .formatted(
            name,
            perFramework ? " *" : "",
            variable(),
            value.apply(TerrariumConfig.ofDefaults()),
            range,
            meaning);
  }

  static Duration time(String text) {
    Matcher simple = TIME.matcher(text);
    if (!simple.matches()) {
      try {
        return Duration.parse(text);
      } catch (DateTimeParseException e) {
        throw new ConfigurationException(
            "'" + text + "' is no time; write 500ms, 10s, 2m, 1h, 1d or PT1M30S", e);
      }
    }
    long count = Long.parseLong(simple.group(1));
    return switch (simple.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }

  /** Returns the shortest text of a duration. */
  static String timeText(Duration time) {
    if (time.isPositive() && time.equals(Duration.ofHours(time.toHours()))) {
      return time.toHours() + "h";
    }
    if (time.isPositive() && time.equals(Duration.ofMinutes(time.toMinutes()))) {
      return time.toMinutes() + "m";
    }
    return time.equals(Duration.ofSeconds(time.toSeconds()))
        ? time.toSeconds() + "s"
        : time.toMillis() + "ms";
  }

  static long size(String text) {
    Matcher simple = SIZE.matcher(text);
    if (!simple.matches()) {
      throw new ConfigurationException(
          "'" + text + "' is no size; write 512MB, 2GB or a number of bytes");
    }
    int shift =
        switch (simple.group(2)) {
          case "K" -> 10;
          case "M" -> 20;
          case "G" -> 30;
          default -> 0;
        };
    return Math.multiplyExact(Long.parseLong(simple.group(1)), 1L << shift);
  }

  /** Returns a size as an int, which some sizes have to fit in. */
  static int below2Gb(long bytes) {
    if (bytes > Integer.MAX_VALUE) {
      throw new ConfigurationException(sizeText(bytes) + " is not below 2GB");
    }
    return (int) bytes;
  }

  /** Returns the text of a size, in the largest unit of which the size is a multiple. */
  static String sizeText(long bytes) {
    for (String unit : new String[] {"GB:30", "MB:20", "KB:10"}) {
      int shift = Integer.parseInt(unit.substring(3));
      if (bytes % (1L << shift) == 0) {
        return (bytes >> shift) + unit.substring(0, 2);
      }
    }
    return Long.toString(bytes);
  }
}
