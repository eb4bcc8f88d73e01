package dev.terrarium.dspy;

import dev.terrarium.error.ConfigurationException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A module of several predictors whose control flow is Java: what a {@code dspy.Module} with its
 * {@code forward} is in Python. A subclass declares its predictors as fields and must be
 * thread-safe, since several calls run it at once.
 *
 * <pre>{@code
 * final class Rag extends DspyModule<Question, Answer> {
 *   private final Predictor<Question, Query> query = predict("query", Question.class, Query.class);
 *   private final Predictor<Passages, Answer> answer =
 *       chainOfThought("answer", Passages.class, Answer.class);
 *
 *   Rag() {
 *     super(Question.class, Answer.class);
 *   }
 *
 *   @Override
 *   protected Answer forward(Question question, Calls calls) {
 *     String found = search(calls.call(query, question).query());
 *     return calls.call(answer, new Passages(question.question(), found));
 *   }
 * }
 *
 * Answer answer = dspy.module(new Rag()).call(new Question("Where does tea grow?"));
 * }</pre>
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public abstract class DspyModule<I extends Record, O extends Record> {

  /** The way to the predictors within one call of {@link #forward}. Used by that call only. */
  public interface Calls {

    /**
     * Runs a predictor of the module in its present state.
     *
     * @throws dev.terrarium.error.TerrariumException as a call of a program does
     * @throws ConfigurationException when the module does not have the predictor
     */
    <A extends Record, B extends Record> B call(Predictor<A, B> predictor, A input);
  }

  private final Class<I> inputs;
  private final Class<O> outputs;
  private final Map<String, Predictor<?, ?>> predictors = new LinkedHashMap<>();

  /** Creates a module with this signature. */
  protected DspyModule(Class<I> inputs, Class<O> outputs) {
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Returns the outputs for an input, for which it calls predictors. May run on a thread of
   * Terrarium, which is interrupted when the call is stopped.
   */
  protected abstract O forward(I input, Calls calls);

  /**
   * Adds a predictor that asks for the outputs at once ({@code dspy.Predict}).
   *
   * @param name an identifier that no other predictor of the module has
   * @throws ConfigurationException when another predictor has the name
   */
  protected final <A extends Record, B extends Record> Predictor<A, B> predict(
      String name, Class<A> inputs, Class<B> outputs) {
    return predict(name, inputs, outputs, DspyOptions.ofDefaults());
  }

  /** Adds a predictor as {@link #predict(String, Class, Class)} does, with options. */
  protected final <A extends Record, B extends Record> Predictor<A, B> predict(
      String name, Class<A> inputs, Class<B> outputs, DspyOptions options) {
    return add(name, inputs, outputs, Specs.of("predict", inputs, outputs, options));
  }

  /**
   * Adds a predictor that lets the model reason before it answers ({@code dspy.ChainOfThought}).
   *
   * @param name an identifier that no other predictor of the module has
   * @throws ConfigurationException when another predictor has the name
   */
  protected final <A extends Record, B extends Record> Predictor<A, B> chainOfThought(
      String name, Class<A> inputs, Class<B> outputs) {
    return chainOfThought(name, inputs, outputs, DspyOptions.ofDefaults());
  }

  /** Adds a predictor as {@link #chainOfThought(String, Class, Class)} does, with options. */
  protected final <A extends Record, B extends Record> Predictor<A, B> chainOfThought(
      String name, Class<A> inputs, Class<B> outputs, DspyOptions options) {
    return add(name, inputs, outputs, Specs.of("chain_of_thought", inputs, outputs, options));
  }

  private <A extends Record, B extends Record> Predictor<A, B> add(
      String name, Class<A> inputs, Class<B> outputs, Map<String, Object> spec) {
    Predictor<A, B> predictor = new Predictor<>(name, inputs, outputs, spec);
    if (predictors.putIfAbsent(name, predictor) != null) {
      throw new ConfigurationException(
          getClass().getSimpleName() + " has two predictors of the name '" + name + "'.");
    }
    return predictor;
  }

  final Class<I> inputs() {
    return inputs;
  }

  final Class<O> outputs() {
    return outputs;
  }

  /** Returns the predictors by name, in the order in which they were added. */
  final Map<String, Predictor<?, ?>> predictors() {
    return predictors;
  }

  /**
   * Returns the predictor's name.
   *
   * @throws ConfigurationException when the predictor is another module's
   */
  final String nameOf(Predictor<?, ?> predictor) {
    if (predictors.get(predictor.name()) != predictor) {
      throw new ConfigurationException(
          predictor
              + " is no predictor of "
              + getClass().getSimpleName()
              + ", which has "
              + predictors.keySet()
              + ".");
    }
    return predictor.name();
  }
}
