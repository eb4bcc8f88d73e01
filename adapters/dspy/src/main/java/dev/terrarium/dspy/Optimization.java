package dev.terrarium.dspy;

import java.util.List;
import java.util.Map;

/**
 * The result of an optimization. Immutable.
 *
 * @param ended what ended it; the state is the best so far in any case
 * @param state the state that the program has now
 * @param score of that state, in percent
 * @param candidates what was scored, in order; the first is the program as it was
 * @param modelCalls the number of requests to language models, without those that a checkpoint
 *     answered
 * @param tokens of these requests and their answers
 * @param lineage what the state comes from
 */
public record Optimization(
    End ended,
    ProgramState state,
    double score,
    List<Candidate> candidates,
    long modelCalls,
    long tokens,
    Lineage lineage) {

  /** What ended an optimization. */
  public enum End {
    FINISHED,
    /** The options' calls or tokens were used up, or the budget of the caller's key. */
    BUDGET,
    DEADLINE,
    /** The calling thread was interrupted, and still is. */
    INTERRUPTED,
    /** {@link RunningOptimization#cancel} was called. */
    CANCELLED
  }

  /**
   * A state that was scored.
   *
   * @param hash of the state
   * @param examples the number of examples that it was scored on
   * @param failed the number of these that failed
   * @param score in percent
   * @param frozen whether Java ran it without Python
   */
  public record Candidate(String hash, int examples, int failed, double score, boolean frozen) {}

  /**
   * What a state comes from.
   *
   * @param optimizer DSPy's name
   * @param parameters that were given to it
   * @param metric as text
   * @param examples SHA-256 of all examples
   * @param dspy DSPy's version
   * @param parent SHA-256 of the state that the program had before
   */
  public record Lineage(
      String optimizer,
      Map<String, Object> parameters,
      String metric,
      String examples,
      String dspy,
      String parent) {

    public Lineage {
      parameters = Map.copyOf(parameters);
    }
  }

  public Optimization {
    candidates = List.copyOf(candidates);
  }
}
