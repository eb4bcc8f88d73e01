package dev.terrarium.langgraph;

import dev.terrarium.error.ConversionException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The state of a thread at one checkpoint. Immutable.
 *
 * @param <O> the type of the graph's output
 */
public final class StateSnapshot<O> {

  private final Map<String, @Nullable Object> values;
  private final Function<Map<String, @Nullable Object>, O> reader;
  private final List<String> next;
  private final List<Interrupt> interrupts;
  private final String checkpoint;
  private final @Nullable String parent;
  private final Instant created;
  private final @Nullable String source;

  private StateSnapshot(Map<?, ?> state, Function<Map<String, @Nullable Object>, O> reader) {
    this.values = Answers.values(state);
    this.reader = reader;
    this.next = Answers.next(state);
    this.interrupts = Answers.interrupts(state);
    this.checkpoint = Answers.text(state, "checkpoint");
    this.parent = Answers.optionalText(state, "parent");
    this.created = OffsetDateTime.parse(Answers.text(state, "created")).toInstant();
    this.source = Answers.optionalText(state, "source");
  }

  static <O> StateSnapshot<O> read(
      Map<?, ?> state, Function<Map<String, @Nullable Object>, O> reader) {
    return new StateSnapshot<>(state, reader);
  }

  /** Returns the whole state as plain data by its keys. */
  public Map<String, @Nullable Object> values() {
    return values;
  }

  /**
   * Returns the state as the type of the graph's output.
   *
   * @throws ConversionException when the state does not fit the type, as when a component has no
   *     value yet
   */
  public O output() {
    return reader.apply(values);
  }

  /** Returns the nodes that run next from here; empty at the end of a run. */
  public List<String> next() {
    return next;
  }

  /** Returns the interrupts that wait for an answer here. */
  public List<Interrupt> interrupts() {
    return interrupts;
  }

  /** Returns the checkpoint's id, for {@link GraphThread#at}. */
  public String checkpoint() {
    return checkpoint;
  }

  /** Returns the id of the checkpoint before; empty for the first of a thread. */
  public Optional<String> parent() {
    return Optional.ofNullable(parent);
  }

  /** Returns when the checkpoint was made. */
  public Instant created() {
    return created;
  }

  /**
   * Returns what made the checkpoint: {@code input}, {@code loop} (a step), {@code update} or
   * {@code fork}.
   */
  public Optional<String> source() {
    return Optional.ofNullable(source);
  }

  @Override
  public String toString() {
    return "StateSnapshot[" + checkpoint + ", values=" + values + ", next=" + next + "]";
  }
}
