package dev.terrarium.dspy;

import dev.terrarium.Describe;
import dev.terrarium.spi.AdapterFactory;
import java.util.concurrent.Flow;
import java.util.function.Function;

/** A {@code dspy.Predict} of {@code question -> answer}. Thread-safe. */
record DspyAnswerer(DspyProgram<Question, Answer> program) implements AdapterFactory.Answerer {

  record Question(String question) {}

  /**
   * The output of the signature. The instruction is for small models: without one they repeat the
   * form that DSPy shows them.
   */
  @Describe("Answer the question.")
  record Answer(String answer) {}

  static DspyAnswerer of(Dspy dspy, int maxTokens) {
    DspyOptions options = DspyOptions.ofDefaults().withTemperature(0).withMaxTokens(maxTokens);
    return new DspyAnswerer(dspy.predict(Question.class, Answer.class, options));
  }

  @Override
  public String answer(String question) {
    return program.call(new Question(question)).answer();
  }

  @Override
  public Flow.Publisher<String> stream(String question) {
    return program.stream(new Question(question), DspyAnswerer::texts);
  }

  /**
   * Returns a conversion to the answer's pieces, the last of which is the whole answer when there
   * were none before, as for an answer that DSPy had cached.
   */
  private static Function<DspyChunk<Answer>, String> texts() {
    boolean[] begun = {false};
    return chunk ->
        switch (chunk) {
          case DspyChunk.Text<Answer> piece -> {
            begun[0] = true;
            yield piece.text();
          }
          case DspyChunk.Status<Answer> none -> "";
          case DspyChunk.Done<Answer>(Traced<Answer> traced) ->
              begun[0] ? "" : traced.outputs().answer();
        };
  }
}
