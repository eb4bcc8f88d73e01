package dev.terrarium.transformers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Answers beside those that upstream's own pipeline finds in the same numbers. */
class QuestionAnsweringTest {

  private static final AnswerOptions DEFAULTS = AnswerOptions.ofDefaults();

  @Test
  void answersAreThoseOfCPython() {
    try (LoadedModels.Handle handle = Expected.open("answers")) {
      for (JsonNode entry : Expected.of("answers")) {
        Question question =
            new Question(entry.path("question").asText(), entry.path("context").asText());
        List<JsonNode> expected = new ArrayList<>();
        for (JsonNode each : entry.path("result")) {
          if (each.path("score").asDouble() > 0) {
            expected.add(each);
          }
        }
        List<Answer> answers = answers(handle.model(), question, options(entry.path("options")));
        assertThat(answers).as(entry.toString()).hasSameSizeAs(expected);
        for (int i = 0; i < answers.size(); i++) {
          Answer answer = answers.get(i);
          JsonNode one = expected.get(i);
          assertThat(answer)
              .as(entry.toString())
              .isEqualTo(
                  new Answer(
                      one.path("answer").asText(),
                      answer.score(),
                      one.path("start").asInt(),
                      one.path("end").asInt()));
          assertThat(answer.score())
              .as(entry.toString())
              .isEqualTo(one.path("score").asDouble(), within(1e-4));
        }
      }
    }
  }

  private static AnswerOptions options(JsonNode given) {
    return new AnswerOptions(
        given.path("top_k").asInt(DEFAULTS.topK()),
        given.path("max_answer_len").asInt(DEFAULTS.maxAnswerLength()),
        number(given.path("max_seq_len")),
        number(given.path("doc_stride")),
        given.path("handle_impossible_answer").asBoolean(DEFAULTS.impossible()),
        given.path("align_to_words").asBoolean(DEFAULTS.wholeWords()));
  }

  private static OptionalInt number(JsonNode given) {
    return given.isMissingNode() ? OptionalInt.empty() : OptionalInt.of(given.asInt());
  }

  @Test
  void anAnswerIsFoundAtTheEndOfAMillionCharacters() {
    try (LoadedModels.Handle handle = Expected.open("answers")) {
      String context = "the day was nice, ".repeat(56_000) + "anna was in rome";
      AnswerOptions options =
          new AnswerOptions(100, 15, OptionalInt.empty(), OptionalInt.of(0), false, true);
      List<Answer> answers = answers(handle.model(), new Question("where is it", context), options);
      assertThat(answers).extracting(Answer::answer).contains("rome");
      assertThat(answers).extracting(Answer::end).contains(context.length());
    }
  }

  @Test
  void aTextWithoutTokensHasNoAnswer() {
    try (LoadedModels.Handle handle = Expected.open("answers")) {
      Question question = new Question("who", " ");
      assertThat(answers(handle.model(), question, DEFAULTS)).isEmpty();
      assertThat(answers(handle.model(), question, DEFAULTS.withImpossible(true)))
          .containsExactly(new Answer("", 1, 0, 0));
    }
  }

  @Test
  void aQuestionThatLeavesNoRoomIsRefused() {
    try (LoadedModels.Handle handle = Expected.open("answers")) {
      Question question = new Question("who ".repeat(40), "anna was in rome");
      assertThatThrownBy(() -> answers(handle.model(), question, DEFAULTS))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "The text has 123 tokens, and the model answers reads at most 32: no room is left for"
                  + " the text that is read in parts.")
          .satisfies(
              e -> assertThat(((ModelException) e).kind()).isEqualTo(Kind.CONTEXT_LENGTH_EXCEEDED));
    }
  }

  @Test
  void optionsThatDoNotFitAreRefused() {
    assertRefused(() -> new Question("", "a"), "question: it is empty");
    assertRefused(() -> new Question("a", ""), "context: it is empty");
    assertRefused(() -> DEFAULTS.withTopK(0), "top_k: 0 is less than 1");
    assertRefused(() -> DEFAULTS.withMaxAnswerLength(0), "max_answer_len: 0 is less than 1");
    assertRefused(() -> sequence(0, 0), "max_seq_len: 0 is less than 1");
    assertRefused(() -> sequence(9, -1), "doc_stride: -1 is negative");
    try (LoadedModels.Handle handle = Expected.open("answers")) {
      Question question = new Question("who", "anna was in rome ".repeat(9));
      assertRefused(
          () -> answers(handle.model(), question, sequence(33, 4)),
          "max_seq_len: 33 is more than the 32 tokens that the model answers reads");
      assertRefused(
          () -> answers(handle.model(), question, sequence(20, 14)),
          "stride: 14 is not in 0 to 13, as a part has 14 tokens of the text");
    }
  }

  @Test
  void aModelThatAnswersNothingIsRefused() {
    try (LoadedModels.Handle handle = Expected.open("names")) {
      assertThatThrownBy(() -> answers(handle.model(), new Question("who", "anna"), DEFAULTS))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "The model names answers no questions: it has the outputs [logits], and needs"
                  + " start_logits with numbers for each token.");
    }
  }

  private static AnswerOptions sequence(int length, int stride) {
    return new AnswerOptions(1, 15, OptionalInt.of(length), OptionalInt.of(stride), false, true);
  }

  private static void assertRefused(Runnable work, String message) {
    assertThatThrownBy(work::run).isInstanceOf(ArgumentException.class).hasMessage(message);
  }

  private static List<Answer> answers(OnnxModel model, Question question, AnswerOptions options) {
    return QuestionAnswering.answers(model, List.of(question), options).getFirst();
  }
}
