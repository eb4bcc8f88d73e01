package dev.terrarium;

import dev.terrarium.spi.Shortcut;
import dev.terrarium.spi.TypedReader;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A command of a framework with its arguments, or a {@link Shortcut}, and the conversion of its
 * result. Immutable if the arguments are, since they are not copied.
 *
 * <pre>{@code
 * Counts counts = adapter.call(Command.of("count", Map.of("text", "to be")).as(Counts.class));
 * }</pre>
 *
 * @param <R> the type of the result
 */
public final class Command<R extends @Nullable Object> {

  private static final String SHORTCUT = "shortcut";

  private final String name;
  private final IntFunction<Map<String, ?>> arguments;
  private final @Nullable Shortcut shortcut;
  private final Function<? super @Nullable Object, ? extends R> reading;

  private Command(
      String name,
      IntFunction<Map<String, ?>> arguments,
      @Nullable Shortcut shortcut,
      Function<? super @Nullable Object, ? extends R> reading) {
    this.name = Objects.requireNonNull(name, "name");
    this.arguments = arguments;
    this.shortcut = shortcut;
    this.reading = reading;
  }

  /**
   * Returns a command whose arguments have names, and whose result is plain data.
   *
   * @param arguments the arguments by name, of types that can be converted: null, booleans,
   *     numbers, texts, bytes, dates and times, UUIDs, arrays of numbers, enums, records,
   *     collections and maps of all these, and {@link Callback} functions
   */
  public static Command<@Nullable Object> of(String name, Map<String, ?> arguments) {
    Objects.requireNonNull(arguments, "arguments");
    return new Command<>(name, maxBytes -> arguments, null, result -> result);
  }

  /**
   * Returns a command whose arguments are one encoded message, and whose result is a message of the
   * same format.
   *
   * @param message a map of the arguments by name. A call of the command fails with an {@link
   *     dev.terrarium.error.ArgumentException} when the message has more bytes than {@link
   *     TerrariumConfig#maxMessage()}, and with a {@link dev.terrarium.error.ConversionException}
   *     when the message is not of that format
   */
  public static Command<byte[]> of(String name, byte[] message, MessageFormat format) {
    Objects.requireNonNull(message, "message");
    return new Command<>(name, maxBytes -> format.read(message, maxBytes), null, format::write);
  }

  /**
   * Returns a command that runs a shortcut, which Java may answer without Python; the command's
   * result is the shortcut's.
   */
  public static Command<@Nullable Object> of(Shortcut shortcut) {
    Objects.requireNonNull(shortcut, "shortcut");
    return new Command<>(SHORTCUT, maxBytes -> Map.of(), shortcut, result -> result);
  }

  /**
   * Returns the same command with its result converted to a type, such as a record. The call fails
   * with a {@link dev.terrarium.error.ConversionException} when the result does not fit the type.
   */
  public <T> Command<T> as(Class<T> type) {
    return map(result -> TypedReader.read(result, type, "result"));
  }

  /**
   * Returns the same command with its result converted by a function; an exception that the
   * function throws fails the call. The function converts each piece of a stream, on the thread on
   * which the command runs.
   */
  public <T extends @Nullable Object> Command<T> map(Function<? super R, ? extends T> conversion) {
    return new Command<>(
        name, arguments, shortcut, result -> conversion.apply(reading.apply(result)));
  }

  /** Returns the command's name; the name of a shortcut is {@code shortcut}. */
  public String name() {
    return name;
  }

  /**
   * Returns the arguments by name; a shortcut has none.
   *
   * @param maxBytes the length of the longest message that is read
   * @throws dev.terrarium.error.ArgumentException when the message is longer
   * @throws dev.terrarium.error.ConversionException when the message is not of its format
   */
  public Map<String, ?> arguments(int maxBytes) {
    return arguments.apply(maxBytes);
  }

  /** Returns the shortcut, or null for a command of a framework. */
  public @Nullable Shortcut shortcut() {
    return shortcut;
  }

  /** Converts the plain data that the command returned, or one piece that the command yielded. */
  public R read(@Nullable Object plain) {
    return reading.apply(plain);
  }

  @Override
  public String toString() {
    return "Command[" + name + "]";
  }
}
