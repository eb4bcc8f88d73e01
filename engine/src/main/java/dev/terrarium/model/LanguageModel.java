package dev.terrarium.model;

import dev.terrarium.error.ModelException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A chat model. Implementations are thread-safe: one loaded model serves all contexts and all
 * frameworks of a process at once.
 */
public interface LanguageModel extends AutoCloseable {

  /** What it is called in answers and logs, such as {@code smollm2-135m-instruct}. */
  String name();

  /**
   * Answers, blocking until the answer is whole.
   *
   * @throws ModelException when the model fails, was closed, or the prompt does not fit
   */
  ChatResponse chat(ChatRequest request);

  /**
   * Answers and hands over each piece as it is made, on the calling thread. The default makes one
   * piece of the whole.
   *
   * @return the whole answer
   * @throws ModelException as {@link #chat}
   */
  default ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    ChatResponse response = chat(request);
    sink.accept(new ChatResponse.Chunk(response.text()));
    return response;
  }

  /**
   * How it splits texts into tokens, for as long as it is open; empty, the default, when it does
   * not tell. Not the caller's to close.
   */
  default Optional<Tokenizer> tokenizer() {
    return Optional.empty();
  }

  /**
   * Memory that it takes, on the heap and outside, in bytes; at most, where that grows with use. 0,
   * the default, for not known.
   */
  default long bytes() {
    return 0;
  }

  /** Frees the model. Twice is once. */
  @Override
  void close();
}
