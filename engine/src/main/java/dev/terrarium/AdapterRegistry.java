package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.call.Calls;
import dev.terrarium.internal.call.FrameworkAdapter;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.spi.AdapterFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The adapters of a Terrarium, by framework and by type, each of which is made once. Thread-safe.
 */
final class AdapterRegistry {

  /** The number of service lines that cannot be used after which no further ones are read. */
  private static final int MAX_BROKEN = 100;

  private final FrameworkRegistry frameworks;
  private final Calls calls;
  private final Events events;
  private final ClassLoader loader;
  private final Map<String, Adapter> adapters = new ConcurrentHashMap<>();
  private final Map<Class<?>, AdapterFactory<?>> factories = new ConcurrentHashMap<>();
  private final Map<Class<?>, Object> typedAdapters = new ConcurrentHashMap<>();

  /**
   * Creates a registry without adapters, and adds the frameworks that the factories of the class
   * path bring.
   *
   * @param loader finds the factories on the class path
   * @param offered what it finds
   */
  AdapterRegistry(
      FrameworkRegistry frameworks,
      Calls calls,
      Events events,
      ClassLoader loader,
      List<AdapterFactory<?>> offered) {
    this.frameworks = frameworks;
    this.calls = calls;
    this.events = events;
    this.loader = loader;
    offered.forEach(frameworks::addFrameworkOf);
  }

  /**
   * Registers a typed facade, which takes precedence over those of the class path, and the
   * framework that it brings.
   *
   * @throws ConfigurationException when a facade of that class, or another framework of that name,
   *     is registered already
   */
  void register(AdapterFactory<?> factory) {
    frameworks.addFrameworkOf(factory);
    if (factories.putIfAbsent(factory.type(), factory) != null) {
      throw new ConfigurationException(
          "An adapter "
              + factory.type().getName()
              + " is registered, or in use, already: register it once, before its first use.");
    }
  }

  /** Returns the adapter of one framework. */
  Adapter get(String framework) {
    long begin = events.now();
    Adapter known = adapters.get(framework);
    Adapter adapter = known == null ? make(framework) : known;
    if (events.active()) {
      report(framework, known == null, begin);
    }
    return adapter;
  }

  private Adapter make(String framework) {
    return adapters.computeIfAbsent(
        framework,
        name -> new FrameworkAdapter(frameworks.get(name), calls, CallOptions.ofDefaults()));
  }

  /**
   * Returns the typed facade of that class.
   *
   * @throws ConfigurationException when no jar on the class path offers the facade
   */
  <A> A get(Class<A> type) {
    long begin = events.now();
    Object known = typedAdapters.get(type);
    Object adapter = known == null ? typedAdapters.computeIfAbsent(type, this::make) : known;
    if (events.active()) {
      report(factory(type).framework(), known == null, begin);
    }
    return type.cast(adapter);
  }

  private Object make(Class<?> type) {
    AdapterFactory<?> factory = factory(type);
    if (!frameworks.has(factory.framework())) {
      frameworks.addFrameworkOf(factory); // which only the facade's class loader sees
    }
    return factory.create(make(factory.framework()));
  }

  private AdapterFactory<?> factory(Class<?> type) {
    return factories.computeIfAbsent(type, this::findFactory);
  }

  private AdapterFactory<?> findFactory(Class<?> type) {
    Set<String> known = new TreeSet<>();
    factories.keySet().forEach(other -> known.add(other.getName()));
    List<String> broken = new ArrayList<>();
    for (AdapterFactory<?> factory : offered(ClassLoaders.joined(loader, type), broken::add)) {
      if (factory.type() == type) {
        return factory;
      }
      known.add(factory.type().getName());
    }
    throw new ConfigurationException(
        "No jar on the class path offers the adapter "
            + type.getName()
            + "; add the artifact that holds it as a dependency, or register its factory. Known: "
            + known
            + "."
            + (broken.isEmpty()
                ? ""
                : " Lines of META-INF/services/"
                    + AdapterFactory.class.getName()
                    + " that cannot be used: "
                    + String.join("; ", broken)
                    + "."));
  }

  /**
   * Returns the factories that a class loader finds. A line of a service file that cannot be used
   * is passed over, since it may be that of an adapter nobody asks for.
   *
   * @param broken gets what is wrong with such a line
   */
  static List<AdapterFactory<?>> offered(ClassLoader loader, Consumer<String> broken) {
    List<AdapterFactory<?>> found = new ArrayList<>();
    var lines = ServiceLoader.load(AdapterFactory.class, loader).iterator(); // raw, as the class is
    for (int failed = 0; failed < MAX_BROKEN; ) {
      try {
        if (!lines.hasNext()) {
          break;
        }
        found.add(lines.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        failed++;
        broken.accept(String.valueOf(e.getMessage()));
      }
    }
    return found;
  }

  private void report(String framework, boolean made, long begin) {
    events.emit(new TerrariumEvent.AdapterGet(framework, made, events.since(begin)));
  }
}
