package dev.terrarium.dspy;

import dev.terrarium.PythonSource;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The status messages of a stream, which say what a program does now: {@code dspy.streamify}'s
 * {@code StatusMessageProvider}. Thread-safe if the function is.
 */
public final class StatusMessages {

  /** What starts or ends. */
  public enum Kind {
    MODULE_START,
    MODULE_END,
    LM_START,
    LM_END,
    TOOL_START,
    TOOL_END
  }

  /**
   * The start or the end of a module, a request to a language model, or a tool.
   *
   * @param name a module's name in its program ({@code self} for the program itself), the language
   *     model's name ({@code default} for the default one), or the tool's
   * @param content plain data: the inputs by name at a start, and the outputs at an end, where it
   *     is null after a failure
   */
  public record Moment(Kind kind, String name, @Nullable Object content) {}

  private final Object argument;

  private StatusMessages(Object argument) {
    this.argument = argument;
  }

  /** Returns the messages that DSPy has by default, which are of tools. */
  public static StatusMessages ofDefaults() {
    return new StatusMessages(true);
  }

  /**
   * Returns messages that a function makes. An exception of the function leaves the message out,
   * with a warning in the log.
   *
   * @param function returns a message, or empty for none; called on the thread on which the program
   *     runs
   */
  public static StatusMessages of(Function<Moment, Optional<String>> function) {
    Objects.requireNonNull(function, "function");
    HostFunction called =
        arguments ->
            function
                .apply(
                    new Moment(
                        Kind.valueOf(text(arguments, 0).toUpperCase(Locale.ROOT)),
                        text(arguments, 1),
                        arguments.get(2)))
                .orElse(null);
    return new StatusMessages(called);
  }

  /**
   * Returns messages that a class of Python code makes.
   *
   * @param className a subclass of {@code dspy.streaming.StatusMessageProvider}, made without
   *     arguments
   */
  public static StatusMessages of(PythonSource source, String className) {
    return new StatusMessages(Map.of("source", source, "class", className));
  }

  private static String text(List<@Nullable Object> arguments, int index) {
    return TypedReader.read(arguments.get(index), String.class, "argument " + index);
  }

  /** Returns the argument of the bridge's commands. */
  Object argument() {
    return argument;
  }
}
