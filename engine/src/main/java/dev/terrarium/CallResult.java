package dev.terrarium;

import dev.terrarium.error.CallInterruptedException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How one of many calls ended. Immutable.
 *
 * <pre>{@code
 * switch (result) {
 *   case CallResult.Success(var value) -> use(value);
 *   case CallResult.Failure(var error) -> log(error);
 *   case CallResult.Skipped() -> later();
 * }
 * }</pre>
 *
 * @param <T> what the call results in
 */
public sealed interface CallResult<T extends @Nullable Object> {

  /** It ended with this value. */
  record Success<T extends @Nullable Object>(T result) implements CallResult<T> {
    @Override
    public T value() {
      return result;
    }
  }

  /** It failed with what a call of its own would have thrown. */
  record Failure<T extends @Nullable Object>(RuntimeException error) implements CallResult<T> {
    @Override
    public T value() {
      throw error;
    }
  }

  /** It was not run, because one before it failed and the caller wanted to stop then. */
  record Skipped<T extends @Nullable Object>() implements CallResult<T> {
    @Override
    public T value() {
      throw new CallInterruptedException("The call was not run, because one before it failed.");
    }
  }

  /**
   * How the call ends.
   *
   * @throws CallInterruptedException when it is being stopped
   */
  static <T extends @Nullable Object> CallResult<T> of(Supplier<T> call) {
    try {
      return new Success<>(call.get());
    } catch (CallInterruptedException e) {
      throw e; // so are all the others then
    } catch (RuntimeException e) {
      return new Failure<>(e);
    }
  }

  /**
   * The value of a success.
   *
   * @throws RuntimeException the failure's error; {@link CallInterruptedException} when skipped
   */
  T value();

  /** Whether there is a value. */
  default boolean isSuccess() {
    return this instanceof Success;
  }

  /** The same with the value converted; a conversion that throws makes it a failure. */
  default <R extends @Nullable Object> CallResult<R> map(Function<? super T, ? extends R> convert) {
    return switch (this) {
      case Success<T>(T result) -> {
        try {
          yield new Success<>(convert.apply(result));
        } catch (RuntimeException e) {
          yield new Failure<>(e);
        }
      }
      case Failure<T>(RuntimeException error) -> new Failure<>(error);
      case Skipped<T> skipped -> new Skipped<>();
    };
  }
}
