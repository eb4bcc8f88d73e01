package dev.terrarium.llamacpp;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;

/** A batch of tokens that llama.cpp reads at once. Not thread-safe; must be closed. */
final class TokenBatch implements AutoCloseable {

  private final Arena arena = Arena.ofConfined();
  private final int capacity;
  private final MemorySegment batch = arena.allocate(Llama.BATCH);
  private final MemorySegment tokens;
  private final MemorySegment positions;
  private final MemorySegment sequences;
  private final MemorySegment[] numbers;
  private final MemorySegment wanted;
  private int size;

  /**
   * Creates an empty batch.
   *
   * @param capacity maximum number of tokens
   * @param sequences number of texts that the tokens may belong to
   */
  TokenBatch(int capacity, int sequences) {
    this.capacity = capacity;
    this.tokens = arena.allocate(JAVA_INT, capacity);
    this.positions = arena.allocate(JAVA_INT, capacity);
    this.sequences = arena.allocate(ADDRESS, capacity);
    this.wanted = arena.allocate(JAVA_BYTE, capacity);
    this.numbers = new MemorySegment[sequences];
    for (int i = 0; i < sequences; i++) {
      numbers[i] = arena.allocateFrom(JAVA_INT, i);
    }
    MemorySegment one = arena.allocate(JAVA_INT, capacity);
    for (int i = 0; i < capacity; i++) {
      one.setAtIndex(JAVA_INT, i, 1);
    }
    setPointer("token", tokens);
    setPointer("embd", MemorySegment.NULL);
    setPointer("pos", positions);
    setPointer("n_seq_id", one);
    setPointer("seq_id", this.sequences);
    setPointer("logits", wanted);
  }

  private void setPointer(String field, MemorySegment value) {
    batch.set(ADDRESS, Llama.BATCH.byteOffset(PathElement.groupElement(field)), value);
  }

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  /** Returns the number of further tokens that the batch has room for. */
  int room() {
    return capacity - size;
  }

  /**
   * Adds a token; the batch must have room for it.
   *
   * @param position the token's position in its text, from 0
   * @param sequence the number of the text
   * @param scored whether llama.cpp computes scores for the token that follows
   * @return the token's row, by which its scores are found
   */
  int add(int token, int position, int sequence, boolean scored) {
    tokens.setAtIndex(JAVA_INT, size, token);
    positions.setAtIndex(JAVA_INT, size, position);
    sequences.setAtIndex(ADDRESS, size, numbers[sequence]);
    wanted.set(JAVA_BYTE, size, (byte) (scored ? 1 : 0));
    return size++;
  }

  /** Lets llama.cpp read the tokens, and returns its status; 0 is success. */
  int decode(MemorySegment context) {
    batch.set(JAVA_INT, 0, size);
    return Llama.decode(context, batch);
  }

  @Override
  public void close() {
    arena.close();
  }
}
