package dev.terrarium.llamacpp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.terrarium.error.ModelException;
import dev.terrarium.llamacpp.ChatTemplate.Segment;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A loaded model's vocabulary. Thread-safe as long as the model is loaded. */
final class Vocabulary {

  private static final int LONG_PIECE = 256;

  private final MemorySegment vocab;

  Vocabulary(MemorySegment vocab) {
    this.vocab = vocab;
  }

  MemorySegment vocab() {
    return vocab;
  }

  int size() {
    return Llama.vocabSize(vocab);
  }

  /**
   * Returns the tokens of a rendered conversation. The conversation is read as a whole, as the
   * model was trained. But where a message contains the text of a control token, such as {@code
   * <|im_end|>}, each segment is read on its own and that text stays text: a message cannot end
   * itself and speak for another.
   */
  int[] tokens(List<Segment> segments) {
    boolean forged = segments.stream().anyMatch(segment -> !segment.markup() && forges(segment));
    if (!forged) {
      StringBuilder whole = new StringBuilder();
      segments.forEach(segment -> whole.append(segment.text()));
      return Llama.tokenize(vocab, whole.toString(), true, true);
    }
    return IntStream.range(0, segments.size())
        .boxed()
        .flatMapToInt(
            i -> {
              Segment segment = segments.get(i);
              return Arrays.stream(Llama.tokenize(vocab, segment.text(), i == 0, segment.markup()));
            })
        .toArray();
  }

  private boolean forges(Segment content) {
    return Arrays.stream(Llama.tokenize(vocab, content.text(), false, true))
        .anyMatch(token -> Llama.vocabIsControl(vocab, token));
  }

  /** Returns the tokens of a text by itself; characters that look like a control token are text. */
  int[] tokens(String text) {
    return Llama.tokenize(vocab, text, false, false);
  }

  /**
   * Returns the text of tokens, without the text of control tokens.
   *
   * @throws ModelException when one of the numbers is not a token of this vocabulary
   */
  String text(int[] tokens) {
    int size = size();
    for (int token : tokens) {
      if (token < 0 || token >= size) {
        throw new ModelException(
            "There is no token " + token + "; those of this model are 0 to " + (size - 1) + ".");
      }
    }
    return Llama.detokenize(vocab, tokens);
  }

  boolean ends(int token) {
    return Llama.vocabEnds(vocab, token);
  }

  /** Returns a token's bytes, which need not be complete characters; a control token has none. */
  byte[] bytes(int token) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(LONG_PIECE);
      int length = Llama.tokenToPiece(vocab, token, buffer);
      if (length < 0) {
        buffer = arena.allocate(-length);
        length = Llama.tokenToPiece(vocab, token, buffer);
      }
      return buffer.asSlice(0, length).toArray(JAVA_BYTE);
    }
  }
}
