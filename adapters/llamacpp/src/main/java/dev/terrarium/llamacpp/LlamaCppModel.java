package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.llamacpp.grammar.JsonGrammar;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.InstructedTools;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A GGUF model, loaded by llama.cpp in this process. Thread-safe: the model's own worker threads
 * make the answers in the order of the requests, {@link LlamaCppOptions#parallel} times {@link
 * LlamaCppOptions#slots} at once. The requesting thread waits, and may be a virtual thread.
 *
 * <p>With one slot, at temperature 0, and at any other temperature with the same seed, an answer
 * depends on the request alone, and not on earlier or concurrent requests. A response schema is
 * enforced token by token: the answer is JSON that conforms to the schema, unless it ends with
 * {@link dev.terrarium.model.ChatResponse.FinishReason#LENGTH}, and stop texts are ignored. Tools
 * are described in the prompt, and the schema allows calls of them. An answer to which the schema
 * allows no further token ends with {@code STOP}, even if it has reached the maximum number of
 * tokens. Not enforced are {@code uniqueItems}, formats other than dates, times, durations and
 * UUIDs, and the rule that only one alternative of {@code oneOf} fits. A schema with another
 * keyword that cannot be enforced is refused.
 *
 * <p>The workers are daemon threads. {@link #close} frees all native memory.
 */
public final class LlamaCppModel implements LanguageModel {

  private final String name;
  private final LlamaCppOptions options;
  private final LoadedFile file;
  private final MemorySegment model;
  private final ChatTemplate template;
  private final int window;
  private final long bytes;
  private final List<Thread> workers = new ArrayList<>();
  private final Thread atExit;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Generation> waiting = new ArrayDeque<>();
  private final Set<Generation> running = new HashSet<>();

  /**
   * Whether the model takes no more requests: it is closed, has failed, or the process is ending.
   */
  private volatile boolean closed;

  private LlamaCppModel(
      String name,
      LlamaCppOptions options,
      LoadedFile file,
      ChatTemplate template,
      long fileBytes) {
    this.name = name;
    this.options = options;
    this.file = file;
    this.model = file.model();
    this.template = template;
    this.window = window(options.contextWindow(), Llama.modelTrainedWindow(model));
    this.bytes =
        fileBytes
            + options.parallel()
                * (options.slots() > 1
                    ? Slots.mostBytes(model, window, options.slots())
                    : Conversations.mostBytes(
                        model, window, options.promptMemory() / options.parallel()));
    this.atExit = new Thread(this::abandon, "terrarium-llamacpp-exit");
  }

  /** Returns the smaller of two windows; a file can declare its own window with 32 bits. */
  static int window(int wanted, int trainedUnsigned) {
    return (int) Math.min(wanted, Integer.toUnsignedLong(trainedUnsigned));
  }

  /**
   * Loads a file, under its own name without {@code .gguf}. The file is probed before, unless the
   * options say otherwise.
   *
   * @throws ModelException when the file is missing, damaged, of another kind, or cannot be run
   *     here
   */
  public static LlamaCppModel load(Path file, LlamaCppOptions options) {
    LlamaCpp.probe(file, Objects.requireNonNull(options, "options"));
    Path fileName = file.getFileName();
    String name = fileName == null ? file.toString() : fileName.toString();
    return load(name.replaceFirst("\\.gguf$", ""), file, options);
  }

  static LlamaCppModel load(String name, Path file, LlamaCppOptions options) {
    LoadedFile loaded = LoadedFile.load(name, file, false);
    try {
      MemorySegment model = loaded.model();
      if (!Llama.modelIsDecoderOnly(model)) {
        throw new ModelException(
            file
                + " holds a model that does not continue texts ("
                + GgufHeader.read(file).architecture()
                + ").");
      }
      if (options.slots() > 1 && Llama.modelIsRecurrent(model)) {
        throw new ModelException(
            file
                + " holds a recurrent model ("
                + GgufHeader.read(file).architecture()
                + "), whose slots cannot share the beginning of a prompt. Leave slots at 1.");
      }
      String source = options.chatTemplate();
      LlamaCppModel made =
          new LlamaCppModel(
              name,
              options,
              loaded,
              ChatTemplate.of(source == null ? Llama.modelChatTemplate(model) : source),
              file.toFile().length());
      made.start();
      return made;
    } catch (RuntimeException | Error e) {
      loaded.free();
      throw e;
    }
  }

  private void start() {
    try {
      Runtime.getRuntime().addShutdownHook(atExit);
      for (int i = 0; i < options.parallel(); i++) {
        workers.add(
            Thread.ofPlatform()
                .daemon()
                .name("terrarium-llamacpp-" + name + "-" + i)
                .start(this::work));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  @Override
  public String name() {
    return name;
  }

  /** Returns the size of the file plus the maximum memory of its prompts and answers. */
  @Override
  public long bytes() {
    return bytes;
  }

  /** Returns the tokenizer of the model's vocabulary, which works as long as the model is open. */
  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.of(new LlamaTokenizer(file, false));
  }

  /**
   * Returns the maximum number of tokens of prompt and answer together: the option's value, or the
   * number of tokens that the model was trained on if that is smaller.
   */
  public int contextWindow() {
    return window;
  }

  /**
   * Returns the answer to a request.
   *
   * @throws ModelException when the model was closed, the prompt is empty or does not fit, or the
   *     schema cannot be enforced
   * @throws dev.terrarium.error.CallInterruptedException when the thread is interrupted; the answer
   *     is given up
   */
  @Override
  public ChatResponse chat(ChatRequest request) {
    return stream(request, chunk -> {});
  }

  /**
   * Returns the answer as {@link #chat} does, and passes each piece to the sink as soon as it is
   * certain, in complete characters.
   */
  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    return InstructedTools.stream(request, sink, this::generate);
  }

  @Override
  public boolean takesTools() {
    return true;
  }

  private ChatResponse generate(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    Generation generation = generation(request);
    submit(generation);
    return generation.await(sink);
  }

  private Generation generation(ChatRequest request) {
    if (request.messages().stream().allMatch(message -> message.content().isBlank())) {
      throw new ModelException(Kind.INVALID_REQUEST, "The prompt is empty.", null);
    }
    if (request.messages().stream().anyMatch(message -> !message.media().isEmpty())) {
      throw refused("media: the language model " + name + " takes text alone");
    }
    if (request.reasoningEffort() != null) {
      throw refused("reasoningEffort: the language model " + name + " takes none");
    }
    String schema = request.responseSchema();
    String grammar = schema == null ? null : JsonGrammar.of(schema);
    int[] prompt = file.using(vocabulary -> vocabulary.tokens(template.render(request.messages())));
    if (prompt.length >= window) {
      throw new ModelException(
          Kind.CONTEXT_LENGTH_EXCEEDED,
          "The prompt has "
              + prompt.length
              + " tokens, and the context window of "
              + name
              + " has room for "
              + window
              + " with the answer.",
          null);
    }
    return new Generation(
        prompt,
        Math.min(or(request.maxTokens(), options.maxTokens()), window - prompt.length),
        new Sampling(
            or(request.temperature(), options.temperature()),
            or(request.topP(), Sampling.DEFAULT_TOP_P),
            or(request.seed(), options.seed())),
        grammar == null ? request.stop() : List.of(),
        grammar);
  }

  private static ModelException refused(String message) {
    return new ModelException(Kind.INVALID_REQUEST, message, null);
  }

  private static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  private void submit(Generation generation) {
    lock.lock();
    try {
      checkOpen();
      waiting.add(generation);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw LoadedFile.closed(name);
    }
  }

  /**
   * Makes answers until the model is closed. A worker that fails, as when there is no memory, fails
   * the whole model.
   */
  private void work() {
    try {
      if (options.slots() > 1) {
        workOnMany();
      } else {
        workOnOne();
      }
    } catch (RuntimeException | Error e) {
      fail(failure(e));
    }
  }

  private ModelException failure(Throwable cause) {
    return new ModelException(
        "A worker of the language model " + name + " failed: " + cause, cause);
  }

  /**
   * Gives up all answers, and reports the reason to the waiting threads. The memory stays until the
   * model is closed.
   */
  void fail(ModelException reason) {
    lock.lock();
    try {
      closed = true;
      waiting.forEach(generation -> generation.giveUp(reason));
      waiting.clear();
      running.forEach(generation -> generation.giveUp(reason));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void workOnOne() {
    int workers = options.parallel();
    try (Conversations conversations =
        new Conversations(
            model, options.threads() / workers, window, options.promptMemory() / workers)) {
      Generation generation = take();
      while (generation != null) {
        generation.run(file.vocabulary(), conversations);
        done(generation);
        generation = take();
      }
    }
  }

  private void workOnMany() {
    try (Slots slots =
        new Slots(
            model,
            file.vocabulary(),
            options.threads() / options.parallel(),
            window,
            options.slots())) {
      try {
        workOn(slots);
      } catch (RuntimeException | Error e) {
        // Reported before the slots give up their answers, which do not know the reason.
        fail(failure(e));
      }
    }
  }

  private void workOn(Slots slots) {
    Generation next = take();
    while (next != null || !slots.isIdle()) {
      while (next != null && begun(slots, next)) {
        next = poll();
      }
      if (next != null) {
        giveBack(next); // another worker may have room for the request
      }
      slots.step().forEach(this::done);
      next = slots.isIdle() ? take() : poll();
    }
  }

  private void giveBack(Generation generation) {
    lock.lock();
    try {
      running.remove(generation);
      waiting.addFirst(generation);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the generation has begun, or has already failed. */
  private boolean begun(Slots slots, Generation generation) {
    try {
      if (!generation.isCancelled()) {
        return slots.start(generation);
      }
      generation.fail(new ModelException(Generation.GIVEN_UP));
    } catch (RuntimeException | Error e) {
      generation.fail(e);
    }
    done(generation);
    return true;
  }

  /** Returns the next generation to make, or null when the model is closed and none is left. */
  private @Nullable Generation take() {
    lock.lock();
    try {
      while (waiting.isEmpty() && !closed) {
        changed.awaitUninterruptibly();
      }
      return poll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the next generation to make, or null when there is none now. */
  private @Nullable Generation poll() {
    lock.lock();
    try {
      Generation generation = waiting.poll();
      if (generation != null) {
        running.add(generation);
      }
      return generation;
    } finally {
      lock.unlock();
    }
  }

  private void done(Generation generation) {
    lock.lock();
    try {
      running.remove(generation);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Stops the answers that are being made and those that wait for their turn, and throws a {@link
   * ModelException} in each requesting thread; then frees the model. A block of a prompt that
   * llama.cpp is reading is read to its end.
   */
  @Override
  public void close() {
    stop(LoadedFile.closed(name));
    file.free();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is shutting down already.
    }
  }

  /**
   * Gives up all answers at exit: native code must not run any more when the process unloads its
   * libraries.
   */
  private void abandon() {
    stop(new ModelException(Generation.GIVEN_UP));
  }

  private void stop(ModelException reason) {
    fail(reason);
    workers.forEach(LlamaCppModel::join);
  }

  private static void join(Thread worker) {
    boolean interrupted = false;
    while (true) {
      try {
        worker.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
