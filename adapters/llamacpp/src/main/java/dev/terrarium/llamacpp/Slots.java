package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A set of slots in which one worker makes several answers at once, by llama.cpp's continuous
 * batching: each step reads the next token of every answer that grows, and a block of every prompt
 * that is being read, in one batch. The model's weights pass through the processor once for all of
 * them. An answer begins and ends independently of the others. Not thread-safe; must be closed.
 *
 * <p>Each slot remembers what it read last. A prompt goes to the free slot that knows most of the
 * prompt, and shares what another slot knows beyond that. The composition of a batch changes the
 * last bits of the scores, so an answer may depend on what else is being answered.
 */
final class Slots implements AutoCloseable {

  /**
   * The maximum number of tokens of one prompt in one step, so that the answers that grow do not
   * wait long.
   */
  private static final int BLOCK = 32;

  /**
   * The maximum number of defragmentations for one step, each of which closes only some of the
   * holes in the memory.
   */
  private static final int DEFRAGMENTATIONS = 4;

  private final MemorySegment model;
  private final Vocabulary vocabulary;
  private final int threads;
  private final int maxWindow;
  private final TokenBatch batch;
  private final List<Slot> slots = new ArrayList<>();
  private MemorySegment context = MemorySegment.NULL;
  private int window;

  /**
   * Creates the slots, without memory for their windows yet.
   *
   * @param maxWindow maximum number of tokens of one prompt and its answer
   * @param count number of answers that are made at once
   */
  Slots(MemorySegment model, Vocabulary vocabulary, int threads, int maxWindow, int count) {
    this.model = model;
    this.vocabulary = vocabulary;
    this.threads = threads;
    this.maxWindow = maxWindow;
    this.batch = new TokenBatch(count + 2 * BLOCK, count);
    for (int i = 0; i < count; i++) {
      slots.add(new Slot(i));
    }
  }

  /** Returns the maximum number of bytes that {@code count} slots take for what they remember. */
  static long mostBytes(MemorySegment model, int maxWindow, int count) {
    return (long) mostOfSlot(maxWindow) * count * Llama.modelBytesPerToken(model);
  }

  /**
   * Returns the maximum number of tokens of a slot: a window, in complete blocks, and a block in
   * which holes can lie.
   */
  private static int mostOfSlot(int maxWindow) {
    return (maxWindow + 2 * BLOCK - 1) / BLOCK * BLOCK;
  }

  /** Returns whether no slot makes an answer. */
  boolean isIdle() {
    return slots.stream().allMatch(Slot::isFree);
  }

  /**
   * Starts an answer, if there is a free slot and room for the answer beside those that are being
   * made; when the slots are idle, there always is.
   *
   * @return false when the answer must wait
   * @throws ModelException when there is no memory for the answer, or its grammar is refused
   */
  boolean start(Generation generation) {
    @Nullable Slot slot = slotFor(generation.prompt());
    if (slot == null || !makeRoom(slot, generation)) {
      return false;
    }
    slot.start(generation);
    return true;
  }

  /**
   * Returns the free slot that knows most of the prompt; of slots that know the same part, the slot
   * that remembers least.
   */
  private @Nullable Slot slotFor(int[] prompt) {
    Slot best = null;
    for (Slot slot : slots) {
      if (slot.isFree() && (best == null || slot.isBetterFor(prompt, best))) {
        best = slot;
      }
    }
    return best;
  }

  /**
   * Reserves memory for the complete prompt and answer; other free slots forget what they remember
   * if that memory is needed.
   */
  private boolean makeRoom(Slot chosen, Generation generation) {
    int needed = generation.prompt().length + generation.maxTokens() + BLOCK;
    int active = slots.stream().filter(slot -> !slot.isFree()).mapToInt(slot -> slot.needed).sum();
    if (needed > window / slots.size()) { // every slot has room for the longest request so far
      if (active > 0) {
        return false;
      }
      open(needed);
    }
    for (Slot slot : slots) {
      if (slot != chosen && slot.isFree() && needed + active + remembered(chosen) > window) {
        slot.forget(0);
      }
    }
    chosen.needed = needed;
    return true;
  }

  private int remembered(Slot chosen) {
    return slots.stream()
        .filter(slot -> slot.isFree() && slot != chosen)
        .mapToInt(slot -> slot.length)
        .sum();
  }

  /**
   * Allocates memory for {@code needed} tokens in every slot; what the slots remembered is lost.
   */
  private void open(int needed) {
    closeContext();
    int size = Math.min(Conversation.powerOfTwo(needed), mostOfSlot(maxWindow)) * slots.size();
    Llama.takeErrors();
    context =
        Llama.contextInit(
            model, new Llama.ContextSize(size, slots.size(), slots.size() + 2 * BLOCK), threads);
    if (context.equals(MemorySegment.NULL)) {
      throw new ModelException(
          "There is no memory for a context window of " + size + " tokens: " + Llama.takeErrors());
    }
    window = size;
  }

