package dev.terrarium.dspy;

import dev.terrarium.error.ArgumentException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.ToDoubleBiFunction;

/**
 * A function that scores an output. Must be thread-safe, since examples are scored concurrently,
 * and must give equal scores to equal outputs. A metric that throws, or returns null or a score
 * that is not finite, ends the evaluation or the optimization that asked it, with an {@link
 * ArgumentException} that names the example.
 *
 * @param <I> the type of the input
 * @param <O> the type of the output
 */
@FunctionalInterface
public interface Metric<I, O> {

  /**
   * Scores an output.
   *
   * @param trace how the output came about, where an optimizer looks for demonstrations or asks for
   *     feedback; empty in evaluations
   */
  Score score(Example<I, O> example, O output, Optional<MetricTrace> trace);

  /** Returns a metric that scores 1 where a condition holds, and 0 elsewhere. */
  static <I, O> Metric<I, O> matching(BiPredicate<? super Example<I, O>, ? super O> condition) {
    Objects.requireNonNull(condition, "condition");
    return (example, output, trace) -> Score.of(condition.test(example, output));
  }

  /** Returns a metric whose scores are numbers. */
  static <I, O> Metric<I, O> scoring(
      ToDoubleBiFunction<? super Example<I, O>, ? super O> function) {
    Objects.requireNonNull(function, "function");
    return (example, output, trace) -> Score.of(function.applyAsDouble(example, output));
  }

  /** Returns a metric whose scores have feedback. */
  static <I, O> Metric<I, O> explaining(
      BiFunction<? super Example<I, O>, ? super O, Score> function) {
    Objects.requireNonNull(function, "function");
    return (example, output, trace) -> function.apply(example, output);
  }

  /**
   * Returns a metric that scores 1 where all outputs that the example expects are there. Texts are
   * compared as DSPy's {@code answer_exact_match} compares them: without case, punctuation, English
   * articles and surplus blanks. Where a list is expected of an output that is a text, each of its
   * texts will do. Values of other types have to be equal.
   */
  static <I, O> Metric<I, O> exactMatch() {
    return new NamedMetric<>(NamedMetric.Name.EXACT_MATCH);
  }

  /**
   * Returns a metric that scores the words that an output has in common with the expected text, as
   * DSPy's {@code F1} does (0 to 1), and values of other types as {@link #exactMatch} does. The
   * score of several outputs is the mean of theirs.
   */
  static <I, O> Metric<I, O> f1() {
    return new NamedMetric<>(NamedMetric.Name.F1);
  }

  /**
   * Returns a metric that scores 1 where each output contains the text that is expected of it,
   * compared as {@link #exactMatch} compares texts.
   */
  static <I, O> Metric<I, O> contains() {
    return new NamedMetric<>(NamedMetric.Name.CONTAINS);
  }

  /**
   * Returns a metric that is a Python function in a file: {@code def metric(example, prediction,
   * trace=None)}, as DSPy calls it, optionally with {@code pred_name} and {@code pred_trace}. It
   * returns a boolean, a number, or {@code dspy.Prediction(score=..., feedback=...)}, and runs in
   * contexts as trusted code.
   *
   * @throws ArgumentException when the file cannot be read, or has no such function
   */
  static <I, O> Metric<I, O> python(Path file, String function) {
    return PythonMetric.of(file, function);
  }

  /**
   * Returns the metric of a name: {@code exact_match}, {@code f1}, {@code contains}, or {@code
   * python:FILE.py:FUNCTION}.
   *
   * @throws ArgumentException when there is no metric of that name
   */
  static <I, O> Metric<I, O> named(String name) {
    if (name.startsWith(PythonMetric.PREFIX)) {
      return PythonMetric.of(name);
    }
    return new NamedMetric<>(NamedMetric.Name.of(name));
  }
}
