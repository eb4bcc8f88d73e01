package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.testkit.Collector;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests of the cache of answers with DSPy, in one context. */
@Tag("graalpy")
@Execution(ExecutionMode.CONCURRENT)
class KeptAnswersTest {

  record Question(String question) {}

  record Answer(String answer) {}

  /** A model that answers with the number of its requests, but refuses long questions. */
  private static final class Numbering implements LanguageModel {
    final List<ChatRequest> requests = new CopyOnWriteArrayList<>();

    @Override
    public String name() {
      return "numbering";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      requests.add(request);
      if (request.messages().getLast().content().contains("very long")) {
        throw new ModelException(Kind.CONTEXT_LENGTH_EXCEEDED, "9000 of 8192 tokens", null);
      }
      return new ChatResponse(
          "{\"answer\": \"" + requests.size() + "\"}",
          FinishReason.STOP,
          new TokenUsage(10, 5),
          Duration.ofMillis(1));
    }

    @Override
    public void close() {}
  }

  @Test
  void oneCacheServesProgramsAndFrozenPrograms() throws Exception {
    Numbering model = new Numbering();
    TerrariumConfig config =
        TerrariumConfig.custom().contexts(1).languageModel(model).answerCache(1 << 20).build();
    try (Terrarium terrarium = Terrarium.start(config)) {
      DspyProgram<Question, Answer> ask =
          terrarium.adapter(Dspy.class).predict(Question.class, Answer.class);
      Question question = new Question("Where?");

      Traced<Answer> first = ask.trace(question);
      Traced<Answer> second = ask.trace(question);
      Answer frozen = ask.freeze().call(question);

      assertThat(second.outputs()).isEqualTo(first.outputs()).isEqualTo(frozen);
      assertThat(second.usage().promptTokens()).isZero();
      List<DspyChunk<Answer>> streamed = Collector.all(ask.stream(question));
      assertThat(streamed.getLast())
          .isInstanceOfSatisfying(
              DspyChunk.Done.class,
              done -> assertThat(done.traced().outputs()).isEqualTo(first.outputs()));
      assertThat(model.requests).hasSize(1);
      assertThat(terrarium.stats().answers().hits()).isEqualTo(3);

      assertThatThrownBy(() -> ask.call(new Question("very long")))
          .isInstanceOfSatisfying(
              ModelException.class,
              e -> assertThat(e.kind()).isEqualTo(Kind.CONTEXT_LENGTH_EXCEEDED))
          .hasMessage("9000 of 8192 tokens");
    }
  }
}
