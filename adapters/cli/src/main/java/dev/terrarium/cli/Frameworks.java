package dev.terrarium.cli;

import dev.terrarium.Terrarium;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.AdapterFactory.Answerer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The frameworks that have an adapter on the class path, sorted by name. Stateless. */
final class Frameworks implements Iterable<String>, IDefaultValueProvider {

  /** The option that names a framework; its candidates and its default value are those of here. */
  static final String OPTION = "--framework";

  private static final String PREFERRED = "dspy";

  /** Returns the factories of adapters, by the framework's name. */
  private static SortedMap<String, List<AdapterFactory<?>>> factories() {
    SortedMap<String, List<AdapterFactory<?>>> factories = new TreeMap<>();
    for (AdapterFactory<?> factory :
        ServiceLoader.load(AdapterFactory.class, ClassLoaders.ofContextAnd(Terrarium.class))) {
      factories.computeIfAbsent(factory.framework(), name -> new ArrayList<>()).add(factory);
    }
    return factories;
  }

  /** Returns the names of the frameworks. */
  @Override
  public Iterator<String> iterator() {
    return factories().keySet().iterator();
  }

  /** Returns whether a framework has an adapter. */
  static boolean contains(String name) {
    return factories().containsKey(name);
  }

  /** Returns the preferred framework, or the first one where that is not there. */
  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || !option.longestName().equals(OPTION)) {
      return null; // the annotation's
    }
    SortedMap<String, List<AdapterFactory<?>>> factories = factories();
    return factories.containsKey(PREFERRED) || factories.isEmpty()
        ? PREFERRED
        : factories.firstKey();
  }

  /**
   * Returns a framework's program that answers questions; empty when no adapter of the framework
   * has one.
   */
  static Optional<Answerer> answerer(Terrarium terrarium, String name, int maxTokens) {
    return factories().getOrDefault(name, List.of()).stream()
        .flatMap(factory -> answerer(terrarium, factory, maxTokens).stream())
        .findFirst();
  }

  private static <A> Optional<Answerer> answerer(
      Terrarium terrarium, AdapterFactory<A> factory, int maxTokens) {
    return factory.answerer(terrarium.adapter(factory.type()), maxTokens);
  }
}
