package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.dspy.internal.frozen.Flow;
import dev.terrarium.dspy.internal.frozen.Journal;
import dev.terrarium.dspy.internal.frozen.NotExactException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.Shortcut;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A program as it was at one moment, which Java runs by its flow. Where a run is not exact, or the
 * program has changed since, DSPy runs the program, with what the run has in its journal.
 * Thread-safe.
 */
final class FrozenFlow {

  /**
   * The versions of the program and of DSPy's defaults when the flow was made; null where none
   * existed.
   */
  private record Versions(@Nullable Object program, @Nullable Object defaults) {

    static Versions now(Shortcut.Host host, String id) {
      return new Versions(
          host.call("program.version", "dspy", id),
          host.call("program.version", "dspy", "@defaults"));
    }
  }

  /** A program's versions at one moment, and the host that tells whether they still hold. */
  private record Moment(String id, Shortcut.Host host, Versions versions) {

    static Moment now(Shortcut.Host host, String id) {
      return new Moment(id, host, Versions.now(host, id));
    }

    boolean isPresent() {
      return Versions.now(host, id).equals(versions);
    }
  }

  private record Counters(LongAdder answered, LongAdder continued, LongAdder handedOver) {}

  private final ProgramRef program;
  private final Flow flow;
  private final Moment frozenAt;
  private final Counters counters;

  private FrozenFlow(ProgramRef program, Flow flow, Moment frozenAt, Counters counters) {
    this.program = program;
    this.flow = flow;
    this.frozenAt = frozenAt;
    this.counters = counters;
  }

  /**
   * Has DSPy make the flow of a program, and checks it.
   *
   * @throws dev.terrarium.error.ArgumentException when some part of the program cannot be frozen
   *     exactly, with the name of that part
   */
  static FrozenFlow freeze(Adapter adapter, ProgramRef program) {
    // Set before the flow is made, so that no change is missed.
    AtomicReference<@Nullable Moment> before = new AtomicReference<>();
    Shortcut freezing =
        host -> {
          before.set(Moment.now(host, program.id()));
          return new Shortcut.HandedOver(Command.of("freeze_program", program.arguments(Map.of())));
        };
    Flow flow = Flow.proven(adapter.call(Command.of(freezing)));
    return new FrozenFlow(
        program,
        flow,
        Objects.requireNonNull(before.get()),
        new Counters(new LongAdder(), new LongAdder(), new LongAdder()));
  }

  /** Returns the same flow with a limit of steps; both count in the same figures. */
  FrozenFlow withMaxSteps(int most) {
    return new FrozenFlow(program, flow.withMaxSteps(most), frozenAt, counters);
  }

  boolean callsFunctions() {
    return flow.callsFunctions();
  }

  boolean isFrozen() {
    return frozenAt.isPresent();
  }

  FrozenStats stats() {
    return new FrozenStats(
        counters.answered().sum(), counters.continued().sum(), counters.handedOver().sum());
  }

  /** Returns the figures of a flow, which are zero for a program that has none. */
  static FrozenStats statsOf(@Nullable FrozenFlow flow) {
    return flow == null ? new FrozenStats(0, 0, 0) : flow.stats();
  }

  /**
   * Returns what runs a program of one predictor, without functions of the caller.
   *
   * @param inputs a map or a record
   */
  Shortcut calling(Object inputs) {
    return new Shortcut() {
      @Override
      public Outcome attempt(Host host) {
        return run(host, inputs, Map.of(), false, journal -> continued(inputs, journal));
      }

      @Override
      public boolean isIdempotent() { // as the program's own command is idempotent
        return true;
      }
    };
  }

  private Command<?> continued(Object inputs, Journal journal) {
    List<Journal.Exchange> exchanges = journal.exchanges();
    if (!exchanges.isEmpty()) {
      Journal.Exchange first = exchanges.getFirst();
      return Command.of(
          "continue_program",
          program.arguments(
              Map.of("inputs", inputs, "request", first.request(), "answer", first.answer())));
    }
    return Command.of(UntypedDspyProgram.CALL, program.arguments(Map.of("inputs", inputs)));
  }

  /**
   * Returns what runs a program that calls functions of the caller.
   *
   * @param arguments those of the bridge's {@code act}
   */
  Shortcut acting(Map<String, Object> arguments, Map<String, HostFunction> functions) {
    Object inputs = Objects.requireNonNull(arguments.get("inputs"));
    boolean traced = Boolean.TRUE.equals(arguments.get("trace"));
    return host ->
        run(host, inputs, functions, traced, journal -> acted(arguments, functions, journal));
  }

  private static Command<?> acted(
      Map<String, Object> arguments, Map<String, HostFunction> functions, Journal journal) {
    Map<String, Object> replaying = new LinkedHashMap<>(arguments);
    if (!journal.isEmpty()) {
      Journal.Replay replay = journal.replay();
      HostFunction answered = replay::answer;
      replaying.put("answered", answered);
      replaying.put("tools", replay.functions(functions));
    }
    return Command.of("act", replaying);
  }

  private Shortcut.Outcome run(
      Shortcut.Host host,
      Object inputs,
      Map<String, HostFunction> functions,
      boolean traced,
      Function<Journal, Command<?>> rest) {
    Journal journal = new Journal(request -> answer(host, request), watched(host, functions));
    Map<String, @Nullable Object> result = isFrozen() ? attempt(host, inputs, journal) : null;
    if (result != null) {
      if (traced) {
        result.putAll(journal.trace());
      }
      counters.answered().increment();
      return new Shortcut.Answered(result);
    }
    (journal.isEmpty() ? counters.handedOver() : counters.continued()).increment();
    return new Shortcut.HandedOver(rest.apply(journal));
  }

  /** Runs the flow, and returns null where DSPy may run the program otherwise. */
  private @Nullable Map<String, @Nullable Object> attempt(
      Shortcut.Host host, Object inputs, Journal journal) {
    String name = program.predictor() == null ? "self" : program.predictor();
    return JavaSpans.within(
        host,
        "module",
        name,
        "FrozenDspyProgram",
        inputs,
        () -> {
          try {
            return flow.run(inputs, journal).toMap();
          } catch (NotExactException e) {
            return null; // DSPy may repair an answer, ask again, or say what is wrong.
          }
        });
  }

  private static Map<?, ?> answer(Shortcut.Host host, Map<String, @Nullable Object> request) {
    Object model = Objects.requireNonNullElse(request.get("model"), "default");
    Object answer =
        JavaSpans.within(
            host,
            "lm",
            model.toString(),
            "LM",
            request,
            () -> host.call("model.generate", request));
    return (Map<?, ?>) Objects.requireNonNull(answer);
  }

  /** Returns functions whose calls are spans, if they are those of tools. */
  private static Map<String, HostFunction> watched(
      Shortcut.Host host, Map<String, HostFunction> functions) {
    Map<String, HostFunction> watched = new LinkedHashMap<>();
    functions.forEach(
        (name, function) ->
            watched.put(
                name,
                name.equals(Flow.REWARD)
                    ? function
                    : arguments ->
                        JavaSpans.within(
                            host,
                            "tool",
                            name,
                            "Tool",
                            arguments.getFirst(),
                            () -> function.call(arguments))));
    return watched;
  }
}
