package dev.terrarium.transformers;

import dev.terrarium.error.ArgumentException;
import java.util.List;
import java.util.Locale;

/** How the labels of tokens become entities, as {@code transformers} has it. */
public enum AggregationStrategy {
  /** Each token is an entity of its own, whose label is the model's, as {@code B-PER}. */
  NONE,
  /** Neighbouring tokens with labels of one kind are an entity, even within a word. */
  SIMPLE,
  /** As SIMPLE, and a word has the label of its first token. */
  FIRST,
  /** As SIMPLE, and a word has the label with the greatest mean of its tokens' scores. */
  AVERAGE,
  /** As SIMPLE, and a word has the label of its most certain token. */
  MAX;

  /**
   * Returns the constant of a name in any case.
   *
   * @throws ArgumentException when there is none
   */
  static AggregationStrategy of(String name) {
    for (AggregationStrategy each : values()) {
      if (each.name().equals(name.toUpperCase(Locale.ROOT))) {
        return each;
      }
    }
    throw new ArgumentException(
        "aggregation_strategy: '" + name + "' is none of " + List.of(values()) + ".");
  }
}
