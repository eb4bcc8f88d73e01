package dev.terrarium;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a configuration can be given as text: by keys, system properties and the environment. */
final class ConfigKeys {

  /**
   * One value of a configuration.
   *
   * @param name in lower case with hyphens; the system property is {@code terrarium.NAME}
   * @param range what it may be, in words
   * @param meaning what it is, in words
   * @param value reads it
   * @param set checks and sets it
   */
  record Key(
      String name,
      String range,
      String meaning,
      Function<TerrariumConfig, Object> value,
      BiConsumer<TerrariumConfig.Builder, String> set) {

    String property() {
      return PROPERTY + name;
    }

    /** What it is when nobody says anything. */
    String defaultText() {
      Object standard = value.apply(TerrariumConfig.ofDefaults());
      return standard instanceof Duration time ? text(time) : standard.toString();
    }

    String variable() {
      return VARIABLE + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }
  }

  private static final String PROPERTY = "terrarium.";
  private static final String VARIABLE = "TERRARIUM_";

  /** Names that are no configuration: the launcher's, and those of the command's process. */
  private static final Set<String> OTHERS = Set.of("aot", "java-home", "jdks", "terminal", "trace");

  private static final String ABOVE_ZERO = "above zero";
  private static final String NOT_BELOW_ZERO = "zero or above";
  private static final Pattern SIMPLE_DURATION = Pattern.compile("(\\d+)\\s*(ms|s|m|h|d)");

  /** In the order in which they are set. */
  static final List<Key> ALL =
      List.of(
          number(
              "contexts",
              "1 to 64",
              "contexts that serve at most, and without `min-contexts` are made at the start",
              TerrariumConfig::contexts,
              (config, count) -> config.contexts(Math.toIntExact(count))),
          number(
              "min-contexts",
              "0 to `contexts`",
              "contexts that are made at the start and kept",
              TerrariumConfig::minContexts,
              (config, count) -> config.minContexts(Math.toIntExact(count))),
          duration(
              "borrow-timeout",
              ABOVE_ZERO,
              "how long a call waits for a free context",
              TerrariumConfig::borrowTimeout,
              TerrariumConfig.Builder::borrowTimeout),
          duration(
              "load-timeout",
              ABOVE_ZERO,
              "how long a call waits for the first context, and for a framework to load",
              TerrariumConfig::loadTimeout,
              TerrariumConfig.Builder::loadTimeout),
          duration(
              "drain-timeout",
              NOT_BELOW_ZERO,
              "how long closing waits for running calls before it stops them",
              TerrariumConfig::drainTimeout,
              TerrariumConfig.Builder::drainTimeout),
          number(
              "check-every",
              ABOVE_ZERO,
              "calls without a fault after which a context is looked through",
              config -> config.pool().checkEvery(),
              (config, calls) -> config.checkEvery(Math.toIntExact(calls))),
          number(
              "recycle-after-calls",
              NOT_BELOW_ZERO,
              "calls after which a context drops all its frameworks; 0 for never",
              config -> config.pool().recycleAfterCalls(),
              TerrariumConfig.Builder::recycleAfterCalls),
          duration(
              "recycle-after",
              NOT_BELOW_ZERO,
              "age at which a context drops all its frameworks; zero for never",
              config -> config.pool().recycleAfter(),
              TerrariumConfig.Builder::recycleAfter),
          duration(
              "leak-threshold",
              NOT_BELOW_ZERO,
              "how long a call may hold a context before it is reported; zero for ever",
              config -> config.pool().leakThreshold(),
              TerrariumConfig.Builder::leakThreshold),
          number(
              "max-batch",
              ABOVE_ZERO,
              "commands that one batch may hold",
              TerrariumConfig::maxBatch,
              (config, commands) -> config.maxBatch(Math.toIntExact(commands))),
          number(
              "stream-buffer",
              ABOVE_ZERO,
              "pieces of a stream that may wait for its subscriber",
              TerrariumConfig::streamBuffer,
              (config, pieces) -> config.streamBuffer(Math.toIntExact(pieces))),
          duration(
              "stream-idle-timeout",
              ABOVE_ZERO,
              "how long a full stream waits for its subscriber",
              TerrariumConfig::streamIdleTimeout,
              TerrariumConfig.Builder::streamIdleTimeout),
          new Key(
              "access",
              "restricted, trusted, trusted-native",
              "the most that any framework is granted",
              config -> config.access().word(),
              (config, word) -> config.access(profile(word))),
          new Key(
              "cache",
              "a folder",
              "where packages and models are unpacked",
              config -> "the user's cache folder",
              (config, folder) -> config.cacheFolder(Path.of(folder))),
          new Key(
              "language-model",
              "a name or a spec",
              "the default language model",
              config -> config.defaultModel().orElse("that of the class path"),
              TerrariumConfig.Builder::languageModel));

