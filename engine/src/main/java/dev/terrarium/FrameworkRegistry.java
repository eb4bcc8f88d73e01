package dev.terrarium;

import dev.terrarium.error.AccessException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.UnknownFrameworkException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.PythonPackages;
import dev.terrarium.internal.value.Suggestion;
import dev.terrarium.spi.AdapterFactory;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The frameworks of a Terrarium by name, each of which is given out only within the access that the
 * Terrarium grants. Thread-safe.
 */
final class FrameworkRegistry {

  private final AccessProfile ceiling;
  private final Set<String> configured;
  private final PythonPackages packages;
  private final Map<String, BridgeSource> frameworks = new ConcurrentHashMap<>();
  private final AtomicBoolean settingsChecked = new AtomicBoolean();

  /**
   * Creates a registry with the frameworks of the class path.
   *
   * @param ceiling the most access that a framework may declare
   * @param configured the names of frameworks that have settings
   */
  FrameworkRegistry(AccessProfile ceiling, Set<String> configured, PythonPackages packages) {
    this.ceiling = ceiling;
    this.configured = configured;
    this.packages = packages;
    packages.frameworks().forEach(framework -> frameworks.put(framework.name(), framework));
  }

  /**
   * Registers a framework of the user's own.
   *
   * @throws ConfigurationException when a framework of that name is registered already, or its
   *     packages are not on the class path or have two versions of one
   * @throws AccessException when the framework declares more access than the ceiling
   */
  void register(Framework framework) {
    BridgeSource source = granted(source(framework));
    if (frameworks.putIfAbsent(framework.name(), source) != null) {
      throw new ConfigurationException(
          "A framework named '"
              + framework.name()
              + "' is registered already: register it once, or under another name.");
    }
  }

  /**
   * Adds the framework that an adapter brings as one Python file, if it does.
   *
   * @throws ConfigurationException when there is another framework of that name
   */
  void addFrameworkOf(AdapterFactory<?> factory) {
    Framework.of(factory)
        .map(this::source)
        .ifPresent(
            source -> {
              BridgeSource known = frameworks.putIfAbsent(source.name(), source);
              if (known != null && !known.equals(source)) {
                throw new ConfigurationException(
                    "The adapter "
                        + factory.type().getName()
                        + " brings a framework named '"
                        + source.name()
                        + "', and there is another one of that name: keep one of them on the class"
                        + " path, or register one of them.");
              }
            });
  }

  /** Returns whether there is a framework of that name. */
  boolean has(String name) {
    return frameworks.containsKey(name);
  }

  /**
   * Returns the framework of that name.
   *
   * @throws UnknownFrameworkException when no framework has that name; the exception lists the
   *     known names
   * @throws AccessException when the framework declares more access than the ceiling
   */
  BridgeSource get(String name) {
    if (!settingsChecked.get() && settingsChecked.compareAndSet(false, true)) {
      checkSettings();
    }
    BridgeSource source = frameworks.get(name);
    if (source == null) {
      throw new UnknownFrameworkException(name, frameworks.keySet());
    }
    return granted(source);
  }

  /** Returns the names of all frameworks. */
  Set<String> names() {
    return frameworks.keySet();
  }

  /**
   * Logs the names of frameworks that have settings but are not registered. The check is not made
   * at the start, since users register their frameworks after it.
   */
  private void checkSettings() {
    for (String name : configured) {
      if (!frameworks.containsKey(name)) {
        System.getLogger("terrarium.config")
            .log(
                Level.WARNING,
                "The configuration has settings for a framework '"
                    + name
                    + "', which is not there"
                    + Suggestion.to(name, frameworks.keySet())
                        .map(near -> "; did you mean '" + near + "'?")
                        .orElse(".")
                    + " Known frameworks: "
                    + String.join(", ", new TreeSet<>(frameworks.keySet()))
                    + ".");
      }
    }
  }

  /**
   * Returns the source of a framework with its packages.
   *
   * @throws ConfigurationException when these are not there, or have two versions of one package
   */
  private BridgeSource source(Framework framework) {
    return framework.source(ceiling, packages.set(framework.name(), framework.packages()));
  }

  private BridgeSource granted(BridgeSource source) {
    if (!ceiling.grants(source.profile())) {
      throw new AccessException(
          "Framework '"
              + source.name()
              + "' declares the access profile "
              + source.profile().word()
              + ", and this Terrarium grants no more than "
              + ceiling.word()
              + ". Raise it by TerrariumConfig.custom().access(AccessProfile."
              + source.profile()
              + "), or use a framework that needs less.");
    }
    return source;
  }
}
