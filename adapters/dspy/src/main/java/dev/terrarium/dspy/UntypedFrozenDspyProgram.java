package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.error.ArgumentException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@link FrozenDspyProgram} whose inputs and outputs are maps. Thread-safe. */
public final class UntypedFrozenDspyProgram
    extends Invocable<Map<String, ?>, Map<String, @Nullable Object>> {

  private final ProgramRef program;
  private final FrozenFlow flow;

  private UntypedFrozenDspyProgram(Adapter adapter, ProgramRef program, FrozenFlow flow) {
    super(adapter);
    this.program = program;
    this.flow = flow;
  }

  static UntypedFrozenDspyProgram freeze(Adapter adapter, ProgramRef program) {
    FrozenFlow flow = FrozenFlow.freeze(adapter, program);
    if (flow.callsFunctions()) {
      throw new ArgumentException(
          "freeze: the program '"
              + program.id()
              + "' calls tools or a reward, which a program of maps does not have. Freeze the"
              + " program that Dspy.react, bestOfN or refine returns.");
    }
    return new UntypedFrozenDspyProgram(adapter, program, flow);
  }

  /** Returns the program's id. */
  public String id() {
    return program.id();
  }

  /** Returns the same program with these options; both programs count in the same figures. */
  @Override
  public UntypedFrozenDspyProgram with(CallOptions options) {
    return new UntypedFrozenDspyProgram(adapter().with(options), program, flow);
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
    return Command.of(flow.calling(inputs))
        .map(result -> UntypedDspyProgram.read(result).outputs());
  }

  /**
   * Returns whether the plan is still that of the program; see {@link FrozenDspyProgram#isFrozen}.
   */
  public boolean isFrozen() {
    return flow.isFrozen();
  }

  /** Returns the number of attempts so far, by what answered them. */
  public FrozenStats stats() {
    return flow.stats();
  }
}
