package dev.terrarium;

import dev.terrarium.error.CallInterruptedException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of one of many calls. Immutable.
 *
 * <pre>{@code
 * switch (result) {
 *   case CallResult.Success(var value) -> use(value);
 *   case CallResult.Failure(var error) -> log(error);
 *   case CallResult.Skipped() -> later();
 * }
 * }</pre>
 *
 * @param <T> the type of the call's result
 */
public sealed interface CallResult<T extends @Nullable Object> {

  /** The outcome of a call that returned a result. */
  record Success<T extends @Nullable Object>(T result) implements CallResult<T> {
    @Override
    public T value() {
      return result;
    }
  }

  /** The outcome of a call that failed, with the exception that a single call would have thrown. */
  record Failure<T extends @Nullable Object>(RuntimeException error) implements CallResult<T> {
    @Override
    public T value() {
      throw error;
    }
  }

  /**
   * The outcome of a call that was not run, because an earlier one failed and the caller had asked
   * to stop at the first failure.
   */
  record Skipped<T extends @Nullable Object>() implements CallResult<T> {
    @Override
    public T value() {
      throw new CallInterruptedException("The call was not run, because one before it failed.");
    }
  }

  /**
   * Runs a call and returns its outcome.
   *
   * @throws CallInterruptedException when the call is being stopped
   */
  static <T extends @Nullable Object> CallResult<T> of(Supplier<T> call) {
    try {
      return new Success<>(call.get());
    } catch (CallInterruptedException e) {
      throw e; // an interruption stops all the other calls as well
    } catch (RuntimeException e) {
      return new Failure<>(e);
    }
  }

  /**
   * Returns the result of a success.
   *
   * @throws RuntimeException the failure's error; {@link CallInterruptedException} when the call
   *     was skipped
   */
  T value();

  /** Returns whether the call succeeded, and so has a result. */
  default boolean isSuccess() {
    return this instanceof Success;
  }

  /**
   * Returns this outcome with its result converted; when the conversion throws, the outcome is a
   * failure.
   */
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
