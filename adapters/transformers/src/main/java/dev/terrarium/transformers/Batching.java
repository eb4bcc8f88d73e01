package dev.terrarium.transformers;

import dev.terrarium.error.ConfigurationException;
import java.time.Duration;

/**
 * The bounds within which texts of concurrent callers are computed together. Immutable.
 *
 * <p>A model computes one batch at a time. Texts that arrive meanwhile wait, and the next batch has
 * the text that waited longest with other waiting texts of about its length, so that little is
 * computed for padding.
 *
 * @param maxTexts maximum number of texts of a batch, 1 to 1,024, default 32; 1 computes each text
 *     alone
 * @param maxDelay maximum time for which an idle model waits for more texts of a length before it
 *     computes the first; zero, the default, waits for none
 */
public record Batching(int maxTexts, Duration maxDelay) {

  private static final int MOST_TEXTS = 1024;
  private static final Duration LONGEST_DELAY = Duration.ofMinutes(1);

  public Batching {
    if (maxTexts < 1 || maxTexts > MOST_TEXTS) {
      throw new ConfigurationException(
          "maxTexts: " + maxTexts + " is not a number of texts in 1 to " + MOST_TEXTS);
    }
    if (maxDelay.isNegative() || maxDelay.compareTo(LONGEST_DELAY) > 0) {
      throw new ConfigurationException(
          "maxDelay: " + maxDelay + " is not in 0 to " + LONGEST_DELAY);
    }
  }

  /** Returns the default bounds. */
  public static Batching ofDefaults() {
    return new Batching(32, Duration.ZERO);
  }
}
