package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.Programs;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.TypeSpec;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tools;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The typed facade of DSPy: {@code terrarium.adapter(Dspy.class)}. The components of a record are
 * the fields of a signature; a language model that can be constrained keeps to their types.
 * Thread-safe.
 *
 * <p>Creating a typed program does not load DSPy: the program's first call loads it, or {@link
 * dev.terrarium.Terrarium#prewarm} ahead of that. When DSPy refuses a signature, that call throws.
 */
public final class Dspy {

  private final Adapter adapter;

  Dspy(Adapter adapter) {
    this.adapter = adapter;
  }

  /**
   * Returns a program that asks for the outputs at once ({@code dspy.Predict}), with default
   * options.
   */
  public <I extends Record, O extends Record> DspyProgram<I, O> predict(
      Class<I> inputs, Class<O> outputs) {
    return predict(inputs, outputs, DspyOptions.ofDefaults());
  }

  /** Returns a program as {@link #predict(Class, Class)} does, with options. */
  public <I extends Record, O extends Record> DspyProgram<I, O> predict(
      Class<I> inputs, Class<O> outputs, DspyOptions options) {
    return create("predict", inputs, outputs, options);
  }

  /**
   * Returns a program that lets the model reason before it answers ({@code dspy.ChainOfThought}),
   * with default options.
   */
  public <I extends Record, O extends Record> DspyProgram<I, O> chainOfThought(
      Class<I> inputs, Class<O> outputs) {
    return chainOfThought(inputs, outputs, DspyOptions.ofDefaults());
  }

  /** Returns a program as {@link #chainOfThought(Class, Class)} does, with options. */
  public <I extends Record, O extends Record> DspyProgram<I, O> chainOfThought(
      Class<I> inputs, Class<O> outputs, DspyOptions options) {
    return create("chain_of_thought", inputs, outputs, options);
  }

  /**
   * Returns a program in which the model calls tools until it has what it needs for the outputs
   * ({@code dspy.ReAct}), with default options.
   */
  public <I extends Record, O extends Record> ReActProgram<I, O> react(
      Class<I> inputs, Class<O> outputs, Tools tools) {
    return react(inputs, outputs, tools, DspyOptions.ofDefaults());
  }

  /**
   * Returns a program as {@link #react(Class, Class, Tools)} does, with options.
   *
   * @throws ConfigurationException when there is no tool, or one has the name {@code finish}, which
   *     DSPy has for itself
   */
  public <I extends Record, O extends Record> ReActProgram<I, O> react(
      Class<I> inputs, Class<O> outputs, Tools tools, DspyOptions options) {
    List<Tool> all = tools.list();
    if (all.isEmpty() || all.stream().anyMatch(tool -> tool.name().equals("finish"))) {
      throw new ConfigurationException(
          "react needs at least one tool, and none of the name 'finish', which DSPy has for itself:"
              + " "
              + tools);
    }
    Map<String, Object> spec = new LinkedHashMap<>(spec("react", inputs, outputs, options));
    spec.put("tools", tools.definitions());
    return new ReActProgram<>(adapter, programs().define(spec), outputs, tools);
  }

  /**
   * Returns a program in which the model writes code that looks at the inputs, which may be longer
   * than its context window ({@code dspy.RLM}), without tools and with default options.
   */
  public <I extends Record, O extends Record> RlmProgram<I, O> rlm(
      Class<I> inputs, Class<O> outputs) {
    return rlm(inputs, outputs, Tools.of(), DspyOptions.ofDefaults());
  }

  /**
   * Returns a program as {@link #rlm(Class, Class)} does, with tools and options. The code calls a
   * tool as a function of its name, by position or by name. A failure of the tool is an exception
   * in the code, unless it is to end the call.
   *
   * <p>When DSPy refuses a name, such as a tool {@code print} or an input of a tool's name, the
   * first call throws.
   */
  public <I extends Record, O extends Record> RlmProgram<I, O> rlm(
      Class<I> inputs, Class<O> outputs, Tools tools, DspyOptions options) {
    Map<String, Object> spec = new LinkedHashMap<>(spec("rlm", inputs, outputs, options));
    spec.put("tools", tools.definitions());
    return new RlmProgram<>(adapter, spec, outputs, tools);
  }

  private <I extends Record, O extends Record> DspyProgram<I, O> create(
      String kind, Class<I> inputs, Class<O> outputs, DspyOptions options) {
    return new DspyProgram<>(
        adapter, programs().define(spec(kind, inputs, outputs, options)), outputs);
  }

  private static Map<String, Object> spec(
      String kind,
      Class<? extends Record> inputs,
      Class<? extends Record> outputs,
      DspyOptions options) {
    Map<String, @Nullable Object> signature = new LinkedHashMap<>();
    signature.put("name", outputs.getSimpleName());
    signature.put("instructions", instructions(inputs, outputs));
    signature.put("inputs", TypeSpec.fields(inputs));
    signature.put("outputs", TypeSpec.fields(outputs));
    return Map.of("kind", kind, "signature", signature, "options", options.toMap());
  }

  private static @Nullable String instructions(Class<?> inputs, Class<?> outputs) {
    String text = TypeSpec.description(outputs.getAnnotation(Describe.class));
    return text != null ? text : TypeSpec.description(inputs.getAnnotation(Describe.class));
  }

  /**
   * Returns a program whose signature is data, as from a file. DSPy is loaded to check the
   * signature.
   *
   * @param spec {@code kind} (predict or chain_of_thought), {@code signature} ("question ->
   *     answer", or a map of {@code instructions, inputs, outputs}) and {@code options}
   * @throws dev.terrarium.error.ArgumentException when the spec is not valid
   */
  public UntypedDspyProgram program(Map<String, ?> spec) {
    return new UntypedDspyProgram(adapter, programs().create(spec));
  }

  /**
   * Returns the same facade with these options for each call, including the calls of programs that
   * it creates.
   */
  public Dspy with(CallOptions options) {
    return new Dspy(adapter.with(options));
  }

  /** Returns the programs of DSPy, whichever caller created them. */
  public Programs programs() {
    return new Programs(adapter);
  }
}
