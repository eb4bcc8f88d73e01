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
 * Factory methods for callbacks: Java functions that are arguments of a call. Python code calls a
 * callback like a Python function, with positional arguments, on the thread on which the Python
 * code runs. The callback's arguments are converted to the given classes as results are. An
 * exception that the callback throws is a {@code HostCallError} in Python; when Python does not
 * catch it, the Java caller gets the original exception. Stateless.
 *
 * <pre>{@code
 * HostFunction metric = Callback.of(Answer.class, Answer.class, (gold, given) -> gold.equals(given));
 * adapter.call("evaluate", Map.of("metric", metric));
 * }</pre>
 */
public final class Callback {

  private Callback() {}

  /** Returns a callback without parameters. */
  public static HostFunction of(Supplier<? extends @Nullable Object> function) {
    return arguments -> {
      checkCount(arguments, 0);
      return function.get();
    };
  }

  /** Returns a callback with one parameter. */
  public static <A> HostFunction of(
      Class<A> first, Function<? super A, ? extends @Nullable Object> function) {
    return arguments -> {
      checkCount(arguments, 1);
      return function.apply(read(arguments, 0, first));
    };
  }

  /** Returns a callback with two parameters. */
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
