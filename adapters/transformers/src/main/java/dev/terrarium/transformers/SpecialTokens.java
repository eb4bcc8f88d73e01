package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a tokenizer that have a meaning of their own. Immutable.
 *
 * @param unknown the token of what is not in the vocabulary
 * @param mask the token in whose place a model predicts another one
 * @param first the token that begins a text and stands for all of it
 */
record SpecialTokens(@Nullable Token unknown, @Nullable Token mask, @Nullable Token first) {

  /**
   * A token of the vocabulary.
   *
   * @param name its text
   * @param id its number
   */
  record Token(String name, long id) {

    static boolean is(@Nullable Token token, long id) {
      return token != null && token.id == id;
    }
  }

  /**
   * Reads the tokens' names from {@code tokenizer_config.json}. What is missing there has the names
   * that upstream's tokenizers of BERT and RoBERTa have by default.
   *
   * @param tokenizer {@code tokenizer.json}
   */
  static SpecialTokens of(JsonNode tokenizer, JsonNode config) {
    JsonNode model = tokenizer.path("model");
    Token unknown = find(tokenizer, config, "unk_token", model.path("unk_token").asText(""));
    JsonNode vocabulary = model.path("vocab");
    int id = model.path("unk_id").asInt(-1);
    if (unknown == null && vocabulary.path(id).isArray()) {
      unknown = new Token(vocabulary.path(id).path(0).asText(), id);
    }
    return new SpecialTokens(
        unknown,
        find(tokenizer, config, "mask_token", "[MASK]", "<mask>"),
        find(tokenizer, config, "cls_token", "[CLS]", "<s>"));
  }

  private static @Nullable Token find(
      JsonNode tokenizer, JsonNode config, String key, String... usual) {
    JsonNode own = config.path(key);
    List<String> names = new ArrayList<>(List.of(usual));
    names.addFirst(own.isObject() ? own.path("content").asText("") : own.asText(""));
    for (String name : names) {
      for (JsonNode added : tokenizer.path("added_tokens")) {
        if (added.path("content").asText("").equals(name)) {
          return new Token(name, added.path("id").asLong());
        }
      }
      JsonNode known = tokenizer.path("model").path("vocab").path(name);
      if (known.isIntegralNumber()) {
        return new Token(name, known.asLong());
      }
    }
    return null;
  }
}
