package dev.terrarium.transformers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.transformers.EntityGroups.Span;
import dev.terrarium.transformers.TextClassification.Input;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import dev.terrarium.transformers.TokenClassification.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Entities beside those that upstream's own pipeline makes of the same numbers. */
class TokenClassificationTest {

  private static final Set<String> OUTSIDE = Set.of("O");

  @TempDir private Path temporary = Path.of("");

  @ParameterizedTest
  @ValueSource(strings = {"names", "names-of-bytes", "names-of-spaces"})
  void entitiesAreThoseOfCPython(String model) {
    try (LoadedModels.Handle handle = Expected.open(model)) {
      for (JsonNode entry : Expected.of(model)) {
        JsonNode stride = entry.path("stride");
        Options options =
            new Options(
                AggregationStrategy.of(entry.path("aggregation_strategy").asText()),
                stride.isNull() ? OptionalInt.empty() : OptionalInt.of(stride.asInt()),
                OUTSIDE);
        assertSpans(spans(handle.model(), entry.path("text").asText(), options), entry);
      }
    }
  }

  private static void assertSpans(List<Span> spans, JsonNode entry) {
    JsonNode expected = entry.path("result");
    assertThat(spans).as(entry.toString()).hasSameSizeAs(expected);
    for (int i = 0; i < spans.size(); i++) {
      Span span = spans.get(i);
      JsonNode one = expected.path(i);
      String label = one.path(one.has("entity") ? "entity" : "entity_group").asText();
      assertThat(span)
          .as(entry.toString())
          .isEqualTo(
              new Span(
                  label,
                  span.score(),
                  one.path("index").asInt(-1),
                  one.path("word").asText(),
                  one.path("start").asInt(),
                  one.path("end").asInt()));
      assertThat(span.score())
          .as(entry.toString())
          .isEqualTo(one.path("score").asDouble(), within(1e-5));
    }
  }

  @Test
  void tokensAreDecodedAsByCPython() {
    for (JsonNode entry : Expected.of("decoded")) {
      JsonNode config = ModelFiles.json("{\"type\": \"" + entry.path("decoder").asText() + "\"}");
      assertThat(new TokenDecoder(config, "m").decode(Expected.strings(entry.path("tokens"))))
          .as(entry.toString())
          .isEqualTo(entry.path("text").asText());
    }
  }

  @Test
  void aDecoderThatIsNotSupportedIsNamed() {
    assertThat(new TokenDecoder(MissingNode.getInstance(), "m").decode(List.of("a", "b")))
        .isEqualTo("a b");
    assertThatThrownBy(
            () ->
                new TokenDecoder(ModelFiles.json("{\"type\": \"CTC\"}"), "m").decode(List.of("a")))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "The tokenizer of the model m has the decoder CTC; entities need WordPiece, ByteLevel"
                + " or Metaspace, or none.");
  }

  @Test
  void aMillionCharactersAreReadInParts() {
    try (LoadedModels.Handle handle = Expected.open("names")) {
      String text = "anna was in rome. ".repeat(56_000);
      List<Span> all =
          spans(
              handle.model(),
              text,
              new Options(AggregationStrategy.FIRST, OptionalInt.of(8), OUTSIDE));
      assertThat(all).hasSizeGreaterThan(56_000);
      assertThat(all.getLast().end()).isGreaterThan(1_000_000);
      assertThat(spans(handle.model(), text, options(AggregationStrategy.FIRST)))
          .hasSizeBetween(1, 10);
    }
  }

  @Test
  void placesCountCodePointsInPythonAndCharsInJava() {
    CodePoints text = new CodePoints("🚀🚀 anna");
    assertThat(text.length()).isEqualTo(7);
    assertThat(text.between(3, 7)).isEqualTo("anna");
    assertThat(text.index(7)).isEqualTo(9);
    assertThat(new CodePoints("").length()).isZero();
  }

  @Test
  void partsThatDoNotAdvanceAreRefused() {
    try (LoadedModels.Handle handle = Expected.open("names")) {
      String text = "anna ".repeat(20);
      for (int stride : new int[] {-1, 30, 32}) {
        Options options = new Options(AggregationStrategy.SIMPLE, OptionalInt.of(stride), OUTSIDE);
        assertThatThrownBy(() -> spans(handle.model(), text, options))
            .isInstanceOf(ArgumentException.class)
            .hasMessage(
                "stride: " + stride + " is not in 0 to 29, as a part has 30 tokens of the text");
      }
    }
  }

  @Test
  void aModelWithoutLabelsForTokensIsRefused() {
    try (LoadedModels.Handle reviews = Expected.open("reviews")) {
      assertThatThrownBy(() -> spans(reviews.model(), "anna", options(AggregationStrategy.SIMPLE)))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "The model reviews gives no labels to tokens: it has the outputs [logits], and needs"
                  + " logits with numbers for each token.");
    }
    assertThatThrownBy(() -> AggregationStrategy.of("last"))
        .isInstanceOf(ArgumentException.class)
        .hasMessage("aggregation_strategy: 'last' is none of [NONE, SIMPLE, FIRST, AVERAGE, MAX].");
  }

  @Test
  void labelsThatDoNotFitAreRefused() throws IOException {
    for (String model : List.of("names", "reviews")) {
      Path folder = Expected.copy(model, temporary.toRealPath().resolve(model));
      Path config = folder.resolve("config.json");
      Files.writeString(config, Files.readString(config).replace("\"1\":", "\"7\":"));
      try (LoadedModels.Handle handle =
          LoadedModels.open(folder.toString(), Batching.ofDefaults())) {
        int labels = handle.model().width("logits");
        assertThatThrownBy(
                () -> {
                  if (model.equals("names")) {
                    spans(handle.model(), "anna", options(AggregationStrategy.SIMPLE));
                  } else {
                    TextClassification.labels(
                        handle.model(), List.of(new Input("a", null)), null, Truncation.NONE);
                  }
                })
            .isInstanceOf(ModelException.class)
            .hasMessage(
                "The model %s has %d labels, and id2label of its config.json names %d, without the"
                        .formatted(model, labels, labels)
                    + " number 1.");
      }
    }
  }

  private static Options options(AggregationStrategy strategy) {
    return new Options(strategy, OptionalInt.empty(), OUTSIDE);
  }

  private static List<Span> spans(OnnxModel model, String text, Options options) {
    return TokenClassification.spans(model, List.of(text), options).getFirst();
  }
}
