package dev.terrarium.dspy;

import java.util.Objects;
import java.util.Optional;

/**
 * What a metric says of one output. Immutable.
 *
 * @param value the higher the better; optimizers take 1 for a perfect output and 0 for a failure
 * @param feedback what was right or wrong, for people and for optimizers that reflect on it
 */
public record Score(double value, Optional<String> feedback) {

  public Score {
    Objects.requireNonNull(feedback, "feedback");
  }

  /** Returns a score without feedback. */
  public static Score of(double value) {
    return new Score(value, Optional.empty());
  }

  /** Returns 1 for an output that is right, and 0 for one that is not. */
  public static Score of(boolean right) {
    return of(right ? 1 : 0);
  }

  /** Returns the same score with a feedback. */
  public Score withFeedback(String text) {
    return new Score(value, Optional.of(text));
  }
}
