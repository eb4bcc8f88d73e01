package dev.terrarium.langgraph;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.error.ConfigurationException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A graph of LangGraph. A call of the graph itself keeps no checkpoint; {@link #thread} returns the
 * graph's runs that do. Any context can run it. Thread-safe.
 *
 * <p>The nodes of one step run one after another, on the thread of the call. A call is never made
 * again by itself when it fails, since a node may do more when it runs again.
 *
 * @param <I> the type of the input
 * @param <O> the type of the output
 */
public final class Graph<I, O> extends Invocable<I, O> {

  private final String id;
  private final Function<Map<String, @Nullable Object>, O> reader;
  private final @Nullable Integer recursionLimit;
  private final @Nullable Map<String, @Nullable Object> context;

  Graph(Adapter adapter, String id, Function<Map<String, @Nullable Object>, O> reader) {
    this(adapter, id, reader, null, null);
  }

  private Graph(
      Adapter adapter,
      String id,
      Function<Map<String, @Nullable Object>, O> reader,
      @Nullable Integer recursionLimit,
      @Nullable Map<String, @Nullable Object> context) {
    super(adapter);
    this.id = id;
    this.reader = reader;
    this.recursionLimit = recursionLimit;
    this.context = context;
  }

  /** Returns the graph's id. */
  public String id() {
    return id;
  }

  @Override
  public Graph<I, O> with(CallOptions options) {
    return new Graph<>(adapter().with(options), id, reader, recursionLimit, context);
  }

  /**
   * Returns the same graph with a limit of steps for each run; by default it is LangGraph's, 10,007
   * steps unless the environment sets another.
   *
   * @param most at least 1
   */
  public Graph<I, O> withRecursionLimit(int most) {
    if (most < 1) {
      throw new ConfigurationException("recursionLimit: " + most + " is below 1");
    }
    return new Graph<>(adapter(), id, reader, most, context);
  }

  /**
   * Returns the same graph with a context, which nodes have as {@code runtime.context}. It is not
   * part of the state and is in no checkpoint; a run that goes on has that of its own call.
   *
   * @param values the fields of the graph's {@code context_schema} by name: plain data, and Java
   *     functions that nodes call ({@link dev.terrarium.Callback}). The functions must be
   *     thread-safe, and nodes can call them until the run ends
   */
  public Graph<I, O> withContext(Map<String, ? extends @Nullable Object> values) {
    return new Graph<>(adapter(), id, reader, recursionLimit, new LinkedHashMap<>(values));
  }

  /**
   * Returns the runs of this graph that a saver keeps under one id. A run goes on from the state of
   * the run before.
   *
   * @param thread the id, which is not empty. Two runs of one thread at a time overwrite each
   *     other's state; {@code with(terrarium.session(thread).options())} has them wait for each
   *     other
   */
  public GraphThread<I, O> thread(String thread, CheckpointSaver saver) {
    if (thread.isEmpty()) {
      throw new ConfigurationException("The id of a thread is empty.");
    }
    return new GraphThread<>(this, new SaverFunctions(saver), thread, null);
  }

  /**
   * Runs the graph on an input, without checkpoints.
   *
   * @throws dev.terrarium.error.LimitExceededException when the graph has not ended after its limit
   *     of steps
   * @throws dev.terrarium.error.ArgumentException when the input has a key that the graph does not
   *     have, when a node goes to a node that there is not, and when a node calls {@code
   *     interrupt}, since nothing could resume the graph
   */
  @Override
  public O call(I input) {
    return super.call(input);
  }

  @Override
  protected Command<O> command(I input) {
    return Command.of("run", arguments(Map.of("input", input)))
        .map(result -> Run.read(result, reader).output());
  }

  /**
   * Returns a publisher that runs the graph for each subscriber, and passes on what the graph
   * streams in these modes at the moment when it is written; last comes a {@link StreamPart.Ended}.
   * {@link Adapter#stream} explains back-pressure and cancelling.
   */
  public Flow.Publisher<StreamPart<O>> stream(I input, Set<StreamMode> modes) {
    return stream(arguments(Map.of("input", Objects.requireNonNull(input, "input"))), modes);
  }

  Flow.Publisher<StreamPart<O>> stream(Map<String, Object> arguments, Set<StreamMode> modes) {
    arguments.put("modes", modes.stream().map(StreamMode::word).toList());
    return adapter().stream(
        Command.of("stream", arguments).map(part -> Answers.part(part, reader)));
  }

  Run<O> run(Map<String, Object> arguments) {
    return adapter().call(Command.of("run", arguments).map(result -> Run.read(result, reader)));
  }

  /** Calls a command of threads. */
  Map<?, ?> call(String command, Map<String, Object> arguments) {
    arguments.put("program", id);
    return adapter().call(Command.of(command, arguments).map(Answers::read));
  }

  StateSnapshot<O> snapshot(Map<?, ?> state) {
    return StateSnapshot.read(state, reader);
  }

  /** Returns the arguments of a run, to which more can be added. */
  Map<String, Object> arguments(Map<String, ?> action) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("program", id);
    arguments.put("action", action);
    if (recursionLimit != null) {
      arguments.put("recursion_limit", recursionLimit);
    }
    if (context != null) {
      arguments.put("context", context);
    }
    return arguments;
  }
}
