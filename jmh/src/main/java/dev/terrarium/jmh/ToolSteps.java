package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.ReActProgram;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tools;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What the call of a Java tool costs. One operation is one call: {@code tool} by a handler's loop,
 * {@code callback} the same of a bare function of the host, and {@code step} one step of DSPy's
 * ReAct on a language model that answers at once, which asks the model twenty times and calls a
 * tool each time.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class ToolSteps extends Microbenchmark {

  /** The arguments and the result of the tool. */
  public record Item(String product, int count) {}

  /** The input of the program. */
  public record Question(String question) {}

  /** The output of the program. */
  public record Answer(String answer) {}

  private static final int TIMES = 1_000;
  private static final int STEPS = 20;
  private static final String STEP =
      """
      {"next_thought": "", "next_tool_name": "nothing",
       "next_tool_args": {"product": "tea", "count": 2}}\
      """;
  private static final String ANSWER = "{\"reasoning\": \"\", \"answer\": \"\"}";

  private @Nullable Terrarium terrarium;
  private @Nullable Tools tools;
  private @Nullable ReActProgram<Question, Answer> program;

  @Setup(Level.Trial)
  public void start() {
    FakeLanguageModel model =
        FakeLanguageModel.of(
            request ->
                String.valueOf(request.responseSchema()).contains("next_tool_name")
                    ? STEP
                    : ANSWER);
    Terrarium started = Terrarium.start(Bench.config(1, model).build());
    started.register(Bench.framework());
    Tools made = Tools.of(Tool.of("nothing", "Returns the item.", Item.class, item -> item));
    program =
        started.adapter(Dspy.class).react(Question.class, Answer.class, made).withMaxSteps(STEPS);
    tools = made;
    terrarium = started;
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object tool() {
    return terrarium == null || tools == null
        ? null
        : terrarium.call(
            Bench.NAME, "call_tool", Map.of("tools", tools.functions(), "times", TIMES));
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object callback() {
    return terrarium == null
        ? null
        : terrarium.call(Bench.NAME, "call_host", Map.of("name", "bench.nothing", "times", TIMES));
  }

  @Benchmark
  @OperationsPerInvocation(STEPS)
  public @Nullable Object step() {
    return program == null ? null : program.call(new Question("?"));
  }
}
