package dev.terrarium.transformers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.transformers.FillMask.Options;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Predicted tokens beside those that upstream's own pipeline makes of the same numbers. */
class FillMaskTest {

  @TempDir private Path temporary = Path.of("");

  @Test
  void tokensAreThoseOfCPython() {
    try (LoadedModels.Handle handle = Expected.open("masks")) {
      for (JsonNode entry : Expected.of("masks")) {
        JsonNode given = entry.path("options");
        Options options =
            new Options(
                given.path("top_k").asInt(FillMask.MOST_TOKENS),
                targets(given.path("targets")),
                given.has("tokenizer_kwargs") ? Truncation.LONGEST_FIRST : Truncation.NONE);
        List<List<FilledMask>> masks = filled(handle.model(), entry.path("text").asText(), options);
        assertThat(masks).as(entry.toString()).hasSameSizeAs(entry.path("result"));
        for (int i = 0; i < masks.size(); i++) {
          assertTokens(masks.get(i), entry.path("result").path(i));
        }
      }
    }
  }

  private static @Nullable List<String> targets(JsonNode given) {
    if (given.isMissingNode()) {
      return null;
    }
    return given.isArray() ? Expected.strings(given) : List.of(given.asText());
  }

  private static void assertTokens(List<FilledMask> tokens, JsonNode expected) {
    assertThat(tokens).as(expected.toString()).hasSameSizeAs(expected);
    for (int i = 0; i < tokens.size(); i++) {
      FilledMask token = tokens.get(i);
      JsonNode one = expected.path(i);
      assertThat(token)
          .as(expected.toString())
          .isEqualTo(
              new FilledMask(
                  one.path("token_str").asText(),
                  token.score(),
                  one.path("token").asLong(),
                  one.path("sequence").asText()));
      assertThat(token.score()).isEqualTo(one.path("score").asDouble(), within(1e-5));
    }
  }

  @Test
  void whatCannotBeFilledIsRefused() {
    try (LoadedModels.Handle masks = Expected.open("masks")) {
      OnnxModel model = masks.model();
      for (String text : List.of("", "a day")) {
        assertRefused(
            model,
            text,
            options(5, null),
            "The text has no [MASK]: put it where a word is to be predicted.");
      }
      assertRefused(model, "[MASK]", options(0, null), "top_k: 0 is less than 1");
      assertRefused(
          model,
          "[MASK]",
          options(200, null),
          "top_k: 200 is more than the " + model.width("logits") + " tokens of the vocabulary");
      for (List<String> words : List.of(List.<String>of(), List.of("", " "))) {
        assertRefused(
            model,
            "[MASK]",
            options(5, words),
            "targets: at least one word with tokens is needed.");
      }
      assertThatThrownBy(() -> filled(model, "[MASK] " + "a ".repeat(500_000), options(5, null)))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("The text has 500003 tokens")
          .satisfies(
              e -> assertThat(((ModelException) e).kind()).isEqualTo(Kind.CONTEXT_LENGTH_EXCEEDED));
    }
    try (LoadedModels.Handle sentences = Expected.open("sentences")) {
      assertThatThrownBy(() -> filled(sentences.model(), "[MASK]", options(5, null)))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("The model sentences predicts no tokens: it has the outputs");
    }
  }

  @Test
  void aTokenizerWithoutAMaskIsRefused() throws IOException {
    Path folder = Expected.copy("masks", temporary.toRealPath().resolve("maskless"));
    Path tokenizer = folder.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("[MASK]", "[GAP]"));
    try (LoadedModels.Handle handle = LoadedModels.open(folder.toString(), Batching.ofDefaults())) {
      assertThatThrownBy(() -> filled(handle.model(), "[MASK]", options(5, null)))
          .isInstanceOf(ModelException.class)
          .hasMessage("The tokenizer of the model maskless has no mask token.");
    }
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"mask_token\": \"[GAP]\"}");
    try (LoadedModels.Handle handle = LoadedModels.open(folder.toString(), Batching.ofDefaults())) {
      assertThat(filled(handle.model(), "a [GAP]", options(3, null)).getFirst()).hasSize(3);
    }
  }

  private static void assertRefused(OnnxModel model, String text, Options options, String message) {
    assertThatThrownBy(() -> filled(model, text, options))
        .isInstanceOf(ArgumentException.class)
        .hasMessage(message);
  }

  private static Options options(int topK, @Nullable List<String> targets) {
    return new Options(topK, targets, Truncation.NONE);
  }

  private static List<List<FilledMask>> filled(OnnxModel model, String text, Options options) {
    return FillMask.filled(model, List.of(text), options).getFirst();
  }
}
