package dev.terrarium.internal.admission;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.AdmissionConfig;
import dev.terrarium.Stats.Admission.BreakerState;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.PythonException;
import dev.terrarium.internal.circuit.Circuit;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The circuit breaker of one framework. Thread-safe. */
final class Breaker {

  private final Circuit circuit;

  Breaker(String framework, AdmissionConfig.CircuitBreaker config, Ticker ticker) {
    this.circuit =
        new Circuit(
            "Framework '" + framework + "'",
            config.failures(),
            config.openFor(),
            config.trialCalls(),
            ticker);
  }

  /**
   * Throws while the circuit breaker is open, without changing its state.
   *
   * @throws CircuitOpenException until it is time for a trial
   */
  void check() {
    circuit.check();
  }

  /**
   * Admits a call, whose outcome must then be reported to {@link #exit}.
   *
   * @return whether the call is a trial
   * @throws CircuitOpenException when the circuit breaker is open, or enough trials are running
   */
  boolean enter() {
    return circuit.enter();
  }

  /** Records a call's outcome. */
  void exit(boolean trial, @Nullable Throwable failure) {
    switch (FrameworkVerdict.of(failure)) {
      case SUCCESS -> circuit.succeeded(trial);
      case FAILURE -> {
        Throwable thrown = Objects.requireNonNull(failure);
        circuit.failed(trial, type(thrown), thrown);
      }
      case NOTHING -> circuit.released(trial);
    }
  }

  private static String type(Throwable failure) {
    return failure instanceof PythonException raised
        ? raised.type()
        : failure.getClass().getSimpleName();
  }

  BreakerState state() {
    return switch (circuit.state()) {
      case OPEN -> BreakerState.OPEN;
      case HALF_OPEN -> BreakerState.HALF_OPEN;
      case CLOSED -> BreakerState.CLOSED;
    };
  }
}
