package dev.terrarium.internal.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.AccessException;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConnectionException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.SessionBusyException;
import dev.terrarium.error.StreamIdleException;
import dev.terrarium.error.TruncatedAnswerException;
import dev.terrarium.error.UnknownCommandException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests of the table of outcomes, row by row. */
class FrameworkVerdictTest {

  @Test
  void resultIsASuccess() {
    assertThat(FrameworkVerdict.of(null)).isEqualTo(FrameworkVerdict.SUCCESS);
  }

  static Stream<Throwable> input() {
    return Stream.of(
        new ArgumentException("unknown argument"),
        new UnknownCommandException("words", "cuont", "count", List.of("count")),
        new ConversionException("args", "cannot cross"),
        new ConversionException("args.inputs[3]", "cannot cross"),
        new AccessException("not granted"));
  }

  static Stream<Throwable> wishesAndFaults() {
    return Stream.of(
        new CallInterruptedException("cancelled"),
        new StreamIdleException("not read"),
        new NestedCallException("would wait for itself"),
        new TruncatedAnswerException("cut off", "Rain", 8, null),
        new SessionBusyException("an earlier turn lasts"),
        new ClosedException("closed"));
  }

  static Stream<Throwable> refusals() {
    return Stream.of(
        new CircuitOpenException("open"),
        new OverloadException("full"),
        new BudgetExceededException("used up"),
        new LimitExceededException("as much as it may"));
  }

  @ParameterizedTest
  @MethodSource({"input", "wishesAndFaults", "refusals"})
  void exceptionsOfTheCallerSayNothingAboutTheFramework(Throwable failure) {
    assertThat(FrameworkVerdict.of(failure)).isEqualTo(FrameworkVerdict.NOTHING);
  }

  static Stream<Throwable> failures() {
    return Stream.of(
        new PythonException("ValueError", "no", List.of(), null),
        new ModelException("no model"),
        new ConnectionException("not reached", null),
        new ConversionException("result", "cannot cross"),
        new ConversionException("item", "None"),
        new FrameworkLoadException("no module"),
        new LoadTimeoutException("not loaded"),
        new CallTimeoutException("too late"),
        new BorrowTimeoutException("none free"),
        new IllegalStateException("unexpected"),
        new OutOfMemoryError());
  }

  @ParameterizedTest
  @MethodSource("failures")
  void everyOtherExceptionIsAFailure(Throwable failure) {
    assertThat(FrameworkVerdict.of(failure)).isEqualTo(FrameworkVerdict.FAILURE);
  }
}
