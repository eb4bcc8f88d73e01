package dev.terrarium;

import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Java functions as arguments of a call, which Python code calls like its own, with positional
 * arguments, on the thread that it runs on. Arguments are read as the types given, as results are.
 * What a function throws is a {@code HostCallError} to Python, and itself again to the Java caller
 * when Python does not catch it. Stateless.
 *
 * <pre>{@code
 * HostFunction metric = Callback.of(Answer.class, Answer.class, (gold, given) -> gold.equals(given));
 * adapter.call("evaluate", Map.of("metric", metric));
 * }</pre>
 */
public final class Callback {

  private Callback() {}

  /** A function of no argument. */
  public static HostFunction of(Supplier<? extends @Nullable Object> function) {
    return arguments -> {
      checkCount(arguments, 0);
      return function.get();
    };
  }

  /** A function of one argument. */
  public static <A> HostFunction of(
      Class<A> first, Function<? super A, ? extends @Nullable Object> function) {
    return arguments -> {
      checkCount(arguments, 1);
      return function.apply(read(arguments, 0, first));
    };
  }

  /** A function of two arguments. */
  public static <A, B> HostFunction of(
      Class<A> first,
      Class<B> second,
      BiFunction<? super A, ? super B, ? extends @Nullable Object> function) {
    return arguments -> {
      checkCount(arguments, 2);
      return function.apply(read(arguments, 0, first), read(arguments, 1, second));
    };
  }

  private static <T> T read(List<@Nullable Object> arguments, int index, Class<T> type) {
    return TypedReader.read(arguments.get(index), type, "argument " + index);
  }

  private static void checkCount(List<?> arguments, int count) {
    if (arguments.size() != count) {
      throw new ConversionException(
          "arguments", "the function takes " + count + ", and was called with " + arguments.size());
    }
  }
}
