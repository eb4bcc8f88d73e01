package dev.terrarium.transformers;

import static dev.terrarium.transformers.Expected.MODELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testkit.FakeLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One Terrarium with two contexts, whose Python and Java use the models of the tests. */
@Tag("graalpy")
class TransformersTest {

  private static final String SENTENCES = MODELS.resolve("sentences").toString();
  private static final String REVIEWS = MODELS.resolve("reviews").toString();

  private static final FakeLanguageModel LANGUAGE_MODEL = FakeLanguageModel.answering("Paris");

  @SuppressWarnings("NullAway.Init") // by start()
  private static SentenceModel shared;

  @SuppressWarnings("NullAway.Init") // by start()
  private static Terrarium terrarium;

  @BeforeAll
  static void start() {
    shared = SentenceModel.open(MODELS.resolve("sentences"));
    terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(2)
                .embeddingModel(shared)
                .languageModel(LANGUAGE_MODEL)
                .build());
    terrarium.register(Framework.fromResource("/reader.py").withPackages("transformers"));
  }

  @AfterAll
  static void close() {
    terrarium.close();
    shared.close();
  }

  @Test
  void javaGetsLabelsWithoutAContext() {
    Pipeline<String, List<Label>> pipeline = facade().textClassification(REVIEWS);
    JsonNode expected = Expected.of("reviews").getFirst();

    List<Label> labels = pipeline.call(expected.path("text").asText());

    assertThat(labels).extracting(Label::label).containsExactly("POSITIVE", "NEGATIVE");
    assertThat(labels.getFirst().score())
        .isEqualTo(expected.path("result").path(0).path("score").asDouble(), within(1e-5));
    List<CallResult<List<Label>>> all =
        pipeline.with(CallOptions.deadline(Duration.ofSeconds(30))).callAll(List.of("good", "bad"));
    assertThat(all.get(1).value().getFirst().label()).isEqualTo("NEGATIVE");
  }

  @Test
  void pythonGetsTheShapesOfUpstream() {
    Object labels =
        terrarium.call(
            "transformers",
            "run",
            Map.of("task", "sentiment-analysis", "inputs", "a very good film", "model", REVIEWS));
    assertThat(labels)
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .hasSize(1)
        .first()
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("label", "POSITIVE")
        .containsOnlyKeys("label", "score");
  }

  @Test
  void vectorsAreTheSameInJavaInPythonAndForOtherFrameworks() {
    List<String> texts = Expected.texts("sentences");
    List<float[]> java = facade().embedding(SENTENCES).call(texts);
    List<float[]> python =
        floats(terrarium.call("transformers", "embed", Map.of("texts", texts, "model", SENTENCES)));
    List<float[]> other = floats(terrarium.call("reader", "embed", Map.of("texts", texts)));

    for (int i = 0; i < texts.size(); i++) {
      float[] expected = Expected.floats(Expected.of("sentences").get(i).path("vector"));
      for (float[] vector : List.of(java.get(i), python.get(i), other.get(i))) {
        assertThat(Expected.cosine(vector, expected)).isGreaterThanOrEqualTo(0.99999);
      }
    }
  }

  @Test
  void aFrameworkOfAUserImportsTransformers() {
    assertThat(terrarium.call("reader", "read", Map.of("model", SENTENCES, "text", "a good day")))
        .isEqualTo(
            Map.of(
                "tokens", 5L,
                "rows", 5L,
                "width", 16L,
                "kind", "array",
                "decoded", "[CLS] a good day [SEP]"));
  }

  @Test
  void allContextsUseOneCopyOfWhichAtMostThreeModelsStay() throws IOException {
    Adapter adapter = terrarium.adapter("transformers");
    List<CallResult<@Nullable Object>> all =
        adapter.callAll(
            Stream.generate(
                    () ->
                        Command.of(
                            "run",
                            Map.<String, Object>of(
                                "task", "text-classification", "inputs", "a", "model", REVIEWS)))
                .limit(8)
                .toList());
    assertThat(all).allSatisfy(result -> assertThat(result.value()).isNotNull());
    long before = terrarium.stats().modelCache().loads();

    for (int i = 0; i < 4; i++) {
      facade().textClassification(copy(i).toString()).call("a");
    }

    assertThat(terrarium.stats().modelCache().loads() - before).isEqualTo(4);
    assertThat(terrarium.stats().modelCache().models()).isEqualTo(3);
    assertThat(terrarium.stats().modelCache().bytes()).isBetween(30_000L, 40_000L);
  }

  @TempDir private Path temporary = Path.of("");

  private Path copy(int number) throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("copy" + number));
    for (String file : List.of("model.onnx", "tokenizer.json", "config.json")) {
      Files.copy(Path.of(REVIEWS).resolve(file), folder.resolve(file));
    }
    return folder;
  }

  @Test
  void whatIsNotSupportedIsNamedInPythonAndInJava() {
    assertThatThrownBy(
            () ->
                terrarium.call(
                    "transformers", "run", Map.of("task", "text-to-speech", "inputs", "a")))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("the task 'text-to-speech' is not supported here");
    assertThatThrownBy(() -> facade().textClassification("/nowhere").call("a"))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("There is no model '/nowhere'");
    assertThatThrownBy(
            () ->
                terrarium.call(
                    "transformers",
                    "run",
                    Map.of(
                        "task",
                        "text-classification",
                        "inputs",
                        "a",
                        "model",
                        REVIEWS,
                        "options",
                        Map.of("truncation", "sometimes"))))
        .isInstanceOf(ArgumentException.class)
        .hasMessageStartingWith("truncation: sometimes is none of True, False");
  }

  @Test
  @Tag("model")
  void theGuidesVectorsAreOfTheDefaultModel() {
    // guide: vectors
    SentenceModel model = SentenceModel.ofDefaults();
    TerrariumConfig config = TerrariumConfig.custom().embeddingModel(model).build();
    List<float[]> vectors = model.embed(List.of("A fast auburn animal.", "A quick brown fox."));
    // end
    assertThat(Expected.cosine(vectors.get(0), vectors.get(1))).isBetween(0.4, 0.9);
    assertThat(config.contexts()).isPositive();
    model.close();
  }

  @Test
  void theGuidesLabels() {
    String folder = REVIEWS;
    // guide: labels
    Transformers transformers = terrarium.adapter(Transformers.class);
    Pipeline<String, List<Label>> sentiment = transformers.textClassification(folder);

    Label likeliest = sentiment.call("a very good film").getFirst();
    List<CallResult<List<Label>>> each = sentiment.callAll(List.of("a good day", "a bad book"));
    // end
    assertThat(likeliest.label()).isEqualTo("POSITIVE");
    assertThat(each).allSatisfy(result -> assertThat(result.value()).hasSize(2));
  }

  @Test
  void theGuidesOwnLabelsAndRanks() {
    Transformers transformers = facade();
    String entailing = MODELS.resolve("entailments").toString();
    String ranking = MODELS.resolve("relevance").toString();
    // guide: ranks
    List<Label> topics =
        transformers
            .zeroShotClassification(entailing, List.of("good", "bad"))
            .call("the wonderful film");
    List<Ranked> ranked =
        transformers
            .reranking(ranking)
            .call(new Ranking("the good day", List.of("a sad book", "a good book")));
    // end
    assertThat(topics).extracting(Label::label).containsExactlyInAnyOrder("good", "bad");
    assertThat(topics.get(0).score() + topics.get(1).score()).isEqualTo(1, within(1e-6));
    assertThat(ranked).extracting(Ranked::index).containsExactly(1, 0);
    assertThat(
            terrarium.call(
                "transformers",
                "run",
                Map.of(
                    "task",
                    "zero-shot-classification",
                    "inputs",
                    "the wonderful film",
                    "model",
                    entailing,
                    "options",
                    Map.of("candidate_labels", List.of("good", "bad")))))
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("sequence", "the wonderful film")
        .containsEntry("labels", topics.stream().map(Label::label).toList())
        .containsEntry("scores", topics.stream().map(Label::score).toList());
  }

  @Test
  void theGuidesEntities() {
    Transformers transformers = facade();
    String folder = MODELS.resolve("names").toString();
    // guide: entities
    String text = "🚀 Anna was in Rome";
    List<Entity> entities =
        transformers.tokenClassification(folder, AggregationStrategy.FIRST).call(text);

    String name = text.substring(entities.getFirst().start(), entities.getFirst().end());
    // end
    assertThat(name).isEqualTo("Anna");
    assertThat(entities).extracting(Entity::label).containsExactly("PER", "LOC");
    assertThat(
            transformers
                .tokenClassification(folder, AggregationStrategy.FIRST, 8)
                .call("the day ".repeat(40) + text))
        .extracting(Entity::word)
        .contains("anna", "rome");
    // Python counts code points.
    assertThat(
            terrarium.call(
                "transformers",
                "run",
                Map.of(
                    "task",
                    "ner",
                    "inputs",
                    text,
                    "model",
                    folder,
                    "options",
                    Map.of("aggregation_strategy", "first"))))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .first()
        .isEqualTo(
            Map.of(
                "entity_group",
                "PER",
                "score",
                entities.getFirst().score(),
                "word",
                "anna",
                "start",
                2L,
                "end",
                6L));
  }

  @Test
  void theGuidesAnswers() {
    Transformers transformers = facade();
    String folder = MODELS.resolve("answers").toString();
    // guide: answers
    Pipeline<Question, List<Answer>> answering =
        transformers.questionAnswering(folder, AnswerOptions.ofDefaults().withTopK(3));
    List<Answer> answers = answering.call(new Question("where is it", "anna was in rome"));
    // end
    assertThat(answers.getFirst().answer()).isEqualTo("rome");
    assertThat(answers).hasSize(3);
    String text = "🚀 anna was in rome";
    Answer one =
        transformers.questionAnswering(folder).call(new Question("where is it", text)).getFirst();
    assertThat(text.substring(one.start(), one.end())).isEqualTo("rome").isEqualTo(one.answer());
    assertThat(
            terrarium.call(
                "transformers",
                "run",
                Map.of(
                    "task",
                    "question-answering",
                    "inputs",
                    Map.of("question", "where is it", "context", text),
                    "model",
                    folder)))
        .isEqualTo(Map.of("score", one.score(), "start", 14L, "end", 18L, "answer", "rome"));
  }

  @Test
  void theGuidesMasks() {
    Transformers transformers = facade();
    String folder = MODELS.resolve("masks").toString();
    // guide: masks
    List<List<FilledMask>> masks =
        transformers.fillMask(folder).call("The good [MASK] was [MASK].");
    String likeliest = masks.getFirst().getFirst().token();

    List<FilledMask> chosen =
        transformers.fillMask(folder, List.of("film", "day")).call("the good [MASK]").getFirst();
    // end
    assertThat(masks).hasSize(2).allSatisfy(mask -> assertThat(mask).hasSize(5));
    assertThat(likeliest).isIn("film", "book");
    assertThat(chosen).extracting(FilledMask::token).containsExactly("film", "day");
    assertThat(
            terrarium.call(
                "transformers",
                "run",
                Map.of(
                    "task",
                    "fill-mask",
                    "inputs",
                    "the good [MASK]",
                    "model",
                    folder,
                    "options",
                    Map.of("targets", List.of("film"), "top_k", 1))))
        .isEqualTo(
            List.of(
                Map.of(
                    "score",
                    chosen.getFirst().score(),
                    "token",
                    chosen.getFirst().id(),
                    "token_str",
                    "film",
                    "sequence",
                    "the good film")));
  }

  @Test
  void pythonAsksTheLanguageModelsOfTheTerrarium() {
    assertThat(
            terrarium.call(
                "transformers",
                "run",
                Map.of(
                    "task",
                    "text-generation",
                    "inputs",
                    List.of(Map.of("role", "user", "content", "What is the capital of France?")),
                    "options",
                    Map.of("max_new_tokens", 9, "do_sample", false, "return_full_text", false))))
        .isEqualTo(List.of(Map.of("generated_text", "Paris")));
    assertThat(LANGUAGE_MODEL.lastRequest().maxTokens()).isEqualTo(9);
    assertThat(LANGUAGE_MODEL.lastRequest().temperature()).isZero();
  }

  @Test
  void theGuidesBounds() {
    Path path = Path.of(SENTENCES);
    // guide: batching
    SentenceModel model = SentenceModel.open(path, new Batching(64, Duration.ofMillis(2)));
    // end
    assertThat(model.embed(List.of("a"))).hasSize(1);
    model.close();
  }

  private static Transformers facade() {
    return terrarium.adapter(Transformers.class);
  }

  @SuppressWarnings("unchecked") // as the commands return them
  private static List<float[]> floats(@Nullable Object vectors) {
    return (List<float[]>) Objects.requireNonNull(vectors);
  }
}
