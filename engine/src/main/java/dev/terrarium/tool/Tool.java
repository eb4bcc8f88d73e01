package dev.terrarium.tool;

import dev.terrarium.MessageFormat;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.ToolException;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.spi.HostFunction;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A function that a language model may call: its name, its description, the JSON schema of its
 * parameters, and what runs. Immutable; thread-safe if the function is, since calls of all contexts
 * run it.
 *
 * <p>A tool runs on the thread of the context whose Python code calls it, and the context is held
 * meanwhile. That thread is interrupted when the call is stopped, as by its deadline. A tool may
 * call Terrarium, which then is a call within a call.
 *
 * <pre>{@code
 * record Query(@Describe("the product's name") String product) {}
 *
 * Tool price = Tool.of("price", "Returns a product's price.", Query.class, q -> shop.price(q.product()));
 * }</pre>
 *
 * @see Tools
 */
public final class Tool {

  /** What happens when a tool throws an exception. */
  public enum OnFailure {
    /** The language model reads the exception's message as the tool's result, and goes on. */
    OBSERVE,
    /** The call fails with a {@link ToolException}, whose cause is the tool's exception. */
    END_CALL
  }

  /**
   * The function of a tool. Must be thread-safe if several calls use the tool.
   *
   * @param <I> the type of the arguments
   */
  @FunctionalInterface
  public interface Body<I> {

    /**
     * Runs the tool.
     *
     * @return any value that Terrarium can convert, which the language model reads
     */
    @Nullable Object run(I arguments) throws Exception;
  }

  /** The key of what a tool returned, in what Python gets. */
  private static final String VALUE = "value";

  /** The key of the message of a failed tool, in what Python gets. */
  private static final String ERROR = "error";

  private static final int LONGEST_SCHEMA = 1 << 20;

  private final String name;
  private final String description;
  private final String parameters;
  private final OnFailure onFailure;

  /** Reads the arguments, and returns what then runs. */
  private final Function<Map<String, @Nullable Object>, Callable<@Nullable Object>> binding;

  private Tool(
      String name,
      String description,
      String parameters,
      OnFailure onFailure,
      Function<Map<String, @Nullable Object>, Callable<@Nullable Object>> binding) {
    this.name = Objects.requireNonNull(name, "name");
    this.description = Objects.requireNonNull(description, "description");
    this.parameters = Objects.requireNonNull(parameters, "parameters");
    this.onFailure = Objects.requireNonNull(onFailure, "onFailure");
    this.binding = binding;
    if (!ToolDefinition.isName(name)) {
      throw new ConfigurationException(
          "The name '"
              + name
              + "' of a tool is not of 1 to 64 letters, digits, '_' and '-'; services of language"
              + " models take no others.");
    }
  }

  /**
   * Returns a tool whose parameters are the components of a record, with their {@link
   * dev.terrarium.Describe} descriptions. What does not fit the record is reported to the language
   * model.
   *
   * @throws ConfigurationException when the name is not a tool's name
   * @throws ConversionException when a component's type cannot be a parameter, with its path
   */
  public static <I extends Record> Tool of(
      String name, String description, Class<I> arguments, Body<? super I> body) {
    Objects.requireNonNull(body, "body");
    Parameters parameters = Parameters.of(arguments);
    return new Tool(
        name,
        description,
        parameters.schema(),
        OnFailure.OBSERVE,
        given -> {
          I read = parameters.read(given, arguments);
          return () -> body.run(read);
        });
  }

  /**
   * Returns a tool whose parameters are described by a JSON schema, as those of other systems are.
   * The function gets the arguments as the language model wrote them, unchecked.
   *
   * @param parameters the text of a JSON schema of the type {@code object}
   * @throws ConfigurationException when the name is not a tool's name, or the text is no JSON
   *     object
   */
  public static Tool of(
      String name,
      String description,
      String parameters,
      Body<? super Map<String, @Nullable Object>> body) {
    Objects.requireNonNull(body, "body");
    try {
      MessageFormat.JSON.read(parameters.getBytes(StandardCharsets.UTF_8), LONGEST_SCHEMA);
    } catch (RuntimeException e) {
      throw new ConfigurationException(
          "The parameters of the tool '" + name + "' are not a JSON schema: " + e.getMessage(), e);
    }
    return new Tool(
        name, description, parameters, OnFailure.OBSERVE, given -> () -> body.run(given));
  }

  /** Returns a tool whose arguments a method takes in the order of its parameters. */
  static Tool of(
      String name, String description, Parameters parameters, Body<List<@Nullable Object>> body) {
    return new Tool(
        name,
        description,
        parameters.schema(),
        OnFailure.OBSERVE,
        arguments -> {
          List<@Nullable Object> values = parameters.read(arguments);
          return () -> body.run(values);
        });
  }

  /** Returns the name by which language models call the tool. */
  public String name() {
    return name;
  }

  /** Returns the description, for language models. */
  public String description() {
    return description;
  }

  /** Returns the JSON schema of the parameters, as text. */
  public String parameters() {
    return parameters;
  }

  /** Returns what happens when the tool throws an exception; {@code OBSERVE} by default. */
  public OnFailure onFailure() {
    return onFailure;
  }

  /** Returns the same tool, with another choice of what happens when it throws an exception. */
  public Tool onFailure(OnFailure choice) {
    return new Tool(name, description, parameters, choice, binding);
  }

  /** Returns the same tool under another name, such as where two tools have the same name. */
  public Tool named(String other) {
    return new Tool(other, description, parameters, onFailure, binding);
  }

  /**
   * Runs the tool on this thread.
   *
   * @param arguments by name, as a language model writes them: plain data
   * @throws ConversionException when the arguments do not fit the parameters
   * @throws CallInterruptedException when the tool's thread was interrupted
   * @throws ToolException when the tool throws any other exception, which is the cause
   */
  public @Nullable Object call(Map<String, ? extends @Nullable Object> arguments) {
    Callable<@Nullable Object> bound = binding.apply(new LinkedHashMap<>(arguments));
    try {
      return bound.call();
    } catch (InterruptedException e) {
      throw new CallInterruptedException("The tool '" + name + "' was interrupted.", e);
    } catch (CallInterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new ToolException(name, e);
    }
  }

  /**
   * Returns the function that Python code calls with a dict of the arguments; it returns a map with
   * either the tool's result or the message of a failure that the language model is to read.
   */
  HostFunction function() {
    return this::answer;
  }

  private Map<String, @Nullable Object> answer(List<@Nullable Object> positional) {
    Map<String, @Nullable Object> answer = new HashMap<>();
    try {
      answer.put(VALUE, call(named(positional)));
    } catch (ConversionException e) { // the language model's fault
      answer.put(ERROR, e.getMessage());
    } catch (ToolException e) {
      if (onFailure == OnFailure.END_CALL || e.getCause() instanceof NestedCallException) {
        throw e; // a language model can do nothing about a lack of contexts
      }
      answer.put(ERROR, e.reason());
    }
    return answer;
  }

  private static Map<String, @Nullable Object> named(List<@Nullable Object> positional) {
    Map<String, @Nullable Object> named = new LinkedHashMap<>();
    if (positional.size() != 1 || !(positional.getFirst() instanceof Map<?, ?> arguments)) {
      throw new ConversionException("arguments", "expected one dict, found " + positional);
    }
    arguments.forEach((key, value) -> named.put(String.valueOf(key), value));
    return named;
  }

  @Override
  public String toString() {
    return "Tool[" + name + "]";
  }
}
