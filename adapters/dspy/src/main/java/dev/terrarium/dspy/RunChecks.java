package dev.terrarium.dspy;

import dev.terrarium.error.ConfigurationException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Checks of what the options of evaluations and optimizations have in common. Stateless. */
final class RunChecks {

  private RunChecks() {}

  static void threads(OptionalInt threads) {
    threads.ifPresent(number -> count("threads", number));
  }

  static void count(String name, long count) {
    if (count < 1) {
      throw new ConfigurationException(name + ": " + count + " is below 1");
    }
  }

  static void deadline(Optional<Duration> deadline) {
    if (deadline.isPresent() && !deadline.get().isPositive()) {
      throw new ConfigurationException("deadline: " + deadline.get() + " is not above zero");
    }
  }
}
