package dev.terrarium.tool;

import dev.terrarium.Adapter;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The tools that a program may call, each of which has a name of its own. Immutable; thread-safe if
 * the tools are.
 *
 * <pre>{@code
 * final class Shop {
 *   @ToolMethod("Returns the price of a product in euros.")
 *   BigDecimal price(@Describe("the product's name") String product) { ... }
 * }
 *
 * Tools tools = Tools.of(new Shop());
 * }</pre>
 */
public final class Tools {

  private final Map<String, Tool> byName;

  private Tools(Map<String, Tool> byName) {
    this.byName = byName;
  }

  /**
   * Returns tools from several sources, in the order of the sources. A source is a {@link Tool},
   * other {@link Tools}, an {@link Iterable} of sources, or an object of the caller's with {@link
   * ToolMethod} methods, which become tools in the order of their names.
   *
   * @throws ConfigurationException when two tools have the same name, an object has no such method,
   *     or a method cannot be a tool
   * @throws dev.terrarium.error.ConversionException when the type of a parameter cannot cross, with
   *     the path to it
   */
  public static Tools of(Object... sources) {
    Map<String, Tool> byName = new LinkedHashMap<>();
    Map<String, String> origins = new LinkedHashMap<>();
    for (Object source : sources) {
      add(Objects.requireNonNull(source, "source"), byName, origins);
    }
    return new Tools(byName);
  }

  private static void add(Object source, Map<String, Tool> byName, Map<String, String> origins) {
    switch (source) {
      case Tool tool -> add(tool, "a Tool", byName, origins);
      case Tools tools -> tools.list().forEach(tool -> add(tool, byName, origins));
      case Iterable<?> each -> each.forEach(one -> add(one, byName, origins));
      case Object[] each -> Arrays.asList(each).forEach(one -> add(one, byName, origins));
      default ->
          ToolMethods.of(source)
              .forEach(found -> add(found.tool(), found.origin(), byName, origins));
    }
  }

  private static void add(
      Tool tool, String origin, Map<String, Tool> byName, Map<String, String> origins) {
    Tool other = byName.putIfAbsent(tool.name(), tool);
    if (other != null) {
      throw new ConfigurationException(
          "Two tools have the name '"
              + tool.name()
              + "': "
              + origins.get(tool.name())
              + " and "
              + origin
              + ". Give one another name by @ToolMethod(name = ...) or Tool.named(...).");
    }
    origins.put(tool.name(), origin);
  }

  /**
   * Returns commands of a framework as tools, such as Python functions of one's own: a command's
   * docstring is the description, and the annotations of its parameters are the schema. The tools
   * run as calls within the call whose model asks for them.
   *
   * @param adapter the adapter that makes the calls, with its options
   * @throws dev.terrarium.error.ArgumentException when the framework has no command of a name, or
   *     the type of a parameter has no JSON schema
   */
  public static Tools commands(Adapter adapter, String... commands) {
    Object described = adapter.call("describe_tools", Map.of("commands", List.of(commands)));
    List<Tool> tools = new ArrayList<>();
    for (Described each : TypedReader.read(described, Described[].class, "result")) {
      tools.add(
          Tool.of(
              each.name(),
              each.description(),
              each.parameters(),
              arguments -> adapter.call(each.name(), arguments)));
    }
    return of(tools);
  }

  /** What a framework says of a command. */
  private record Described(String name, String description, String parameters) {}

  /** Returns the tools in order. */
  public List<Tool> list() {
    return List.copyOf(byName.values());
  }

  /**
   * Returns what language models are told of the tools, as plain data for a program's spec: {@code
   * {"name", "description", "parameters"}} of each, where the parameters are the text of a JSON
   * schema.
   */
  public List<Map<String, Object>> definitions() {
    List<Map<String, Object>> definitions = new ArrayList<>();
    for (Tool tool : byName.values()) {
      Map<String, Object> definition = new LinkedHashMap<>();
      definition.put("name", tool.name());
      definition.put("description", tool.description());
      definition.put("parameters", tool.parameters());
      definitions.add(definition);
    }
    return definitions;
  }

  /**
   * Returns the functions by name, as an argument of a call: Python's {@code
   * terrarium.bridge.tools} calls them with a dict of the arguments.
   */
  public Map<String, HostFunction> functions() {
    Map<String, HostFunction> functions = new LinkedHashMap<>();
    byName.forEach((name, tool) -> functions.put(name, tool.function()));
    return functions;
  }

  @Override
  public String toString() {
    return "Tools" + byName.keySet();
  }
}
