package dev.terrarium.llamacpp;

import dev.terrarium.error.ConfigurationException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options with which a model is loaded, and the defaults for what a request leaves open.
 * Immutable.
 *
 * @param contextWindow maximum number of tokens of prompt and answer together; a model that was
 *     trained on fewer tokens has a smaller window. Memory is taken for what the longest request so
 *     far needed, not for the whole window
 * @param parallel number of workers, each of which makes one answer at a time and takes memory for
 *     its own window. The workers take turns at each token, since llama.cpp computes for one worker
 *     at a time in a process; slots make more answers in the same time
 * @param slots number of answers that each worker makes at once, by continuous batching: more
 *     answers in the same time than one after another, each of them slower. The last bits of the
 *     computed scores then depend on what else is being answered, and so may an answer, even at
 *     temperature 0. Each slot takes memory for its own window, and remembers the prompt that it
 *     read last. Recurrent models, such as Mamba's, have one slot
 * @param promptMemory with one slot, bytes for keeping what was read of earlier prompts, so that
 *     their beginnings are not read again; the memory that one request needs is taken in any case
 * @param threads number of threads that compute, over all answers made at once. By default half of
 *     the processors, at most 4: a small model's threads wait for each other at each step, and
 *     beside other work two threads were slower than one
 * @param maxTokens maximum number of tokens of an answer
 * @param temperature 0 gives the same answer to the same question
 * @param seed for sampling at temperatures above 0
 * @param chatTemplate name of a template that llama.cpp knows, such as {@code chatml}, or a
 *     template's source; null takes the template in the file
 * @param probe whether a file other than that of the model on the class path is first loaded by
 *     another JVM, which generates a token with it: a file that llama.cpp cannot digest, although
 *     its header looks sound, would end this process. Each file is probed once; the cache folder
 *     remembers files that passed
 */
public record LlamaCppOptions(
    int contextWindow,
    int parallel,
    int slots,
    long promptMemory,
    int threads,
    int maxTokens,
    double temperature,
    long seed,
    @Nullable String chatTemplate,
    boolean probe) {

  static final int DEFAULT_CONTEXT_WINDOW = 8192;
  static final long DEFAULT_PROMPT_MEMORY = 256L << 20;
  static final int DEFAULT_MAX_TOKENS = 512;
  static final int MOST_DEFAULT_THREADS = 4;
  static final int MIN_CONTEXT_WINDOW = 64;
  static final int MAX_CONTEXT_WINDOW = 1 << 20;
  static final int MAX_PARALLEL = 64;
  static final int MAX_THREADS = 512;

  public LlamaCppOptions {
    check(
        "contextWindow", contextWindow, MIN_CONTEXT_WINDOW, MAX_CONTEXT_WINDOW, "number of tokens");
    check("parallel", parallel, 1, MAX_PARALLEL, "number of answers");
    check("slots", slots, 1, MAX_PARALLEL, "number of answers");
    if (promptMemory < 0) {
      throw new ConfigurationException("promptMemory: " + promptMemory + " bytes are below 0");
    }
    check("threads", threads, 1, MAX_THREADS, "number of threads");
    check("maxTokens", maxTokens, 1, MAX_CONTEXT_WINDOW, "number of tokens");
    if (!(temperature >= 0 && temperature <= 100)) {
      throw new ConfigurationException("temperature: " + temperature + " is not in 0 to 100");
    }
    if (chatTemplate != null && chatTemplate.isBlank()) {
      throw new ConfigurationException("chatTemplate: is blank");
    }
    if (parallel > threads) {
      throw new ConfigurationException(
          "parallel: " + parallel + " answers at once need as many threads; threads: " + threads);
    }
    if (maxTokens >= contextWindow) {
      throw new ConfigurationException(
          "maxTokens: "
              + maxTokens
              + " leaves no room for a prompt; contextWindow: "
              + contextWindow);
    }
  }

  private static void check(String name, int value, int min, int max, String what) {
    if (value < min || value > max) {
      throw new ConfigurationException(
          name + ": " + value + " is not a " + what + " in " + min + " to " + max);
    }
  }

  /** Returns the default options: one answer at a time, at temperature 0. */
  public static LlamaCppOptions ofDefaults() {
    return custom().build();
  }

  public static Builder custom() {
    return new Builder();
  }

  private static int defaultThreads() {
    return Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, MOST_DEFAULT_THREADS);
  }

  /** A builder of options; each option can be given once. Not thread-safe. */
  public static final class Builder {
    private final Set<String> given = new HashSet<>();
    private int contextWindow = DEFAULT_CONTEXT_WINDOW;
    private int parallel = 1;
    private int slots = 1;
    private long promptMemory = DEFAULT_PROMPT_MEMORY;
    private int threads = defaultThreads();
    private int maxTokens = DEFAULT_MAX_TOKENS;
    private double temperature;
    private long seed;
    private @Nullable String chatTemplate;
    private boolean probe = true;

    private Builder() {}

    public Builder contextWindow(int tokens) {
      once("contextWindow");
      contextWindow = tokens;
      return this;
    }

    public Builder parallel(int answers) {
      once("parallel");
      parallel = answers;
      return this;
    }

    public Builder slots(int answers) {
      once("slots");
      slots = answers;
      return this;
    }

    public Builder promptMemory(long bytes) {
      once("promptMemory");
      promptMemory = bytes;
      return this;
    }

    public Builder threads(int count) {
      once("threads");
      threads = count;
      return this;
    }

    public Builder maxTokens(int tokens) {
      once("maxTokens");
      maxTokens = tokens;
      return this;
    }

    public Builder temperature(double value) {
      once("temperature");
      temperature = value;
      return this;
    }

    public Builder seed(long value) {
      once("seed");
      seed = value;
      return this;
    }

    public Builder chatTemplate(String nameOrSource) {
      once("chatTemplate");
      chatTemplate = nameOrSource;
      return this;
    }

    public Builder probe(boolean first) {
      once("probe");
      probe = first;
      return this;
    }

    private void once(String name) {
      if (!given.add(name)) {
        throw new ConfigurationException(name + " was given twice");
      }
    }

    /**
     * Returns the options after checking them.
     *
     * @throws ConfigurationException when a value is out of range or two options contradict each
     *     other
     */
    public LlamaCppOptions build() {
      return new LlamaCppOptions(
          contextWindow,
          parallel,
          slots,
          promptMemory,
          threads,
          maxTokens,
          temperature,
          seed,
          chatTemplate,
          probe);
    }
  }
}
