package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.spi.TypedReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A program that makes one answer of several attempts with their reasoning ({@code
 * dspy.MultiChainComparison}). Thread-safe.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class ComparisonProgram<I extends Record, O extends Record>
    extends Invocable<ComparisonProgram.Attempts<I, O>, O> {

  /**
   * An input, and attempts to answer it.
   *
   * @param attempts as many as the program compares, each with its reasoning, such as traces of a
   *     chain of thought
   */
  public record Attempts<I extends Record, O extends Record>(I input, List<Traced<O>> attempts) {
    public Attempts {
      attempts = List.copyOf(attempts);
    }
  }

  private final UntypedDspyProgram program;
  private final Class<O> outputs;
  private final @Nullable FrozenFlow frozen;

  ComparisonProgram(Adapter adapter, String id, Class<O> outputs) {
    this(adapter, id, outputs, null);
  }

  private ComparisonProgram(
      Adapter adapter, String id, Class<O> outputs, @Nullable FrozenFlow frozen) {
    super(adapter);
    this.program = new UntypedDspyProgram(adapter, ProgramRef.of(id));
    this.outputs = outputs;
    this.frozen = frozen;
  }

  /** Returns the program's id. */
  public String id() {
    return program.id();
  }

  @Override
  public ComparisonProgram<I, O> with(CallOptions options) {
    return new ComparisonProgram<>(adapter().with(options), id(), outputs, frozen);
  }

  /**
   * Returns the same program, which Java runs without entering Python, except for what Java cannot
   * write or read exactly.
   *
   * @throws dev.terrarium.error.ArgumentException when some part of the program cannot be frozen
   *     exactly, with the name of that part
   */
  public ComparisonProgram<I, O> freeze() {
    FrozenFlow flow = FrozenFlow.freeze(adapter(), ProgramRef.of(id()));
    return new ComparisonProgram<>(adapter(), id(), outputs, flow);
  }

  /** Returns whether the program is frozen, and was not thawed by a change. */
  public boolean isFrozen() {
    return frozen != null && frozen.isFrozen();
  }

  /** Returns the number of attempts so far, by what answered them; of a frozen program only. */
  public FrozenStats stats() {
    return FrozenFlow.statsOf(frozen);
  }

  /**
   * Compares attempts.
   *
   * @throws dev.terrarium.error.ArgumentException when there are more or fewer attempts than the
   *     program compares, or one is without reasoning
   */
  public O call(I input, List<Traced<O>> attempts) {
    return call(new Attempts<>(input, attempts));
  }

  @Override
  protected Command<O> command(Attempts<I, O> input) {
    List<Map<String, Object>> attempts = new ArrayList<>();
    for (Traced<O> attempt : input.attempts()) {
      Map<String, Object> each = new LinkedHashMap<>();
      each.put("outputs", attempt.outputs());
      each.put("reasoning", attempt.reasoning());
      attempts.add(each);
    }
    Map<String, Object> inputs = Map.of("inputs", input.input(), "attempts", attempts);
    Command<Traced<Map<String, @Nullable Object>>> command =
        frozen == null
            ? program.traced(inputs, false)
            : Command.of(frozen.calling(inputs)).map(UntypedDspyProgram::read);
    return command.map(traced -> TypedReader.read(traced.outputs(), outputs, "outputs"));
  }
}
