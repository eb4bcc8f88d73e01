package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.spi.Shortcut;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** A {@link FrozenDspyProgram} whose inputs and outputs are maps. Thread-safe. */
public final class UntypedFrozenDspyProgram
    extends Invocable<Map<String, ?>, Map<String, @Nullable Object>> {

  /**
   * The versions of the program and of DSPy's defaults when the plan was made; null where none
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
  private final Plan plan;
  private final Moment frozenAt;
  private final Counters counters;

  private UntypedFrozenDspyProgram(
      Adapter adapter, ProgramRef program, Plan plan, Moment frozenAt, Counters counters) {
    super(adapter);
    this.program = program;
    this.plan = plan;
    this.frozenAt = frozenAt;
    this.counters = counters;
  }

  static UntypedFrozenDspyProgram freeze(Adapter adapter, ProgramRef program) {
    // Set before the plan is made, so that no change is missed.
    AtomicReference<@Nullable Moment> before = new AtomicReference<>();
    Shortcut freezing =
        host -> {
          before.set(Moment.now(host, program.id()));
          return new Shortcut.HandedOver(Command.of("freeze_program", program.arguments(Map.of())));
        };
    Object plan = adapter.call(Command.of(freezing));
    return new UntypedFrozenDspyProgram(
        adapter,
        program,
        Plan.proven(plan),
        Objects.requireNonNull(before.get()),
        new Counters(new LongAdder(), new LongAdder(), new LongAdder()));
  }

  /** Returns the program's id. */
  public String id() {
    return program.id();
  }

  /** Returns the same program with these options; both programs count in the same figures. */
  @Override
  public UntypedFrozenDspyProgram with(CallOptions options) {
    return new UntypedFrozenDspyProgram(adapter().with(options), program, plan, frozenAt, counters);
  }

  @Override
  protected Command<Map<String, @Nullable Object>> command(Map<String, ?> inputs) {
    return run(inputs);
  }

  /**
   * Returns the command that runs the program.
   *
   * @param inputs a map or a record
   */
  Command<Map<String, @Nullable Object>> run(Object inputs) {
    return Command.of(shortcut(inputs)).map(result -> UntypedDspyProgram.read(result).outputs());
  }

  private Shortcut shortcut(Object inputs) {
    return new Shortcut() {
      @Override
      public Outcome attempt(Host host) {
        return UntypedFrozenDspyProgram.this.attempt(host, inputs);
      }

      @Override
      public boolean isIdempotent() { // as the program's own command is idempotent
        return true;
      }
    };
  }

  private Shortcut.Outcome attempt(Shortcut.Host host, Object inputs) {
    if (!isFrozen()) {
      return handOver(inputs);
    }
    Map<String, @Nullable Object> request;
    try {
      request = plan.request(inputs);
    } catch (NotExactException e) {
      return handOver(inputs);
    }
    return JavaSpans.within(
        host,
        "module",
        program.predictor() == null ? "self" : program.predictor(),
        "FrozenDspyProgram",
        inputs,
        () -> attempt(host, inputs, request));
  }

  private Shortcut.Outcome attempt(
      Shortcut.Host host, Object inputs, Map<String, @Nullable Object> request) {
    Map<?, ?> answer =
        (Map<?, ?>)
            Objects.requireNonNull(
                JavaSpans.within(
                    host,
                    "lm",
                    String.valueOf(Objects.requireNonNullElse(request.get("model"), "default")),
                    "LM",
                    request,
                    () -> host.call("model.generate", request)));
    // An answer that was cut off goes on in the bridge, which checks whether it is complete.
    if (!"length".equals(answer.get("finish_reason"))) {
      try {
        Map<String, ?> result = Map.of("outputs", plan.read(String.valueOf(answer.get("text"))));
        counters.answered().increment();
        return new Shortcut.Answered(result);
      } catch (NotExactException e) {
        // DSPy may repair the answer, ask again, or say what is wrong.
      }
    }
    counters.continued().increment();
    return new Shortcut.HandedOver(
        Command.of(
            "continue_program",
            program.arguments(Map.of("inputs", inputs, "request", request, "answer", answer))));
  }

  private Shortcut.Outcome handOver(Object inputs) {
    counters.handedOver().increment();
    return new Shortcut.HandedOver(
        Command.of(UntypedDspyProgram.CALL, program.arguments(Map.of("inputs", inputs))));
  }

  /**
   * Returns whether the plan is still that of the program; see {@link FrozenDspyProgram#isFrozen}.
   */
  public boolean isFrozen() {
    return frozenAt.isPresent();
  }

  /** Returns the number of attempts so far, by what answered them. */
  public FrozenStats stats() {
    return new FrozenStats(
        counters.answered().sum(), counters.continued().sum(), counters.handedOver().sum());
  }
}
