package dev.terrarium.dspy;

import java.util.Map;

/**
 * A predictor of a {@link DspyModule}: a name, and a signature by records. Immutable.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class Predictor<I extends Record, O extends Record> {

  private final String name;
  private final Class<I> inputs;
  private final Class<O> outputs;
  private final Map<String, Object> spec;

  Predictor(String name, Class<I> inputs, Class<O> outputs, Map<String, Object> spec) {
    this.name = name;
    this.inputs = inputs;
    this.outputs = outputs;
    this.spec = spec;
  }

  /** Returns the name, by which the module's state has the predictor. */
  public String name() {
    return name;
  }

  Class<O> outputs() {
    return outputs;
  }

  Map<String, Object> spec() {
    return spec;
  }

  @Override
  public String toString() {
    return "Predictor["
        + name
        + ": "
        + inputs.getSimpleName()
        + " -> "
        + outputs.getSimpleName()
        + "]";
  }
}
