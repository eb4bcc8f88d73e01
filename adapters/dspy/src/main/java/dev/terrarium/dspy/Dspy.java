package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.Programs;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.TypeSpec;
import dev.terrarium.spi.TypedReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * DSPy, typed: {@code terrarium.adapter(Dspy.class)}. The components of a record are the fields of
 * a signature; their types are kept to by the language model, where it can be constrained.
 * Thread-safe.
 *
 * <p>Making a typed program does not load DSPy: its first call does, or {@link
 * dev.terrarium.Terrarium#prewarm} ahead of it. What DSPy has against a signature is thrown by that
 * call.
 */
public final class Dspy {

  private final Adapter adapter;

  Dspy(Adapter adapter) {
    this.adapter = adapter;
  }

  /** A program that asks for the outputs at once ({@code dspy.Predict}), with default options. */
  public <I extends Record, O extends Record> DspyProgram<I, O> predict(
      Class<I> inputs, Class<O> outputs) {
    return predict(inputs, outputs, DspyOptions.ofDefaults());
  }

  /** As {@link #predict(Class, Class)}, with options. */
  public <I extends Record, O extends Record> DspyProgram<I, O> predict(
      Class<I> inputs, Class<O> outputs, DspyOptions options) {
    return create("predict", inputs, outputs, options);
  }

  /**
   * A program that has the model reason before it answers ({@code dspy.ChainOfThought}), with
   * default options.
   */
  public <I extends Record, O extends Record> DspyProgram<I, O> chainOfThought(
      Class<I> inputs, Class<O> outputs) {
    return chainOfThought(inputs, outputs, DspyOptions.ofDefaults());
  }

  /** As {@link #chainOfThought(Class, Class)}, with options. */
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
    return new DspyProgram<>(adapter, programOf("define_program", spec), outputs);
  }

  private static @Nullable String instructions(Class<?> inputs, Class<?> outputs) {
    String text = TypeSpec.description(outputs.getAnnotation(Describe.class));
    return text != null ? text : TypeSpec.description(inputs.getAnnotation(Describe.class));
  }

  /**
   * A program of a signature that is data, as from a file. DSPy is loaded to check it.
   *
   * @param spec {@code kind} (predict or chain_of_thought), {@code signature} ("question ->
   *     answer", or a map of {@code instructions, inputs, outputs}) and {@code options}
   * @throws dev.terrarium.error.ArgumentException when the spec is not one
   */
  public UntypedDspyProgram program(Map<String, ?> spec) {
    return new UntypedDspyProgram(adapter, programOf("create_program", spec));
  }

  /** Returns the same with these options for each call, of programs that it makes too. */
  public Dspy with(CallOptions options) {
    return new Dspy(adapter.with(options));
  }

  /** Returns the programs of DSPy that there are, whoever made them. */
  public Programs programs() {
    return new Programs(adapter);
  }

  private String programOf(String command, Map<String, ?> spec) {
    Object created = adapter.call(command, Map.of("spec", spec));
    if (created instanceof Map<?, ?> map) {
      return TypedReader.read(Objects.requireNonNull(map.get("program")), String.class, "program");
    }
    throw new ConversionException(command, "expected a dict, found " + created);
  }
}
