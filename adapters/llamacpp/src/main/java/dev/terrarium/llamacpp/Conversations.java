package dev.terrarium.llamacpp;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The conversations that one worker remembers, so that callers that take turns do not make it read
 * the common beginnings of their prompts again. Not thread-safe; must be closed.
 */
final class Conversations implements AutoCloseable {

  /** The memory in which a conversation computes, in addition to what it remembers. */
  private static final long FIXED_BYTES = 16L << 20;

  private final MemorySegment model;
  private final int threads;
  private final int maxWindow;
  private final long memory;
  private final long bytesPerToken;

  /** The remembered conversations, least recently used first. */
  private final List<Conversation> kept = new ArrayList<>();

  /**
   * Creates an empty set of conversations, which takes no memory yet.
   *
   * @param memory bytes for all conversations; one conversation is kept whatever it takes
   */
  Conversations(MemorySegment model, int threads, int maxWindow, long memory) {
    this.model = model;
    this.threads = threads;
    this.maxWindow = maxWindow;
    this.memory = memory;
    this.bytesPerToken = Llama.modelBytesPerToken(model);
  }

  /** Returns the conversation in which to read a prompt, with room for an answer. */
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
   * Returns the conversation that has read most of the prompt, if using it is worthwhile, or else a
   * new one. A conversation that would forget more of another prompt than it knows of this prompt
   * is left alone.
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

  /** Returns the maximum number of bytes that one worker's conversations can take. */
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
