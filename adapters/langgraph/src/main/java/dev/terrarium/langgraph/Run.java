package dev.terrarium.langgraph;

import dev.terrarium.error.ConversionException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of one run of a graph, which has ended or waits. Immutable.
 *
 * @param <O> the type of the output
 */
public final class Run<O> {

  private final Map<String, @Nullable Object> values;
  private final Function<Map<String, @Nullable Object>, O> reader;
  private final List<Interrupt> interrupts;
  private final List<String> next;
  private final @Nullable String checkpoint;

  private Run(Map<?, ?> answer, Function<Map<String, @Nullable Object>, O> reader) {
    this.values = Answers.values(answer);
    this.reader = reader;
    this.interrupts = Answers.interrupts(answer);
    this.next = Answers.next(answer);
    this.checkpoint = Answers.optionalText(answer, "checkpoint");
  }

  static <O> Run<O> read(
      @Nullable Object answer, Function<Map<String, @Nullable Object>, O> reader) {
    return new Run<>(Answers.read(answer), reader);
  }

  /**
   * Returns whether the graph has ended. A graph that has not waits for answers, or stopped at a
   * breakpoint of its own.
   */
  public boolean isFinished() {
    return next.isEmpty();
  }

  /**
   * Returns the output; of a graph that waits, what there is of it so far.
   *
   * @throws ConversionException when the output does not fit the type, as when a component has no
   *     value yet
   */
  public O output() {
    return reader.apply(values);
  }

  /** Returns the output as plain data by the keys of the state. */
  public Map<String, @Nullable Object> values() {
    return values;
  }

  /** Returns the interrupts that wait for an answer; empty when there are none. */
  public List<Interrupt> interrupts() {
    return interrupts;
  }

  /** Returns the nodes that would run next; empty when the graph has ended. */
  public List<String> next() {
    return next;
  }

  /** Returns the id of the thread's latest checkpoint; empty without a thread. */
  public Optional<String> checkpoint() {
    return Optional.ofNullable(checkpoint);
  }

  @Override
  public String toString() {
    return "Run[values=" + values + ", interrupts=" + interrupts + ", next=" + next + "]";
  }
}
