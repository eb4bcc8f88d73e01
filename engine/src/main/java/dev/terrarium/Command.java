package dev.terrarium;

import dev.terrarium.spi.Shortcut;
import dev.terrarium.spi.TypedReader;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a call runs, and how its result is read: a command of a framework with its arguments, or a
 * {@link Shortcut}. Immutable, as far as the arguments are; they are not copied.
 *
 * <pre>{@code
 * Counts counts = adapter.call(Command.of("count", Map.of("text", "to be")).as(Counts.class));
 * }</pre>
 *
 * @param <R> the result
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
   * Returns a command with arguments by name; its result is plain data.
   *
   * @param arguments values that can cross: null, booleans, numbers, texts, bytes, dates and times,
   *     UUIDs, arrays of numbers, enums, records, collections and maps of these, and {@link
   *     Callback} functions
   */
  public static Command<@Nullable Object> of(String name, Map<String, ?> arguments) {
    Objects.requireNonNull(arguments, "arguments");
    return new Command<>(name, maxBytes -> arguments, null, result -> result);
  }

  /**
   * Returns a command whose arguments are a message, and whose result is one of the same format.
   *
   * @param message a map of the arguments by name. A call of it fails with an {@link
   *     dev.terrarium.error.ArgumentException} when it has more bytes than {@link
   *     TerrariumConfig#maxMessage()}, and with a {@link dev.terrarium.error.ConversionException}
   *     when it is not of that format
   */
  public static Command<byte[]> of(String name, byte[] message, MessageFormat format) {
    Objects.requireNonNull(message, "message");
    return new Command<>(name, maxBytes -> format.read(message, maxBytes), null, format::write);
  }

  /** Returns a command that Java may answer by itself; its result is what that answers. */
  public static Command<@Nullable Object> of(Shortcut shortcut) {
    Objects.requireNonNull(shortcut, "shortcut");
    return new Command<>(SHORTCUT, maxBytes -> Map.of(), shortcut, result -> result);
  }

  /**
   * Returns the same command, whose result is read as a type, such as a record; {@link
   * dev.terrarium.error.ConversionException} is thrown where it does not fit.
   */
  public <T> Command<T> as(Class<T> type) {
    return map(result -> TypedReader.read(result, type, "result"));
  }

  /**
   * Returns the same command, whose result a function converts; what the function throws fails the
   * call. The function converts each piece of a stream, where the command runs.
   */
  public <T extends @Nullable Object> Command<T> map(Function<? super R, ? extends T> conversion) {
    return new Command<>(
        name, arguments, shortcut, result -> conversion.apply(reading.apply(result)));
  }

  /** Returns the command's name; that of a shortcut is {@code shortcut}. */
  public String name() {
    return name;
  }

  /**
   * Returns the arguments by name; those of a shortcut are empty.
   *
   * @param maxBytes the longest message that is read
   * @throws dev.terrarium.error.ArgumentException when the message is longer
   * @throws dev.terrarium.error.ConversionException when the message is not of its format
   */
  public Map<String, ?> arguments(int maxBytes) {
    return arguments.apply(maxBytes);
  }

  /** Returns the shortcut; null for a command of a framework. */
  public @Nullable Shortcut shortcut() {
    return shortcut;
  }

  /** Reads the plain data that the command returned, or one piece that it yielded. */
  public R read(@Nullable Object plain) {
    return reading.apply(plain);
  }

  @Override
  public String toString() {
    return "Command[" + name + "]";
  }
}
