package dev.terrarium.internal.admission;

import dev.terrarium.error.AccessException;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.error.SessionBusyException;
import dev.terrarium.error.StreamIdleException;
import dev.terrarium.error.TruncatedAnswerException;
import dev.terrarium.error.UnknownCommandException;
import org.jspecify.annotations.Nullable;

/**
 * The conclusion from the end of a call about its framework.
 *
 * <table>
 * <caption>Verdicts by the end of the call</caption>
 * <tr><td>a result</td><td>success</td></tr>
 * <tr><td>the caller's own input: {@link ArgumentException}, {@link UnknownCommandException},
 *     {@link ConversionException} of an argument, {@link AccessException}</td>
 *     <td>nothing</td></tr>
 * <tr><td>the caller's own wish or fault: {@link CallInterruptedException} (cancelled or
 *     interrupted), {@link StreamIdleException}, {@link NestedCallException}, {@link
 *     SessionBusyException}, {@link ClosedException}, {@link TruncatedAnswerException}</td>
 *     <td>nothing</td></tr>
 * <tr><td>a refusal: {@link CircuitOpenException}, {@link OverloadException}, {@link
 *     BudgetExceededException}, {@link LimitExceededException}</td><td>nothing</td></tr>
 * <tr><td>anything else: an exception of Python or of a language model, {@link
 *     ConversionException} of a result, a load, a deadline or a wait for a context that failed, an
 *     internal error</td><td>failure</td></tr>
 * </table>
 *
 * <p>A batch is a success when one of its commands is; otherwise the verdict on a batch is that on
 * its first failure.
 */
public enum FrameworkVerdict {
  /** The framework works. */
  SUCCESS,
  /** The framework does not work. */
  FAILURE,
  /** The call says nothing about the framework. */
  NOTHING;

  /** The root of the path to an argument, as the marshaller names it. */
  private static final String ARGUMENTS = "args";

  /**
   * Returns the verdict on a call.
   *
   * @param failure the exception with which the call failed, or null for a result
   */
  public static FrameworkVerdict of(@Nullable Throwable failure) {
    return switch (failure) {
      case null -> SUCCESS;
      case ArgumentException input -> NOTHING;
      case UnknownCommandException input -> NOTHING;
      case ConversionException input when input.path().startsWith(ARGUMENTS) -> NOTHING;
      case AccessException input -> NOTHING;
      case CallInterruptedException wish -> NOTHING;
      case StreamIdleException fault -> NOTHING;
      case NestedCallException fault -> NOTHING;
      case TruncatedAnswerException limit -> NOTHING;
      case SessionBusyException fault -> NOTHING;
      case ClosedException wish -> NOTHING;
      case CircuitOpenException refusal -> NOTHING;
      case OverloadException refusal -> NOTHING;
      case BudgetExceededException refusal -> NOTHING;
      case LimitExceededException refusal -> NOTHING;
      default -> FAILURE;
    };
  }
}
