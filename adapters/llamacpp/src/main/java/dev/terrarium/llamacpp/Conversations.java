package dev.terrarium.llamacpp;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What one worker remembers of the prompts it has read, so that those who ask in turn do not make
 * it read their common beginnings again. Not thread-safe; must be closed.
 */
final class Conversations implements AutoCloseable {

  /** Beside what it remembers, each needs some room to compute in. */
  private static final long FIXED_BYTES = 16L << 20;

  private final MemorySegment model;
  private final int threads;
  private final int maxWindow;
  private final long memory;
  private final long bytesPerToken;

  /** The one used last is the last. */
  private final List<Conversation> kept = new ArrayList<>();

  /**
   * Nothing is taken yet.
   *
   * @param memory in bytes, for all; one conversation is kept whatever it takes
   */
  Conversations(MemorySegment model, int threads, int maxWindow, long memory) {
    this.model = model;
    this.threads = threads;
    this.maxWindow = maxWindow;
    this.memory = memory;
    this.bytesPerToken = Llama.modelBytesPerToken(model);
  }

  /** The conversation to read this prompt in, with room for an answer. */
  Conversation forPrompt(int[] prompt, int answer) {
    Conversation chosen = known(prompt);
    kept.remove(chosen);
    int window = chosen.windowFor(prompt.length + answer);
    while (!kept.isEmpty() && bytes(window) + keptBytes() > memory) {
      kept.removeFirst().close();
    }
    kept.add(chosen);
    return chosen;
  }

  /**
   * The one that has read most of it already, if that is worth while: one that would forget more of
   * another prompt than it knows of this one is left alone.
   */
  private Conversation known(int[] prompt) {
    Conversation best = null;
    for (Conversation candidate : kept) {
      int shared = candidate.shared(prompt);
      boolean worthwhile = 2 * shared >= Math.min(candidate.known(), prompt.length);
      if (worthwhile && (best == null || shared >= best.shared(prompt))) {
        best = candidate;
      }
    }
    return best == null ? new Conversation(model, threads, maxWindow) : best;
  }

  private long keptBytes() {
    return kept.stream().mapToLong(conversation -> bytes(conversation.window())).sum();
  }

  private long bytes(int window) {
    return bytes(window, bytesPerToken);
  }

  private static long bytes(int window, long bytesPerToken) {
    return FIXED_BYTES + window * bytesPerToken;
  }

  /** What one worker's conversations can come to take. */
  static long mostBytes(MemorySegment model, int maxWindow, long memory) {
    return Math.max(memory, bytes(maxWindow, Llama.modelBytesPerToken(model)));
  }

  int size() {
    return kept.size();
  }

  @Override
  public void close() {
    kept.forEach(Conversation::close);
    kept.clear();
  }
}
