package dev.terrarium.transformers;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a model, made of its {@code tokenizer.json}. Thread-safe until it is closed.
 *
 * <p>Truncation and padding in that file are left out, as CPython's {@code transformers} leaves
 * them out: who asks for tokens says how many there may be, and batches are padded when they are
 * made. The native tokenizer never truncates, since it would have to be changed for that.
 */
final class TextTokenizer implements AutoCloseable {

  /** Which text of a pair loses tokens when there are too many. */
  enum Truncation {
    /** None: too many tokens are refused. */
    NONE,
    /** The longer text loses tokens, one at a time. */
    LONGEST_FIRST,
    ONLY_FIRST,
    ONLY_SECOND
  }

  private static final Map<String, String> AS_IT_IS =
      Map.of(
          "addSpecialTokens", "true",
          "truncation", "DO_NOT_TRUNCATE",
          "padding", "DO_NOT_PAD",
          "modelMaxLength", String.valueOf(Integer.MAX_VALUE),
          "maxLength", String.valueOf(Integer.MAX_VALUE));

  private final HuggingFaceTokenizer tokenizer;
  private final String name;
  private final boolean left;
  private final long largestId;

  private TextTokenizer(HuggingFaceTokenizer tokenizer, String name, boolean left, long largestId) {
    this.tokenizer = tokenizer;
    this.name = name;
    this.left = left;
    this.largestId = largestId;
  }

  /**
   * Loads a tokenizer.
   *
   * @param name the model's name, for messages
   * @param left whether the beginning of a text is cut off when it is too long, and not its end
   * @throws ModelException when the file is missing or is no tokenizer's
   */
  static TextTokenizer load(ModelFile file, String name, boolean left) {
    try {
      byte[] json = file.content();
      long largest = largestId(ModelFiles.json(file, json));
      NativeTokenizers.load();
      return new TextTokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), AS_IT_IS),
          name,
          left,
          largest);
    } catch (IOException e) {
      throw new ModelException("The tokenizer " + file + " cannot be read: " + e, e);
    } catch (RuntimeException e) {
      if (e instanceof ModelException known) {
        throw known;
      }
      throw new ModelException("The tokenizer " + file + " cannot be loaded: " + e.getMessage(), e);
    }
  }

  private static long largestId(JsonNode json) {
    JsonNode vocabulary = json.path("model").path("vocab");
    long largest = vocabulary.isArray() ? vocabulary.size() - 1 : -1;
    if (vocabulary.isObject()) {
      for (JsonNode id : vocabulary) {
        largest = Math.max(largest, id.asLong());
      }
    }
    for (JsonNode added : json.path("added_tokens")) {
      largest = Math.max(largest, added.path("id").asLong());
    }
    return largest;
  }

  /** Returns the largest number of a token that the tokenizer can make. */
  long largestId() {
    return largestId;
  }

  /**
   * Returns the tokens of a text, or of a pair of texts.
   *
   * @param most the number of tokens that there may be
   * @throws ModelException when there are more and the truncation removes too few of them, or when
   *     there are none
   */
  Tokens tokens(String text, @Nullable String second, int most, Truncation truncation) {
    Encoding encoding =
        second == null
            ? tokenizer.encode(text, true, false)
            : tokenizer.encode(text, second, true, false);
    Tokens all = tokens(encoding);
    if (all.length() == 0) {
      throw new ModelException(
          Kind.INVALID_REQUEST,
          "The text has no tokens for the model " + name + ", which adds none: give it a text.",
          null);
    }
    return all.length() <= most ? all : truncated(all, most, truncation);
  }

  private static Tokens tokens(Encoding encoding) {
    int[] texts = Arrays.stream(encoding.getSequenceIds()).mapToInt(Math::toIntExact).toArray();
    return new Tokens(encoding.getIds(), encoding.getTypeIds(), texts);
  }

  /** Removes tokens of the texts, and none that the tokenizer added. */
  private Tokens truncated(Tokens all, int most, Truncation truncation) {
    int[] kept = new int[2];
    for (int text : all.texts()) {
      if (text >= 0) {
        kept[text]++;
      }
    }
    int excess = all.length() - most;
    switch (truncation) {
      case NONE -> throw tooLong(all.length(), most, "cut it, or have it truncated");
      case ONLY_FIRST -> kept[0] -= excess;
      case ONLY_SECOND -> kept[1] -= excess;
      case LONGEST_FIRST -> {
        // As the library `tokenizers` does: the shorter text keeps what it has up to half of all.
        int room = kept[0] + kept[1] - excess;
        boolean firstLonger = kept[0] > kept[1];
        int shorter = Math.min(Math.min(kept[0], kept[1]), Math.max(room / 2, 0));
        int longer = room - shorter;
        kept[0] = firstLonger ? longer : shorter;
        kept[1] = firstLonger ? shorter : longer;
      }
    }
    if (kept[0] < 0 || kept[1] < 0) {
      throw tooLong(
          all.length(), most, "the truncation " + truncation + " cannot shorten it so far");
    }
    return select(all, kept);
  }

  private ModelException tooLong(int length, int most, String advice) {
    return new ModelException(
        Kind.CONTEXT_LENGTH_EXCEEDED,
        "The text has "
            + length
            + " tokens, and the model "
            + name
            + " reads at most "
            + most
            + ": "
            + advice
            + ".",
        null);
  }

  private Tokens select(Tokens all, int[] kept) {
    int[] lengths = new int[2];
    Arrays.stream(all.texts()).filter(text -> text >= 0).forEach(text -> lengths[text]++);
    int[] seen = new int[2];
    int[] places = new int[all.length()];
    int count = 0;
    for (int i = 0; i < all.length(); i++) {
      int text = all.texts()[i];
      if (text >= 0) {
        int place = seen[text]++;
        boolean cut = left ? place < lengths[text] - kept[text] : place >= kept[text];
        if (cut) {
          continue;
        }
      }
      places[count++] = i;
    }
    int[] chosen = Arrays.copyOf(places, count);
    return new Tokens(
        Arrays.stream(chosen).mapToLong(i -> all.ids()[i]).toArray(),
        Arrays.stream(chosen).mapToLong(i -> all.types()[i]).toArray(),
        Arrays.stream(chosen).map(i -> all.texts()[i]).toArray());
  }

  /** Returns the text of tokens. */
  String decode(long[] ids, boolean skipSpecial) {
    for (long id : ids) {
      if (id < 0 || id > largestId) {
        throw new ModelException(
            Kind.INVALID_REQUEST,
            "The token "
                + id
                + " is not in the vocabulary of the model "
                + name
                + ", whose last token is "
                + largestId
                + ".",
            null);
      }
    }
    return tokenizer.decode(ids, skipSpecial);
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  /** The native library of DJL's tokenizers, loaded once. */
  private static final class NativeTokenizers {

    static {
      // By itself the library reports its use to a host of its own, and on a machine with a GPU
      // fetches another native library. Values that the user set stay.
      setIfAbsent("OPT_OUT_TRACKING", "true");
      setIfAbsent("RUST_FLAVOR", "cpu");
      LibUtils.checkStatus();
    }

    private NativeTokenizers() {}

    private static void setIfAbsent(String name, String value) {
      if (System.getenv(name) == null && System.getProperty(name) == null) {
        System.setProperty(name, value);
      }
    }

    /** Loads the library by loading this class. */
    static void load() {
      // nothing else to do
    }
  }
}
