package dev.terrarium.jmh;

import dev.terrarium.Invocable;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.FrozenStats;
import dev.terrarium.dspy.ReActProgram;
import dev.terrarium.dspy.UntypedDspyProgram;
import dev.terrarium.dspy.UntypedFrozenDspyProgram;
import dev.terrarium.jmh.peer.InstantModel;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tools;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One operation is one call of a program on a language model that answers at once: of a {@code
 * dspy.Predict} of two inputs and two outputs, or of a {@code dspy.ReAct} of two steps, which makes
 * three requests. It runs on the plain path, through Python, and frozen, without Python. The two
 * paths have figures of their own; the frozen path's figure is never given for the plain path.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class FrozenPredict extends Microbenchmark {

  record Question(String question, int year) {}

  record Answer(String answer, boolean certain) {}

  record Query(String word) {}

  /** The program, as {@code dspy.predict} and {@code dspy.react} name it. */
  @Param({"predict", "react"})
  public String program = "predict";

  private @Nullable Terrarium terrarium;
  private @Nullable Supplier<Object> plain;
  private @Nullable Supplier<Object> frozen;
  private @Nullable Supplier<FrozenStats> stats;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started = Terrarium.start(Bench.config(1, new InstantModel(Duration.ZERO)).build());
    terrarium = started;
    Dspy dspy = started.adapter(Dspy.class);
    if (program.equals("predict")) {
      predict(dspy);
    } else {
      react(dspy);
    }
  }

  private void predict(Dspy dspy) {
    String signature = "question, year: int -> answer, certain: bool";
    UntypedDspyProgram predict = dspy.program(Map.of("kind", "predict", "signature", signature));
    UntypedFrozenDspyProgram shortcut = predict.freeze();
    Map<String, ?> inputs = Map.of("question", "Capital of France?", "year", 7);
    run(predict, shortcut, inputs);
    stats = shortcut::stats;
  }

  private void react(Dspy dspy) {
    Tool look = Tool.of("look_up", "Looks a word up.", Query.class, Query::word);
    ReActProgram<Question, Answer> react =
        dspy.react(Question.class, Answer.class, Tools.of(look)).withMaxSteps(2);
    ReActProgram<Question, Answer> shortcut = react.freeze();
    run(react, shortcut, new Question("Capital of France?", 7));
    stats = shortcut::stats;
  }

  private <I> void run(Invocable<I, ?> path, Invocable<I, ?> shortcut, I input) {
    plain = () -> path.call(input);
    frozen = () -> shortcut.call(input);
  }

  /**
   * Checks that Java answered all calls, since a call that Python answered would falsify the
   * figure.
   */
  @TearDown(Level.Trial)
  public void stop() {
    FrozenStats made = Objects.requireNonNull(stats).get();
    if (terrarium != null) {
      terrarium.close();
    }
    if (made.continued() + made.handedOver() > 0) {
      throw new IllegalStateException("not frozen: " + made);
    }
  }

  @Benchmark
  public Object plainPath() {
    return Objects.requireNonNull(plain).get();
  }

  @Benchmark
  public Object frozenPath() {
    return Objects.requireNonNull(frozen).get();
  }
}
