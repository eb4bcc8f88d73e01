package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.Shortcut;
import dev.terrarium.spi.TypedReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link DspyModule} as a program. A call runs the module's Java code as one call of DSPy, with
 * its deadline, session and account, and holds no context itself; each predictor that it calls is a
 * call within that call, in any free context. The predictors have one state in common, that of the
 * program. Thread-safe if the module is.
 *
 * <p>A call is never made again by itself when it fails, since the module's Java code may do more
 * when it is called again.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class DspyModuleProgram<I extends Record, O extends Record>
    extends TypedProgram<I, O> {

  /** The name by which Python calls {@link DspyModule#forward}. */
  private static final String FORWARD = "@forward";

  private final DspyModule<I, O> module;

  /** The frozen predictors by name; empty for a program that is not frozen. */
  private final Map<String, UntypedFrozenDspyProgram> frozen;

  DspyModuleProgram(Adapter adapter, String id, DspyModule<I, O> module) {
    this(adapter, id, module, Map.of());
  }

  private DspyModuleProgram(
      Adapter adapter,
      String id,
      DspyModule<I, O> module,
      Map<String, UntypedFrozenDspyProgram> frozen) {
    super(adapter, id, module.inputs(), module.outputs());
    this.module = module;
    this.frozen = frozen;
  }

  @Override
  public DspyModuleProgram<I, O> with(CallOptions options) {
    return new DspyModuleProgram<>(adapter().with(options), id(), module, frozen);
  }

  @Override
  protected Command<O> command(I input) {
    String type = module.getClass().getSimpleName();
    Shortcut forward =
        host ->
            new Shortcut.Answered(
                JavaSpans.within(
                    host,
                    "module",
                    "self",
                    type,
                    input,
                    () -> module.forward(input, new DirectCalls())));
    return Command.of(forward).map(outputs -> outputs().cast(outputs));
  }

  /**
   * Returns the same program with frozen predictors, as {@link DspyProgram#freeze} makes them: a
   * call of it enters Python only where DSPy has to continue with an answer.
   *
   * @throws ArgumentException when a predictor cannot be frozen exactly, with the reason
   */
  public DspyModuleProgram<I, O> freeze() {
    Map<String, UntypedFrozenDspyProgram> predictors = new LinkedHashMap<>();
    for (String name : module.predictors().keySet()) {
      predictors.put(name, UntypedFrozenDspyProgram.freeze(adapter(), new ProgramRef(id(), name)));
    }
    return new DspyModuleProgram<>(adapter(), id(), module, predictors);
  }

  /** Returns whether the predictors are frozen, and were not thawed by a change of the program. */
  public boolean isFrozen() {
    return !frozen.isEmpty()
        && frozen.values().stream().allMatch(UntypedFrozenDspyProgram::isFrozen);
  }

  /** Returns the attempts of each frozen predictor so far by its name; empty if none is frozen. */
  public Map<String, FrozenStats> stats() {
    Map<String, FrozenStats> stats = new LinkedHashMap<>();
    frozen.forEach((name, predictor) -> stats.put(name, predictor.stats()));
    return stats;
  }

  @Override
  Map<String, HostFunction> functions() {
    return Map.of(FORWARD, this::forward);
  }

  /** Answers Python, which runs the module: an input, and the number of the run. */
  private O forward(List<@Nullable Object> arguments) {
    I input = TypedReader.read(arguments.get(0), inputs(), "inputs");
    long run = TypedReader.read(arguments.get(1), long.class, "run");
    return Objects.requireNonNull(module.forward(input, new CallsOfPython(run)), "outputs");
  }

  /** The predictors as calls of their own. */
  private final class DirectCalls implements DspyModule.Calls {

    @Override
    public <A extends Record, B extends Record> B call(Predictor<A, B> predictor, A input) {
      String name = module.nameOf(predictor);
      UntypedFrozenDspyProgram plan = frozen.get(name);
      Command<Map<String, @Nullable Object>> command =
          plan == null
              ? new UntypedDspyProgram(adapter(), new ProgramRef(id(), name))
                  .traced(input, false)
                  .map(Traced::outputs)
              : plan.run(input);
      return TypedReader.read(adapter().call(command), predictor.outputs(), "outputs");
    }
  }

  /** The predictors of the module that Python runs, by calls within its call. */
  private final class CallsOfPython implements DspyModule.Calls {

    private final long run;

    CallsOfPython(long run) {
      this.run = run;
    }

    @Override
    public <A extends Record, B extends Record> B call(Predictor<A, B> predictor, A input) {
      Map<String, Object> arguments =
          Map.of("run", run, "predictor", module.nameOf(predictor), "inputs", input);
      return adapter()
          .call(
              Command.of("call_predictor", arguments)
                  .map(UntypedDspyProgram::read)
                  .map(
                      result ->
                          TypedReader.read(result.outputs(), predictor.outputs(), "outputs")));
    }
  }
}
