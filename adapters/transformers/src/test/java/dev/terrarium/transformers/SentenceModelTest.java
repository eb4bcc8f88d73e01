package dev.terrarium.transformers;

import static dev.terrarium.transformers.Expected.MODELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Vectors of sentences beside those that CPython's libraries make, and models that are refused. */
class SentenceModelTest {

  @TempDir private Path temporary = Path.of("");

  @Test
  @Tag("model")
  void theDefaultModelMakesTheVectorsOfCPython() {
    try (SentenceModel model = SentenceModel.ofDefaults()) {
      assertThat(model.dimensions()).isEqualTo(384);
      assertThat(model.name()).isEqualTo("all-MiniLM-L6-v2");
      assertVectors(model, "minilm");
    }
  }

  /** Twenty batches of 32 texts take far longer than the test may. */
  @Test
  @Tag("model")
  @Timeout(40)
  void textsThatNobodyWaitsForKeepNoOthersWaiting() throws Exception {
    try (SentenceModel model = SentenceModel.ofDefaults()) {
      List<String> many = Collections.nCopies(640, "a long text ".repeat(200));
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread caller =
          Thread.startVirtualThread(
              () -> {
                try {
                  model.embed(many);
                  failure.complete(new IllegalStateException("all were computed"));
                } catch (RuntimeException e) {
                  failure.complete(e);
                }
              });
      while (caller.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      caller.interrupt();

      assertThat(failure.get()).isInstanceOf(CallInterruptedException.class);
      assertThat(model.embed(List.of("a"))).hasSize(1);
    }
  }

  @Test
  void theFilesOfAModelSayHowItsVectorsAreMade() {
    try (SentenceModel model = SentenceModel.open(MODELS.resolve("sentences"))) {
      assertThat(model.dimensions()).isEqualTo(16);
      assertVectors(model, "sentences");
    }
  }

  /** Alone, all in one request, and in any order: padding and neighbours do not show. */
  private static void assertVectors(SentenceModel model, String name) {
    List<JsonNode> entries = new ArrayList<>(Expected.of(name));
    for (JsonNode entry : entries) {
      assertVector(model.embed(List.of(entry.path("text").asText())).getFirst(), entry);
    }
    Collections.reverse(entries);
    List<float[]> vectors =
        model.embed(entries.stream().map(entry -> entry.path("text").asText()).toList());
    for (int i = 0; i < vectors.size(); i++) {
      assertVector(vectors.get(i), entries.get(i));
    }
  }

  private static void assertVector(float[] vector, JsonNode entry) {
    float[] expected = Expected.floats(entry.path("vector"));
    assertThat(vector).as(entry.path("text").asText()).hasSameSizeAs(expected);
    assertThat(Expected.cosine(vector, expected))
        .as(entry.path("text").asText())
        .isGreaterThanOrEqualTo(0.99999);
    assertThat(Expected.cosine(vector, vector)).isEqualTo(1, within(1e-9));
  }

  @Test
  void aQuantizedModelMakesTheSameNumbersBesideOtherTexts() throws Exception {
    try (SentenceModel model = SentenceModel.open(MODELS.resolve("quantized"));
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<String> texts = Expected.texts("quantized");
      List<float[]> alone =
          texts.stream().map(text -> model.embed(List.of(text)).getFirst()).toList();
      List<Future<List<float[]>>> together = new ArrayList<>();
      for (int round = 0; round < 20; round++) {
        together.add(callers.submit(() -> model.embed(texts)));
      }
      for (Future<List<float[]>> each : together) {
        for (int i = 0; i < alone.size(); i++) {
          assertThat(each.get().get(i)).containsExactly(alone.get(i));
        }
      }
    }
  }

  @Test
  void quantizedNumbersAreThoseOfCPython() {
    try (LoadedModels.Handle handle = Expected.open("quantized")) {
      OnnxModel model = handle.model();
      assertThat(model.isQuantized()).isTrue();
      for (JsonNode entry : Expected.of("quantized")) {
        Tokens tokens = model.tokens(entry.path("text").asText(), null, 99, Truncation.NONE);
        float[] values = model.compute(List.of(tokens)).getFirst().getFirst();
        List<Float> expected = new ArrayList<>();
        entry
            .path("values")
            .get(0)
            .forEach(row -> row.forEach(one -> expected.add(one.floatValue())));
        assertThat(values).hasSize(expected.size());
        for (int i = 0; i < values.length; i++) {
          assertThat(values[i]).isEqualTo(expected.get(i), within(1e-2f));
        }
      }
    }
  }

  @Test
  void tokensAreThoseOfCPythonAlsoOfPairsThatAreCutOff() {
    try (LoadedModels.Handle handle = Expected.open("sentences")) {
      for (JsonNode entry : Expected.of("tokens")) {
        String second = entry.path("pair").isNull() ? null : entry.path("pair").asText();
        Tokens tokens =
            handle
                .model()
                .tokens(
                    entry.path("text").asText(),
                    second,
                    entry.path("max_length").asInt(),
                    Truncation.valueOf(entry.path("how").asText().toUpperCase(Locale.ROOT)));
        assertThat(tokens.ids())
            .as(entry.toString())
            .containsExactly(Expected.longs(entry.path("input_ids")).toArray(Long[]::new));
      }
    }
  }

  @Test
  void partsOfLongTextsAreThoseOfCPython() throws IOException {
    for (String side : List.of("right", "left")) {
      Path folder = copy("names", side);
      Files.writeString(
          folder.resolve("tokenizer_config.json"), "{\"truncation_side\": \"" + side + "\"}");
      try (LoadedModels.Handle handle =
          LoadedModels.open(folder.toString(), Batching.ofDefaults())) {
        for (JsonNode entry : Expected.of("windows")) {
          if (entry.path("side").asText().equals(side)) {
            List<Tokens> windows =
                handle
                    .model()
                    .tokenizer()
                    .windows(
                        entry.path("text").asText(),
                        entry.path("pair").textValue(),
                        entry.path("max_length").asInt(),
                        entry.path("stride").asInt());
            List<List<Long>> expected = new ArrayList<>();
            entry.path("input_ids").forEach(ids -> expected.add(Expected.longs(ids)));
            assertThat(windows.stream().map(SentenceModelTest::ids))
                .as(entry.toString())
                .containsExactlyElementsOf(expected);
          }
        }
      }
    }
  }

  private static List<Long> ids(Tokens tokens) {
    return LongStream.of(tokens.ids()).boxed().toList();
  }

  @Test
  void modelsOfOneFolderAreLoadedOnce() {
    try (LoadedModels.Handle one = Expected.open("sentences")) {
      try (LoadedModels.Handle other = Expected.open("sentences")) {
        assertThat(other.model()).isSameAs(one.model());
      }
      assertThat(one.model().tokens("a", null, 99, Truncation.NONE).length()).isEqualTo(3);
    }
  }

  @Test
  void aClosedModelRefusesTexts() {
    SentenceModel model = SentenceModel.open(MODELS.resolve("sentences"));
    model.close();
    model.close();

    assertThatThrownBy(() -> model.embed(List.of("a")))
        .isInstanceOf(ClosedException.class)
        .hasMessage("The model sentences is closed.");
  }

  @Test
  void aMillionCharactersAreCutOff() {
    try (SentenceModel model = SentenceModel.open(MODELS.resolve("sentences"))) {
      List<float[]> vectors =
          model.embed(List.of("good ".repeat(200_000), "good good good good good good"));
      assertThat(Expected.cosine(vectors.get(0), vectors.get(1))).isGreaterThan(0.999999);
    }
  }

  @Test
  void textsThatAreTooLongAreRefusedWithoutTruncation() {
    try (LoadedModels.Handle handle = Expected.open("reviews")) {
      assertThatThrownBy(() -> handle.model().tokens("good ".repeat(31), null, 99, Truncation.NONE))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "The text has 33 tokens, and the model reviews reads at most 32: cut it, or have it"
                  + " truncated.")
          .satisfies(
              e -> assertThat(((ModelException) e).kind()).isEqualTo(Kind.CONTEXT_LENGTH_EXCEEDED));
    }
  }

