package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.Programs;
import dev.terrarium.spi.TypeSpec;
import java.util.LinkedHashMap;
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

  private <I extends Record, O extends Record> DspyProgram<I, O> create(
      String kind, Class<I> inputs, Class<O> outputs, DspyOptions options) {
    Map<String, @Nullable Object> signature = new LinkedHashMap<>();
    signature.put("name", outputs.getSimpleName());
    signature.put("instructions", instructions(inputs, outputs));
    signature.put("inputs", TypeSpec.fields(inputs));
    signature.put("outputs", TypeSpec.fields(outputs));
    Map<String, ?> spec = Map.of("kind", kind, "signature", signature, "options", options.toMap());
    return new DspyProgram<>(adapter, programs().define(spec), outputs);
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