  private ConfigKeys() {}

  private static Key number(
      String name,
      String range,
      String meaning,
      Function<TerrariumConfig, Object> value,
      BiConsumer<TerrariumConfig.Builder, Long> set) {
    return new Key(
        name, range, meaning, value, (config, text) -> set.accept(config, Long.valueOf(text)));
  }

  private static Key duration(
      String name,
      String range,
      String meaning,
      Function<TerrariumConfig, Object> value,
      BiConsumer<TerrariumConfig.Builder, Duration> set) {
    return new Key(
        name, range, meaning, value, (config, text) -> set.accept(config, duration(text)));
  }

  private static Duration duration(String text) {
    Matcher simple = SIMPLE_DURATION.matcher(text);
    if (!simple.matches()) {
      return Duration.parse(text);
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

  /** As short as it can be written. */
  private static String text(Duration time) {
    if (time.equals(Duration.ofHours(time.toHours())) && time.isPositive()) {
      return time.toHours() + "h";
    }
    if (time.equals(Duration.ofMinutes(time.toMinutes())) && time.isPositive()) {
      return time.toMinutes() + "m";
    }
    return time.equals(Duration.ofSeconds(time.toSeconds()))
        ? time.toSeconds() + "s"
        : time.toMillis() + "ms";
  }

  private static AccessProfile profile(String word) {
    for (AccessProfile profile : AccessProfile.values()) {
      if (profile.word().equals(word)) {
        return profile;
      }
    }
    throw new IllegalArgumentException(word);
  }

  /**
   * Sets one value.
   *
   * @param source what the key is called where it comes from
   * @throws ConfigurationException when there is no such key, or the text is no such value
   */
  static void set(TerrariumConfig.Builder config, String name, String text, String source) {
    Key key = find(name).orElseThrow(() -> unknown(name, source));
    try {
      key.set.accept(config, text.strip());
    } catch (ConfigurationException e) {
      throw new ConfigurationException(source + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
      throw new ConfigurationException(
          source + ": '" + text + "' is not what it may be: " + key.range + ".", e);
    }
  }

  /** The rows of the guide's table. */
  static List<String> rows() {
    return ALL.stream()
        .map(
            key ->
                "| `%s` | `%s` | %s | %s | %s |"
                    .formatted(key.name, key.variable(), key.defaultText(), key.range, key.meaning))
        .toList();
  }

  private static Optional<Key> find(String name) {
    return ALL.stream().filter(key -> key.name.equals(name)).findFirst();
  }

  private static ConfigurationException unknown(String name, String source) {
    List<String> names = ALL.stream().map(Key::name).toList();
    return new ConfigurationException(
        source
            + " is no key of the configuration"
            + Nearest.to(name, names).map(near -> "; did you mean '" + near + "'?").orElse(".")
            + " Known keys: "
            + String.join(", ", names)
            + ".");
  }

  /**
   * Sets all that the environment has, and then all that the system properties have.
   *
   * @throws ConfigurationException for what begins like a key and is none, and for a bad value
   */
  static void setAll(
      TerrariumConfig.Builder config, Map<String, String> variables, Properties properties) {
    Map<String, String[]> given = new LinkedHashMap<>();
    variables.forEach(
        (variable, text) -> {
          if (variable.startsWith(VARIABLE)) {
            String name = variable.substring(VARIABLE.length()).toLowerCase(Locale.ROOT);
            given.put(name.replace('_', '-'), new String[] {text, variable});
          }
        });
    for (String property : properties.stringPropertyNames()) {
      if (property.startsWith(PROPERTY)) {
        String text = properties.getProperty(property);
        given.put(property.substring(PROPERTY.length()), new String[] {text, property});
      }
    }
    given.keySet().removeAll(OTHERS);
    for (Key key : ALL) {
      String @Nullable [] value = given.remove(key.name);
      if (value != null) {
        set(config, key.name, value[0], value[1]);
      }
    }
    given.forEach((name, value) -> set(config, name, value[0], value[1]));
  }
}
