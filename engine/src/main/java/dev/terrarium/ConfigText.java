package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.value.Suggestion;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A reader of the configuration keys that stand in environment variables and system properties. */
final class ConfigText {

  private static final String PROPERTY = "terrarium.";
  private static final String VARIABLE = "TERRARIUM_";

  /** The prefix of a key of one framework: {@code frameworks.NAME.KEY}. */
  private static final String FRAMEWORKS = "frameworks.";

  /**
   * Names that begin like configuration keys but belong to the launcher or to the command line's
   * process.
   */
  private static final Set<String> OTHERS =
      Set.of("debug", "java-home", "jdks", "jit", "terminal", "trace");

  private record Target(ConfigKey key, @Nullable String framework, String text, String source) {
    void set(TerrariumConfig.Builder config) {
      key.set(config, framework, text, source);
    }
  }

  private ConfigText() {}

  /**
   * Sets values by their keys, in the order in which the configuration needs them.
   *
   * @throws ConfigurationException when a key does not exist, or a text is not a permitted value
   */
  static void set(TerrariumConfig.Builder config, Map<String, String> values) {
    List<Target> targets = new ArrayList<>();
    values.forEach((name, text) -> targets.add(target(name, text, name)));
    setInOrder(config, targets);
  }

  /**
   * Sets everything that the environment variables configure, and then everything that the system
   * properties configure. A variable that begins like Terrarium's and resembles no key belongs to
   * somebody else, such as the variables that a cluster sets for a service of that name; it is
   * logged.
   *
   * @throws ConfigurationException for a property that is not a key, a variable that is nearly a
   *     key, and a value that is not permitted
   */
  static void setAll(
      TerrariumConfig.Builder config, Map<String, String> variables, Properties properties) {
    Map<String, Target> given = new LinkedHashMap<>();
    variables.forEach(
        (variable, text) -> {
          if (variable.startsWith(VARIABLE) && mayBeOurs(variable)) {
            add(given, nameOf(variable), text, variable);
          }
        });
    for (String property : properties.stringPropertyNames()) {
      if (property.startsWith(PROPERTY)) {
        String name = property.substring(PROPERTY.length());
        add(given, name, properties.getProperty(property), property);
      }
    }
    setInOrder(config, given.values());
  }

  private static void setInOrder(TerrariumConfig.Builder config, Collection<Target> targets) {
    targets.stream()
        .sorted(
            Comparator.comparing((Target target) -> target.framework != null)
                .thenComparing(target -> ConfigKeys.ALL.indexOf(target.key)))
        .forEach(target -> target.set(config));
  }

  private static boolean mayBeOurs(String variable) {
    String name = nameOf(variable);
    boolean ours =
        name.startsWith(FRAMEWORKS)
            || OTHERS.contains(name)
            || nearest(name).isPresent()
            || isNearlyOfAFramework(name);
    if (!ours) {
      System.getLogger("terrarium.config")
          .log(Level.WARNING, variable + " is no key of the configuration and is passed over.");
    }
    return ours;
  }

  /** Returns whether the name consists of a possible framework's name and what is nearly a key. */
  private static boolean isNearlyOfAFramework(String name) {
    String prefix = FRAMEWORKS.replace('.', '-');
    if (!name.startsWith(prefix)) {
      return false;
    }
    for (int end = name.indexOf('-', prefix.length()); end > 0; end = name.indexOf('-', end + 1)) {
      if (nearest(name.substring(end + 1)).isPresent()) {
        return true;
      }
    }
    return false;
  }

  private static Optional<String> nearest(String name) {
    return Suggestion.to(name, ConfigKeys.ALL.stream().map(ConfigKey::name).toList());
  }

  private static void add(Map<String, Target> given, String name, String text, String source) {
    if (!OTHERS.contains(name)) {
      given.put(name, target(name, text, source));
    }
  }

  /**
   * Returns the name of the key that a variable sets; the variable has underscores for hyphens and
   * dots.
   */
  private static String nameOf(String variable) {
    String name = variable.substring(VARIABLE.length()).toLowerCase(Locale.ROOT).replace('_', '-');
    String prefix = FRAMEWORKS.replace('.', '-');
    for (ConfigKey key : ConfigKeys.ALL) {
      String suffix = "-" + key.name();
      if (name.startsWith(prefix)
          && name.endsWith(suffix)
          && name.length() > prefix.length() + suffix.length()) {
        String framework = name.substring(prefix.length(), name.length() - suffix.length());
        return FRAMEWORKS + framework.replace('-', '_') + "." + key.name();
      }
    }
    return name;
  }

  private static Target target(String name, String text, String source) {
    String framework = null;
    String wanted = name;
    int dot = name.indexOf('.', FRAMEWORKS.length());
    if (name.startsWith(FRAMEWORKS) && dot > 0) {
      framework = name.substring(FRAMEWORKS.length(), dot);
      wanted = name.substring(dot + 1);
    }
    for (ConfigKey key : ConfigKeys.ALL) {
      if (key.name().equals(wanted) && (framework == null || key.perFramework())) {
        return new Target(key, framework, text, source);
      }
    }
    throw unknown(wanted, framework, source);
  }

  private static ConfigurationException unknown(
      String name, @Nullable String framework, String source) {
    List<String> names =
        ConfigKeys.ALL.stream()
            .filter(key -> framework == null || key.perFramework())
            .map(ConfigKey::name)
            .toList();
    return new ConfigurationException(
        source
            + " is no key of the configuration"
            + (framework == null ? "" : " of one framework")
            + Suggestion.to(name, names)
                .map(near -> "; did you mean " + inPlaceOf(name, near, source) + "?")
                .orElse(". Known keys: " + String.join(", ", names) + "."));
  }

  /** Returns the source with the key's name replaced, in the form that the source has. */
  private static String inPlaceOf(String name, String near, String source) {
    String key =
        source.startsWith(VARIABLE) ? near.toUpperCase(Locale.ROOT).replace('-', '_') : near;
    return source.substring(0, Math.max(0, source.length() - name.length())) + key;
  }
}
