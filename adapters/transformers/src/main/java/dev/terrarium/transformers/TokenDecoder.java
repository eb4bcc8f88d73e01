package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a text of tokens, as the decoders of the library {@code tokenizers} 0.23 do. Immutable.
 *
 * <p>The native library decodes numbers only. The words of entities need texts: a word can have
 * what stands in the text in the place of an unknown token, and groups of words are decoded once
 * more.
 */
final class TokenDecoder {

  private static final Map<Integer, Byte> BYTES = bytes();

  private final JsonNode config;
  private final String model;

  /**
   * Creates a decoder.
   *
   * @param config the decoder in {@code tokenizer.json}; missing or null when tokens are words
   * @param model the model's name, for messages
   */
  TokenDecoder(JsonNode config, String model) {
    this.config = config;
    this.model = model;
  }

  /**
   * Returns the text of tokens.
   *
   * @throws ModelException when the decoder is of a type that is not supported here
   */
  String decode(List<String> tokens) {
    return switch (config.path("type").asText("")) {
      case "" -> String.join(" ", tokens);
      case "WordPiece" -> ofWordPieces(tokens);
      case "ByteLevel" -> ofBytes(tokens);
      case "Metaspace" -> ofMetaspace(tokens);
      case String other ->
          throw new ModelException(
              Kind.INVALID_REQUEST,
              "The tokenizer of the model "
                  + model
                  + " has the decoder "
                  + other
                  + "; entities need WordPiece, ByteLevel or Metaspace, or none.",
              null);
    };
  }

  private String ofWordPieces(List<String> tokens) {
    String prefix = config.path("prefix").asText("##");
    boolean cleanup = config.path("cleanup").asBoolean(true);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens.size(); i++) {
      String token = tokens.get(i);
      if (i > 0) {
        token = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
      }
      text.append(cleanup ? cleaned(token) : token);
    }
    return text.toString();
  }

  private static String cleaned(String token) {
    return token
        .replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" do not", " don't")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }

  private static String ofBytes(List<String> tokens) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String token : tokens) {
      all.writeBytes(bytesOf(token));
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  /** Returns the bytes that a token stands for; those of its text when it is no token. */
  private static byte[] bytesOf(String token) {
    ByteArrayOutputStream own = new ByteArrayOutputStream();
    for (int symbol : token.codePoints().toArray()) {
      Byte known = BYTES.get(symbol);
      if (known == null) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      own.write(known);
    }
    return own.toByteArray();
  }

  private String ofMetaspace(List<String> tokens) {
    String replacement = config.path("replacement").asText("▁");
    boolean prepends =
        !config.path("prepend_scheme").asText("always").equals("never")
            && config.path("add_prefix_space").asBoolean(true);
    List<String> texts = new ArrayList<>(tokens.size());
    for (String token : tokens) {
      texts.add(token.replace(replacement, texts.isEmpty() && prepends ? "" : " "));
    }
    return String.join("", texts);
  }

  /** Returns the bytes of the symbols that byte-level tokenizers write, as GPT-2 chose them. */
  private static Map<Integer, Byte> bytes() {
    Map<Integer, Byte> bytes = new HashMap<>();
    int next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          (value >= '!' && value <= '~')
              || (value >= 0xA1 && value <= 0xAC)
              || (value >= 0xAE && value <= 0xFF);
      bytes.put(printable ? value : next++, (byte) value);
    }
    return Map.copyOf(bytes);
  }
}
