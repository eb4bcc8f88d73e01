package dev.terrarium.transformers;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.transformers.Tokens.Piece;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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
  private final boolean marksSubwords;
  private final SpecialTokens special;
  private final TokenDecoder decoder;
  private final ModelFile file;

  /** The numbers of all tokens; null until one is asked for, since they take some megabytes. */
  private volatile @Nullable Map<String, Long> vocabulary;

  private TextTokenizer(HuggingFaceTokenizer tokenizer, ModelFiles files, JsonNode json) {
    this.tokenizer = tokenizer;
    this.name = files.name();
    this.file = files.tokenizer();
    this.left = files.truncatesLeft();
    this.largestId = largestId(json);
    this.marksSubwords = !json.path("model").path("continuing_subword_prefix").asText("").isEmpty();
    this.special = SpecialTokens.of(json, files.tokenizerConfig());
    this.decoder = new TokenDecoder(json.path("decoder"), name);
  }

  /**
   * Loads the tokenizer of a model.
   *
   * @throws ModelException when the file is missing or is no tokenizer's
   */
  static TextTokenizer load(ModelFiles files) {
    ModelFile file = files.tokenizer();
    try {
      byte[] content = file.content();
      JsonNode json = ModelFiles.json(file, content);
      NativeTokenizers.load();
      return new TextTokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(content), AS_IT_IS),
          files,
          json);
    } catch (IOException e) {
      throw unreadable(file, e);
    } catch (RuntimeException e) {
      if (e instanceof ModelException known) {
        throw known;
      }
      throw new ModelException("The tokenizer " + file + " cannot be loaded: " + e.getMessage(), e);
    }
  }

  private static ModelException unreadable(ModelFile file, IOException e) {
    return new ModelException("The tokenizer " + file + " cannot be read: " + e, e);
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
    long[] texts = encoding.getSequenceIds();
    long[] words = encoding.getWordIds();
    String[] names = encoding.getTokens();
    CharSpan[] spans = encoding.getCharTokenSpans();
    List<Piece> pieces = new ArrayList<>(texts.length);
    for (int i = 0; i < texts.length; i++) {
      CharSpan span = spans[i];
      pieces.add(
          new Piece(
              names[i],
              Math.toIntExact(texts[i]),
              Math.toIntExact(words[i]),
              span == null ? 0 : span.getStart(),
              span == null ? 0 : span.getEnd()));
    }
    return new Tokens(encoding.getIds(), encoding.getTypeIds(), pieces);
  }

  /** The places of a text's tokens, which follow one another. */
  private record Extent(int from, int to) {

    /**
     * Finds the tokens of a text.
     *
     * @param otherwise the place of a text without tokens
     */
    static Extent of(Tokens tokens, int text, int otherwise) {
      int from = 0;
      int to = tokens.length();
      while (from < to && tokens.pieces().get(from).text() != text) {
        from++;
      }
      while (to > from && tokens.pieces().get(to - 1).text() != text) {
        to--;
      }
      return from == to ? new Extent(otherwise, otherwise) : new Extent(from, to);
    }

    int length() {
      return to - from;
    }

    /** Returns the first tokens, or the last ones. */
    Extent shortened(int length, boolean left) {
      return left ? new Extent(to - length, to) : new Extent(from, from + length);
    }
  }

  /** Removes tokens of the texts, and none that the tokenizer added. */
  private Tokens truncated(Tokens all, int most, Truncation truncation) {
    Extent first = Extent.of(all, 0, 0);
    Extent second = Extent.of(all, 1, all.length());
    int firstKept = first.length();
    int secondKept = second.length();
    int excess = all.length() - most;
    switch (truncation) {
      case NONE -> throw tooLong(all.length(), most, "cut it, or have it truncated");
      case ONLY_FIRST -> firstKept -= excess;
      case ONLY_SECOND -> secondKept -= excess;
      case LONGEST_FIRST -> {
        // As the library `tokenizers` does: the shorter text keeps what it has up to half of all.
        int room = firstKept + secondKept - excess;
        boolean firstLonger = firstKept > secondKept;
        int shorter = Math.min(Math.min(firstKept, secondKept), Math.max(room / 2, 0));
        int longer = room - shorter;
        firstKept = firstLonger ? longer : shorter;
        secondKept = firstLonger ? shorter : longer;
      }
    }
    if (firstKept < 0 || secondKept < 0) {
      throw tooLong(
          all.length(), most, "the truncation " + truncation + " cannot shorten it so far");
    }
    Extent one = first.shortened(firstKept, left);
    Extent two = second.shortened(secondKept, left);
    return all.ranges(
        0,
        first.from(),
        one.from(),
        one.to(),
        first.to(),
        second.from(),
        two.from(),
        two.to(),
        second.to(),
        all.length());
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

  /**
   * Returns the tokens of a text in windows that overlap, or those of a pair of texts, of which
   * each window has all of the first text and a part of the second. A text that fits is one window.
   *
   * @param most the number of tokens of a window
   * @param stride the number of tokens that a window shares with the next one
   * @throws ArgumentException when the windows would not advance
   * @throws ModelException when the first text of a pair leaves no room for the second
   */
  List<Tokens> windows(String text, @Nullable String second, int most, int stride) {
    Tokens all = tokens(text, second, Integer.MAX_VALUE, Truncation.NONE);
    if (all.length() <= most) {
      return List.of(all);
    }
    Extent whole = Extent.of(all, second == null ? 0 : 1, all.length());
    int room = most - (all.length() - whole.length());
    if (room <= 0) {
      throw tooLong(
          all.length() - whole.length(),
          most,
          "no room is left for the text that is read in parts");
    }
    if (stride < 0 || stride >= room) {
      throw new ArgumentException(
          "stride: "
              + stride
              + " is not in 0 to "
              + (room - 1)
              + ", as a part has "
              + room
              + " tokens of the text");
    }
    List<Tokens> windows = new ArrayList<>();
    Extent rest = whole;
    while (true) {
      Extent part = rest.shortened(Math.min(room, rest.length()), left);
      windows.add(all.ranges(0, whole.from(), part.from(), part.to(), whole.to(), all.length()));
      if (part.equals(rest)) {
        return windows;
      }
      rest = rest.shortened(rest.length() - (room - stride), !left);
    }
  }

  /** Returns the number of a token; null when the vocabulary has no such token. */
  @Nullable Long idOf(String token) {
    Map<String, Long> known = vocabulary;
    if (known == null) {
      try {
        known = vocabulary(ModelFiles.json(file, file.content()));
      } catch (IOException e) {
        throw unreadable(file, e);
      }
      vocabulary = known;
    }
    return known.get(token);
  }

  private static Map<String, Long> vocabulary(JsonNode json) {
    Map<String, Long> ids = new HashMap<>();
    JsonNode own = json.path("model").path("vocab");
    for (Map.Entry<String, JsonNode> token : own.properties()) {
      ids.put(token.getKey(), token.getValue().asLong());
    }
    // A list has the tokens with their likelihoods, in the order of their numbers.
    for (int i = 0; own.isArray() && i < own.size(); i++) {
      ids.put(own.path(i).path(0).asText(), (long) i);
    }
    for (JsonNode added : json.path("added_tokens")) {
      ids.put(added.path("content").asText(), added.path("id").asLong());
    }
    return Map.copyOf(ids);
  }

  /** Returns the tokens of a text, without those that the tokenizer adds to a text. */
  long[] idsOf(String text) {
    return tokenizer.encode(text, false, false).getIds();
  }

  SpecialTokens special() {
    return special;
  }

  TokenDecoder decoder() {
    return decoder;
  }

  /** Returns whether a token that continues a word has a mark, as word pieces have. */
  boolean marksSubwords() {
    return marksSubwords;
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