  @Test
  void aFolderWithoutAFileIsRefused() throws IOException {
    for (String file : List.of("model.onnx", "tokenizer.json", "config.json")) {
      Path folder = copy("sentences", "without-" + file);
      Files.delete(folder.resolve(file));
      assertThatThrownBy(() -> SentenceModel.open(folder))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("The model's folder " + folder + " has no " + file);
    }
    assertThatThrownBy(() -> SentenceModel.open(temporary.resolve("nowhere")))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("There is no model '" + temporary.resolve("nowhere") + "'");
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    Path folder = copy("sentences", "damaged");
    byte[] onnx = Files.readAllBytes(folder.resolve("model.onnx"));
    Files.write(folder.resolve("model.onnx"), Arrays.copyOf(onnx, onnx.length / 2));
    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "The model "
                + folder.resolve("model.onnx")
                + " cannot be loaded: it is no ONNX file, or is cut off");

    Files.write(folder.resolve("model.onnx"), onnx);
    Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": {\"type\": \"None\"}}");
    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith(
            "The tokenizer " + folder.resolve("tokenizer.json") + " cannot be loaded: ");

    Files.writeString(folder.resolve("config.json"), "{");
    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("The file " + folder.resolve("config.json") + " is no JSON: ");
  }

  @Test
  void anOpsetThatDoesNotExistIsRefused() throws IOException {
    Path folder = copy("sentences", "opset");
    byte[] onnx = Files.readAllBytes(folder.resolve("model.onnx"));
    assertThat(onnx[onnx.length - 1]).isEqualTo((byte) 17); // the version, which stands last
    onnx[onnx.length - 1] = 99;
    Files.write(folder.resolve("model.onnx"), onnx);

    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("The model " + folder.resolve("model.onnx") + " cannot be loaded: ")
        .hasMessageContaining("pset 99");
  }

  @Test
  void theTokenizerOfAnotherModelIsRefused() throws IOException {
    Path folder = copy("sentences", "another");
    Path config = folder.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceAll("\"vocab_size\": \\d+", "\"vocab_size\": 40"));

    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("is of another model: its last token is ")
        .hasMessageContaining("knows 40 tokens");
  }

  @Test
  void stepsAndPathsThatAreNotSupportedAreNamed() throws IOException {
    Path folder = copy("sentences", "steps");
    Path modules = folder.resolve("modules.json");
    String before = Files.readString(modules);
    Files.writeString(modules, before.replace("models.Normalize", "models.Dense"));
    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("asks for the step 'sentence_transformers.models.Dense'");

    Files.writeString(modules, before.replace("1_Pooling", "../elsewhere"));
    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("the path '../elsewhere' outside of the model's folder");
  }

  @Test
  void filesOutsideOfTheFolderAreRefused() throws IOException {
    Path folder = copy("sentences", "linked");
    Files.delete(folder.resolve("model.onnx"));
    Files.createSymbolicLink(folder.resolve("model.onnx"), MODELS.resolve("sentences/model.onnx"));

    assertThatThrownBy(() -> SentenceModel.open(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageEndingWith("is a link to a place outside of the model's folder: copy it.");
  }

  @Test
  void bucketsHoldLengthsThatAreAlike() {
    assertThat(List.of(1, 8, 9, 12, 13, 16, 17, 24, 33, 48, 49, 100, 512))
        .extracting(OnnxModel::bucket)
        .containsExactly(8, 8, 12, 12, 16, 16, 24, 24, 48, 48, 64, 128, 512);
  }

  private Path copy(String model, String name) throws IOException {
    return Expected.copy(model, temporary.toRealPath().resolve(name));
  }
}
