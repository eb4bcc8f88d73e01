package dev.terrarium.llamacpp;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.terrarium.error.ModelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A sampler of the tokens of one answer: it chooses the likeliest token, or draws one at a
 * temperature, and chooses only tokens that a grammar allows. Not thread-safe; must be closed.
 *
 * <p>Applying a grammar costs time for each candidate. So a token is chosen without the grammar
 * first. Where the grammar refuses that token, it is applied to the likeliest few tokens before it
 * is applied to the whole vocabulary.
 */
final class TokenChoice implements AutoCloseable {

  private static final int TOP_K = 40;
  private static final float MIN_P = 0.05f;

  private static final int FEW = 128;

  /** The seed by which llama.cpp means any seed. */
  private static final int ANY_SEED = -1;

  /** {@code llama_token_data}: the token, its score and its probability, four bytes each. */
  private static final int INTS_PER_CANDIDATE = 3;

  private static final long DATA = offset("data");
  private static final long SIZE = offset("size");
  private static final long SELECTED = offset("selected");
  private static final long SORTED = offset("sorted");

  private final Vocabulary vocabulary;
  private final Arena arena = Arena.ofConfined();
  private final float[] scores;
  private final int[] packed;
  private final MemorySegment candidates;
  private final MemorySegment array;
  private final MemorySegment draw;
  private final MemorySegment grammar;

  /**
   * Creates the sampler of one answer.
   *
   * @param grammarText grammar in llama.cpp's notation, or null for none
   */
  TokenChoice(Vocabulary vocabulary, Sampling sampling, @Nullable String grammarText) {
    this.vocabulary = vocabulary;
    this.scores = new float[vocabulary.size()];
    this.packed = new int[scores.length * INTS_PER_CANDIDATE];
    this.candidates = arena.allocate(JAVA_INT, packed.length);
    this.array = arena.allocate(Llama.CANDIDATES);
    this.grammar =
        grammarText == null
            ? MemorySegment.NULL
            : Llama.samplerInitGrammar(vocabulary.vocab(), grammarText);
    if (grammarText != null && isNull(grammar)) {
      arena.close();
      throw new ModelException("llama.cpp refuses the grammar made of the response schema.");
    }
    this.draw =
        sampling.temperature() == 0
            ? MemorySegment.NULL
            : Llama.samplerInit(
                TOP_K,
                (float) sampling.topP(),
                MIN_P,
                (float) sampling.temperature(),
                folded(sampling.seed()));
  }

  private static int folded(long seed) {
    int folded = Long.hashCode(seed);
    return folded == ANY_SEED ? Integer.MAX_VALUE : folded;
  }

  /**
   * Returns the next token after a token that was last read in that context.
   *
   * @param row the token's row in the batch; -1 for the last
   */
  int next(MemorySegment context, int row) {
    Llama.copyLogits(context, row, scores);
    int token = isNull(draw) ? likeliest() : drawn(fillAll());
    if (isNull(grammar)) {
      return token;
    }
    if (!allowed(token)) {
      token = isNull(draw) ? likeliestAllowed() : drawn(allowedOfAll());
    }
    if (!vocabulary.ends(token)) {
      Llama.samplerAccept(grammar, token);
    }
    return token;
  }

  /** Returns whether there is a grammar that allows nothing but the end of the answer. */
  boolean isComplete() {
    if (isNull(grammar)) {
      return false;
    }
    apply(grammar, fillAll());
    for (int token = 0; token < scores.length; token++) {
      if (score(token) > Float.NEGATIVE_INFINITY && !vocabulary.ends(token)) {
        return false;
      }
    }
    return true;
  }

  private int likeliest() {
    int best = 0;
    for (int token = 1; token < scores.length; token++) {
      if (scores[token] > scores[best]) {
        best = token;
      }
    }
    return best;
  }

  private boolean allowed(int token) {
    pack(0, token);
    apply(grammar, fill(1));
    return score(0) > Float.NEGATIVE_INFINITY;
  }

  private int likeliestAllowed() {
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    float least = sorted[Math.max(0, sorted.length - FEW)];
    int count = 0;
    for (int token = 0; token < scores.length && count < FEW; token++) {
      if (scores[token] >= least) {
        pack(count++, token);
      }
    }
    apply(grammar, fill(count));
    int best = bestOf(count);
    return best >= 0 ? best : bestOf(allowedOfAll());
  }

  /** Returns the likeliest of the first candidates, or -1 when none is allowed. */
  private int bestOf(int count) {
    int best = -1;
    for (int i = 0; i < count; i++) {
      if (score(i) > (best < 0 ? Float.NEGATIVE_INFINITY : score(best))) {
        best = i;
      }
    }
    return best < 0 ? -1 : candidates.getAtIndex(JAVA_INT, (long) best * INTS_PER_CANDIDATE);
  }

  /**
   * Reduces the candidates to the tokens of the whole vocabulary that the grammar allows, and
   * returns their number.
   */
  private int allowedOfAll() {
    apply(grammar, fillAll());
    int count = 0;
    for (int token = 0; token < scores.length; token++) {
      if (score(token) > Float.NEGATIVE_INFINITY) {
        pack(count++, token);
      }
    }
    if (count == 0) {
      throw new ModelException(
          "The model has no token that the response schema allows here; its vocabulary lacks a"
              + " character that the schema names.");
    }
    return fill(count);
  }

  private int fillAll() {
    for (int token = 0; token < scores.length; token++) {
      pack(token, token);
    }
    return fill(scores.length);
  }

  private int drawn(int count) {
    apply(draw, count);
    long selected = array.get(JAVA_LONG, SELECTED);
    if (selected < 0 || selected >= count) {
      throw new ModelException("llama.cpp chose no token.");
    }
    return candidates.getAtIndex(JAVA_INT, selected * INTS_PER_CANDIDATE);
  }

  private void pack(int index, int token) {
    packed[index * INTS_PER_CANDIDATE] = token;
    packed[index * INTS_PER_CANDIDATE + 1] = Float.floatToRawIntBits(scores[token]);
    packed[index * INTS_PER_CANDIDATE + 2] = 0;
  }

  private int fill(int count) {
    MemorySegment.copy(packed, 0, candidates, JAVA_INT, 0, count * INTS_PER_CANDIDATE);
    return count;
  }

  private void apply(MemorySegment sampler, int count) {
    array.set(ADDRESS, DATA, candidates);
    array.set(JAVA_LONG, SIZE, count);
    array.set(JAVA_LONG, SELECTED, -1);
    array.set(JAVA_BOOLEAN, SORTED, false);
    Llama.samplerApply(sampler, array);
  }

  private float score(int index) {
    return Float.intBitsToFloat(
        candidates.getAtIndex(JAVA_INT, (long) index * INTS_PER_CANDIDATE + 1));
  }

  private static boolean isNull(MemorySegment pointer) {
    return pointer.equals(MemorySegment.NULL);
  }

  private static long offset(String field) {
    return Llama.CANDIDATES.byteOffset(PathElement.groupElement(field));
  }

  @Override
  public void close() {
    if (!isNull(draw)) {
      Llama.samplerFree(draw);
    }
    if (!isNull(grammar)) {
      Llama.samplerFree(grammar);
    }
    arena.close();
  }
}
