package dev.terrarium.langgraph;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.TypedReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The runs of a graph under one id, whose checkpoints a {@link CheckpointSaver} keeps. After each
 * step, and before the next one begins, the saver has what the nodes wrote; so any context, and
 * another process, can go on where a run stopped. Thread-safe; but two runs of one thread at a time
 * overwrite each other's state.
 *
 * <p>All methods throw a {@link ConversionException} when a checkpoint cannot be read, because it
 * is damaged, of a newer LangGraph, or holds a class that it may not; and when the state holds what
 * no checkpoint can keep.
 *
 * @param <I> the type of the input
 * @param <O> the type of the output
 */
public final class GraphThread<I, O> {

  private final Graph<I, O> graph;
  private final SaverFunctions saver;
  private final String id;
  private final @Nullable String checkpoint;

  GraphThread(Graph<I, O> graph, SaverFunctions saver, String id, @Nullable String checkpoint) {
    this.graph = graph;
    this.saver = saver;
    this.id = id;
    this.checkpoint = checkpoint;
  }

  /** Returns the thread's id. */
  public String id() {
    return id;
  }

  /**
   * Returns the same thread as it was at a checkpoint. A run from there leaves the later
   * checkpoints and becomes the thread's latest: {@link #proceed} runs the nodes again that came
   * next.
   *
   * @param checkpoint an id, as {@link StateSnapshot#checkpoint} has it; a run of an unknown one
   *     throws an {@link ArgumentException}
   */
  public GraphThread<I, O> at(String checkpoint) {
    return new GraphThread<>(graph, saver, id, checkpoint);
  }

  /**
   * Runs the graph from its start, on an input that is added to the thread's state. An interrupt
   * that waits for an answer is given up by that.
   *
   * @throws dev.terrarium.error.LimitExceededException when the graph has not ended after its limit
   *     of steps; {@link #proceed} goes on, with as many or a few more
   * @throws ArgumentException as {@link Graph#call} does, but for {@code interrupt}
   */
  public Run<O> invoke(I input) {
    return graph.run(arguments(input(input)));
  }

  /**
   * Gives an answer to the interrupt at which the thread waits, and runs the graph on. The node
   * with the interrupt runs again from its beginning, and {@code interrupt} returns the answer.
   *
   * @param answer plain data, or a record; may be null
   * @throws ArgumentException when no interrupt waits, or several do; the message has their ids
   */
  public Run<O> resume(@Nullable Object answer) {
    return graph.run(arguments(resumption(answer)));
  }

  /**
   * Gives answers to several interrupts, or to some of them, and runs the graph on.
   *
   * @param answers the answers by the ids of the interrupts
   * @throws ArgumentException when an interrupt of an id does not wait
   */
  public Run<O> resumeAll(Map<String, ? extends @Nullable Object> answers) {
    return graph.run(arguments(Map.of("answers", answers)));
  }

  /**
   * Runs the graph on from where it stopped: after a failure, after the end of the process, at a
   * breakpoint, at its limit of steps, or from {@link #at}. Nodes whose writes the saver has do not
   * run again. A graph that waits for an answer still waits, and of one that has ended the state is
   * returned.
   *
   * @throws ArgumentException when the thread has no checkpoint
   */
  public Run<O> proceed() {
    return graph.run(arguments(Map.of()));
  }

  /**
   * Returns a publisher that does what {@link #invoke} does for each subscriber, as {@link
   * Graph#stream} says.
   */
  public Flow.Publisher<StreamPart<O>> stream(I input, Set<StreamMode> modes) {
    return graph.stream(arguments(input(input)), modes);
  }

  /** Returns a publisher that does what {@link #resume} does for its subscriber. */
  public Flow.Publisher<StreamPart<O>> streamResume(
      @Nullable Object answer, Set<StreamMode> modes) {
    return graph.stream(arguments(resumption(answer)), modes);
  }

  /** Returns a publisher that does what {@link #proceed} does for its subscriber. */
  public Flow.Publisher<StreamPart<O>> streamProceed(Set<StreamMode> modes) {
    return graph.stream(arguments(Map.of()), modes);
  }

  /** Returns the thread's state, at its latest checkpoint or that of {@link #at}. */
  public Optional<StateSnapshot<O>> state() {
    Map<String, Object> arguments = new HashMap<>(Map.of("thread", thread()));
    Map<?, ?> state = graph.call("get_state", arguments);
    return state.get("state") instanceof Map<?, ?> found
        ? Optional.of(graph.snapshot(found))
        : Optional.empty();
  }

  /** Returns all states of the thread, the latest first. */
  public List<StateSnapshot<O>> history() {
    return history(Integer.MAX_VALUE);
  }

  /**
   * Returns the latest states of the thread, the latest first.
   *
   * @param most how many at most, at least 1
   */
  public List<StateSnapshot<O>> history(int most) {
    if (most < 1) {
      throw new ArgumentException("history: " + most + " is below 1");
    }
    Map<String, Object> arguments = new HashMap<>(Map.of("thread", thread(), "limit", most));
    List<StateSnapshot<O>> history = new ArrayList<>();
    Object states = graph.call("get_history", arguments).get("states");
    for (Object each : TypedReader.read(states, List.class, "states")) {
      history.add(graph.snapshot(TypedReader.read(each, Map.class, "states")));
    }
    return history;
  }

  /**
   * Writes into the thread's state what the node that wrote last could have written, and returns
   * the id of the new checkpoint, which is the thread's latest. Keys with a reducer get the values
   * added.
   *
   * @throws ArgumentException when the graph's state has no such key
   */
  public String update(Map<String, ? extends @Nullable Object> values) {
    return updated(new HashMap<>(Map.of("thread", thread(), "values", values)));
  }

  /**
   * Writes into the thread's state as {@link #update(Map)} does, but as a node: those that follow
   * it run next.
   *
   * @throws ArgumentException when the graph has no such key or node
   */
  public String update(Map<String, ? extends @Nullable Object> values, String node) {
    return updated(new HashMap<>(Map.of("thread", thread(), "values", values, "node", node)));
  }

  private String updated(Map<String, Object> arguments) {
    return Answers.text(graph.call("update_state", arguments), "checkpoint");
  }

  /** Deletes all checkpoints of the thread. */
  public void delete() {
    saver.saver().deleteThread(id);
  }

  private Map<String, Object> thread() {
    Map<String, Object> thread = new HashMap<>();
    thread.put("id", id);
    thread.put("functions", saver.functions());
    thread.put("checkpoint", Optional.ofNullable(checkpoint));
    return thread;
  }

  private Map<String, Object> arguments(Map<String, ?> action) {
    Map<String, Object> arguments = graph.arguments(action);
    arguments.put("thread", thread());
    return arguments;
  }

  private static Map<String, Object> input(Object input) {
    return Map.of("input", Objects.requireNonNull(input, "input"));
  }

  private static Map<String, Object> resumption(@Nullable Object answer) {
    return Map.of("resume", Optional.ofNullable(answer));
  }
}
