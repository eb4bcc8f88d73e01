package dev.terrarium.dspy;

/**
 * What a listener of an evaluation or an optimization is notified of. Immutable; scores are in
 * percent.
 */
public sealed interface Progress {

  /**
   * An example was answered and scored, or failed.
   *
   * @param done the number of examples so far
   * @param total the number of examples of this evaluation
   * @param failed the number of examples so far that failed
   * @param score of the examples so far
   */
  record ExampleDone(int done, int total, int failed, double score) implements Progress {}

  /**
   * A candidate of an optimizer was scored.
   *
   * @param number the number of candidates so far, without the program as it was
   * @param examples the number of examples that it was scored on
   * @param failed the number of these that failed
   * @param score of these examples
   * @param best the best score so far of a candidate on as many examples
   */
  record CandidateScored(int number, int examples, int failed, double score, double best)
      implements Progress {}
}
