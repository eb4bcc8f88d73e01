package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Answers that one worker makes at once, by llama.cpp's continuous batching: each step reads the
 * next token of every answer that grows, and a block of every prompt that is being read, in one go.
 * The model's weights pass through the processor once for all of them. An answer begins and ends
 * whatever the others do. Not thread-safe; must be closed.
 *
 * <p>Each slot remembers what it read last. A prompt goes to the free slot that knows most of it,
 * and shares what another one knows more of. What a batch holds changes the last bits of the
 * scores, so an answer may depend on what else is being answered.
 */
final class Slots implements AutoCloseable {

  /** Most tokens of one prompt in one step, so that the answers that grow do not wait long. */
  private static final int BLOCK = 32;

  /** How often holes in its memory are closed for one step: each time only some are. */
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
   * Nothing is taken yet.
   *
   * @param maxWindow most tokens of one prompt and its answer
   * @param count how many answers at once
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

  /** Bytes that so many slots take at most for what they remember. */
  static long mostBytes(MemorySegment model, int maxWindow, int count) {
    return (long) mostOfSlot(maxWindow) * count * Llama.modelBytesPerToken(model);
  }

  /** A window, in whole blocks, and a block in which holes can lie. */
  private static int mostOfSlot(int maxWindow) {
    return (maxWindow + 2 * BLOCK - 1) / BLOCK * BLOCK;
  }

  /** Whether nothing is being answered. */
  boolean isIdle() {
    return slots.stream().allMatch(Slot::isFree);
  }

  /**
   * Begins an answer, if there is a slot and room for it beside those that are being made; when
   * idle there always is.
   *
   * @return false when it must wait
   * @throws ModelException when there is no memory for it, or its grammar is refused
   */
  boolean start(Generation generation) {
    @Nullable Slot slot = slotFor(generation.prompt());
    if (slot == null || !makeRoom(slot, generation)) {
      return false;
    }
    slot.start(generation);
    return true;
  }

  /** The free slot that knows most of the prompt, or one that knows least at all. */
  private @Nullable Slot slotFor(int[] prompt) {
    Slot best = null;
    for (Slot slot : slots) {
      if (slot.isFree() && (best == null || slot.isBetterFor(prompt, best))) {
        best = slot;
      }
    }
    return best;
  }

  /** Takes memory for the whole of it; other free slots forget what they remember for that. */
  private boolean makeRoom(Slot chosen, Generation generation) {
    int needed = generation.prompt().length + generation.maxTokens() + BLOCK;
    int active = slots.stream().filter(slot -> !slot.isFree()).mapToInt(slot -> slot.needed).sum();
    if (needed > window / slots.size()) { // every slot has room for the longest so far
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

  /** Memory for so many tokens in every slot; nothing is remembered then. */
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
   * Takes every answer one step further.
   *
   * @return those that ended, well or not; they know how
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
   * Reads the batch. llama.cpp wants its tokens in one piece of memory; where answers of different
   * lengths have left none, holes are closed until there is one.
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
    /** The generation, when it ended. */
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

  /** One text: what llama.cpp remembers of it, and the answer that is being made there, if any. */
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

    /** How many tokens of a prompt are known; at least one is left to read. */
    private int shared(int[] prompt) {
      int mismatch = Arrays.mismatch(tokens, 0, length, prompt, 0, prompt.length);
      return Math.min(mismatch < 0 ? length : mismatch, prompt.length - 1);
    }

    boolean isBetterFor(int[] prompt, Slot other) {
      int mine = shared(prompt);
      int others = other.shared(prompt);
      return mine == others ? length < other.length : mine > others;
    }

    /** Forgets what comes after so many tokens, or all where that cannot be done. */
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

    /** Has as much of the prompt as any slot knows, of this one or shared with another. */
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

    /** The last token of an answer that grows. */
    void addToken() {
      row = -1;
      if (growing && answer != null) {
        add(answer.token(), true);
      }
    }

    /** As much of a prompt as there is room for, in a block. */
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

    /** Chooses the next token where there are scores. */
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