  /**
   * Advances every answer by one step.
   *
   * @return the generations that ended, successfully or not; each knows its outcome
   */
  List<Generation> step() {
    batch.clear();
    slots.forEach(Slot::addToken);
    slots.forEach(Slot::addPrompt);
    int status = batch.size() == 0 ? 0 : decode();
    if (status != 0) {
      ModelException failure =
          new ModelException(
              "llama.cpp could not compute (status " + status + "): " + Llama.takeErrors());
      return ended(slot -> slot.fail(failure));
    }
    return ended(Slot::advance);
  }

  /**
   * Reads the batch. llama.cpp needs one contiguous piece of memory for the batch's tokens; where
   * answers of different lengths have left none, holes are closed until there is one.
   */
  private int decode() {
    int status = batch.decode(context);
    for (int i = 0; status != 0 && i < DEFRAGMENTATIONS; i++) {
      Llama.defragment(context);
      status = batch.decode(context);
    }
    return status;
  }

  @FunctionalInterface
  private interface Progress {
    /** Returns the generation if it has ended, or else null. */
    @Nullable Generation of(Slot slot);
  }

  private List<Generation> ended(Progress progress) {
    return slots.stream().flatMap(slot -> Stream.ofNullable(progress.of(slot))).toList();
  }

  private void closeContext() {
    if (!context.equals(MemorySegment.NULL)) {
      Llama.contextFree(context);
      context = MemorySegment.NULL;
      window = 0;
    }
    slots.forEach(slot -> slot.length = 0);
  }

  @Override
  public void close() {
    slots.forEach(slot -> slot.fail(new ModelException(Generation.GIVEN_UP)));
    closeContext();
    batch.close();
  }

  /**
   * A slot for one text: what llama.cpp remembers of the text, and the answer that is being made in
   * the slot, if any.
   */
  private final class Slot {

    private final int sequence;
    private int[] tokens = {};
    private int length;
    private int needed;
    private @Nullable Generation generation;
    private @Nullable Answer answer;
    private boolean growing;
    private int row = -1;

    Slot(int sequence) {
      this.sequence = sequence;
    }

    boolean isFree() {
      return generation == null;
    }

    /**
     * Returns the number of the prompt's tokens that the slot knows; at least one token is left to
     * read.
     */
    private int shared(int[] prompt) {
      int mismatch = Arrays.mismatch(tokens, 0, length, prompt, 0, prompt.length);
      return Math.min(mismatch < 0 ? length : mismatch, prompt.length - 1);
    }

    boolean isBetterFor(int[] prompt, Slot other) {
      int mine = shared(prompt);
      int others = other.shared(prompt);
      return mine == others ? length < other.length : mine > others;
    }

    /** Forgets the tokens from a position on, or all tokens where a part cannot be forgotten. */
    void forget(int from) {
      length = from > 0 && Llama.forget(context, sequence, from) ? from : 0;
      if (length == 0) {
        Llama.forget(context, sequence, 0);
      }
    }

    void start(Generation asked) {
      tokens = Arrays.copyOf(tokens, Math.max(length, needed));
      begin(asked.prompt());
      answer = new Answer(asked, vocabulary);
      generation = asked;
    }

    /**
     * Takes over as much of the prompt as any slot knows, from this slot's memory or shared with
     * another slot.
     */
    private void begin(int[] prompt) {
      Slot best = this;
      for (Slot other : slots) {
        best = other.shared(prompt) > best.shared(prompt) ? other : best;
      }
      int known = best.shared(prompt);
      if (best == this) {
        forget(known);
      } else {
        forget(0);
        Llama.share(context, best.sequence, sequence, known);
        System.arraycopy(prompt, 0, tokens, 0, known);
        length = known;
      }
    }

    private void add(int token, boolean scored) {
      int at = batch.add(token, length, sequence, scored);
      tokens[length++] = token;
      row = scored ? at : -1;
    }

    /** Adds the last token of an answer that grows to the batch. */
    void addToken() {
      row = -1;
      if (growing && answer != null) {
        add(answer.token(), true);
      }
    }

    /** Adds as much of a prompt to the batch as there is room for, at most a block. */
    void addPrompt() {
      if (generation == null || growing || generation.isCancelled()) {
        return;
      }
      int[] prompt = generation.prompt();
      int count = Math.min(Math.min(BLOCK, batch.room()), prompt.length - length);
      for (int i = 0; i < count; i++) {
        add(prompt[length], length == prompt.length - 1);
      }
    }

    /** Chooses the next token if there are scores for it. */
    @Nullable Generation advance() {
      if (generation == null || answer == null) {
        return null;
      }
      if (generation.isCancelled()) {
        return fail(new ModelException(Generation.GIVEN_UP));
      }
      try {
        if (row < 0) {
          return null;
        }
        growing = answer.next(context, row);
        if (growing) {
          return null;
        }
        generation.succeed(answer.response());
        return end();
      } catch (RuntimeException | Error e) {
        return fail(e);
      }
    }

    @Nullable Generation fail(Throwable cause) {
      if (generation == null) {
        return null;
      }
      generation.fail(cause);
      if (!context.equals(MemorySegment.NULL)) {
        forget(0);
      }
      return end();
    }

    private @Nullable Generation end() {
      Generation ended = generation;
      if (answer != null) {
        answer.close();
      }
      generation = null;
      answer = null;
      growing = false;
      return ended;
    }
  }
}
