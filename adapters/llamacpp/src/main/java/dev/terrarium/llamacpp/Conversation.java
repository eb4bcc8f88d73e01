package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * The memory of what a model has read for one prompt and its answer. Not thread-safe; must be
 * closed.
 *
 * <p>A prompt is read in blocks of fixed length, counted from its beginning. What the model makes
 * of a complete block depends only on the tokens up to the block's end. So the blocks that the next
 * prompt shares are kept, and an answer is the same, to the bit, whether they were kept or not. The
 * tokens after the last complete block are read again each time.
 */
final class Conversation implements AutoCloseable {

  static final int BLOCK = 32;

  private static final int SMALLEST_WINDOW = 256;
  private static final int NO_ROOM = 1;

  private final MemorySegment model;
  private final int threads;
  private final int maxWindow;
  private final TokenBatch batch = new TokenBatch(BLOCK, 1);

  private MemorySegment context = MemorySegment.NULL;
  private int window;
  private int[] blocks = {};
  private int length;

  /**
   * Creates an empty conversation.
   *
   * @param maxWindow maximum number of tokens of prompt and answer
   */
  Conversation(MemorySegment model, int threads, int maxWindow) {
    this.model = model;
    this.threads = threads;
    this.maxWindow = maxWindow;
  }

  MemorySegment context() {
    return context;
  }

  /**
   * Reads a prompt from its beginning.
   *
   * @param answer number of tokens that follow the prompt
   * @param cancelled checked between blocks
   * @return false when cancelled
   */
  boolean read(int[] prompt, int answer, BooleanSupplier cancelled) {
    makeRoom(prompt.length + answer);
    int kept = shared(prompt);
    if (!Llama.forget(context, kept)) {
      kept = 0;
      Llama.forget(context, 0);
    }
    blocks = Arrays.copyOf(prompt, kept);
    length = kept;
    while (length < prompt.length) {
      if (cancelled.getAsBoolean()) {
        return false;
      }
      int end = Math.min(length + BLOCK, prompt.length);
      decode(prompt, end);
      if (end % BLOCK == 0) {
        blocks = Arrays.copyOf(prompt, end);
      }
    }
    return true;
  }

  /** Reads one more token. */
  void read(int token) {
    decode(new int[] {token}, 0, 1);
    length++;
  }

  private void decode(int[] prompt, int end) {
    decode(prompt, length, end);
    length = end;
  }

  private void decode(int[] source, int from, int to) {
    batch.clear();
    for (int i = from; i < to; i++) {
      batch.add(source[i], length + i - from, 0, i == to - 1);
    }
    int status = batch.decode(context);
    if (status != 0) {
      blocks = new int[0];
      throw new ModelException(
          status == NO_ROOM
              ? "The context window of " + window + " tokens is full."
              : "llama.cpp could not compute (status " + status + "): " + Llama.takeErrors());
    }
  }

  /** Returns the number of tokens that are known in complete blocks. */
  int known() {
    return blocks.length;
  }

  /**
   * Returns the number of the prompt's tokens that are known in complete blocks; at least one token
   * is left to read.
   */
  int shared(int[] prompt) {
    int mismatch = Arrays.mismatch(blocks, prompt);
    int common = mismatch < 0 ? prompt.length : mismatch;
    return Math.min(common, prompt.length - 1) / BLOCK * BLOCK;
  }

  /** Returns the number of tokens that the window has room for. */
  int window() {
    return window;
  }

  /**
   * Returns the number of tokens that the window would have room for if {@code needed} tokens were
   * needed.
   */
  int windowFor(int needed) {
    if (needed <= window) {
      return window;
    }
    return Math.min(powerOfTwo(needed), (maxWindow + BLOCK - 1) / BLOCK * BLOCK);
  }

  /**
   * Returns a window's size that holds that many tokens; as a power of two, the size does not
   * change for each further token.
   */
  static int powerOfTwo(int needed) {
    return Math.max(SMALLEST_WINDOW, Integer.highestOneBit(needed - 1) << 1);
  }

  private void makeRoom(int needed) {
    int size = windowFor(needed);
    if (size == window) {
      return;
    }
    close(context);
    context = MemorySegment.NULL;
    blocks = new int[0];
    window = 0;
    Llama.takeErrors();
    context = Llama.contextInit(model, new Llama.ContextSize(size, 1, BLOCK), threads);
    if (context.equals(MemorySegment.NULL)) {
      throw new ModelException(
          "There is no memory for a context window of " + size + " tokens: " + Llama.takeErrors());
    }
    window = size;
  }

  private static void close(MemorySegment context) {
    if (!context.equals(MemorySegment.NULL)) {
      Llama.contextFree(context);
    }
  }

  @Override
  public void close() {
    close(context);
    context = MemorySegment.NULL;
    batch.close();
  }
}
