package dev.terrarium.langchain4j;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.Tokenizer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tokenizer of one of OpenAI's models, by JTokkit. Thread-safe.
 *
 * <p>The table of models is that of OpenAI's <a
 * href="https://github.com/openai/tiktoken/blob/main/tiktoken/model.py">tiktoken</a>: JTokkit's own
 * takes {@code gpt-4.1} for {@code gpt-4}.
 */
final class OpenAiTokenizer implements Tokenizer {

  /** The encodings of names, and of names that go on with a hyphen. */
  private static final Map<String, EncodingType> TYPES =
      Map.ofEntries(
          Map.entry("gpt-5", EncodingType.O200K_BASE),
          Map.entry("gpt-5.1", EncodingType.O200K_BASE),
          Map.entry("gpt-4.5", EncodingType.O200K_BASE),
          Map.entry("gpt-4.1", EncodingType.O200K_BASE),
          Map.entry("gpt-4o", EncodingType.O200K_BASE),
          Map.entry("chatgpt-4o", EncodingType.O200K_BASE),
          Map.entry("o1", EncodingType.O200K_BASE),
          Map.entry("o3", EncodingType.O200K_BASE),
          Map.entry("o4", EncodingType.O200K_BASE),
          Map.entry("gpt-4", EncodingType.CL100K_BASE),
          Map.entry("gpt-3.5", EncodingType.CL100K_BASE));

  private static final Map<EncodingType, Encoding> LOADED = new ConcurrentHashMap<>();

  private final String model;
  private final Encoding encoding;

  private OpenAiTokenizer(String model, Encoding encoding) {
    this.model = model;
    this.encoding = encoding;
  }

  /** Returns the tokenizer of a model; empty when the model is not known. */
  static Optional<Tokenizer> of(String model) {
    String name = model;
    while (!TYPES.containsKey(name)) {
      int hyphen = name.lastIndexOf('-');
      if (hyphen < 0) {
        return Optional.empty();
      }
      name = name.substring(0, hyphen);
    }
    return Optional.of(new OpenAiTokenizer(model, encoding(TYPES.get(name))));
  }

  private static Encoding encoding(EncodingType type) {
    return LOADED.computeIfAbsent(
        type, wanted -> Encodings.newLazyEncodingRegistry().getEncoding(wanted));
  }

  @Override
  public int[] encode(String text) {
    return encoding.encodeOrdinary(text).toArray();
  }

  @Override
  public int count(String text) {
    return encoding.countTokensOrdinary(text);
  }

  @Override
  public String decode(int[] tokens) {
    IntArrayList list = new IntArrayList(tokens.length);
    for (int token : tokens) {
      list.add(token);
    }
    try {
      return encoding.decode(list);
    } catch (RuntimeException e) { // a NullPointerException in JTokkit 1.1.0
      throw new ModelException("One of the numbers is no token of " + model + ".", e);
    }
  }
}
