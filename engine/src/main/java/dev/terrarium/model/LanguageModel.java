package dev.terrarium.model;

import dev.terrarium.error.ModelException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A chat model. Implementations are thread-safe: one loaded model serves all contexts and all
 * frameworks of a process at once.
 */
public interface LanguageModel extends AutoCloseable {

  /** Returns the model's name in answers and logs, such as {@code smollm2-135m-instruct}. */
  String name();

  /**
   * Returns the answer to a request; blocks until the answer is complete. A model throws for a part
   * of a request that it does not take.
   *
   * @throws ModelException when the model fails, was closed, or the prompt does not fit
   */
  ChatResponse chat(ChatRequest request);

  /**
   * Returns the answer to a request, and passes each piece of it to the sink when the piece is
   * made, on the calling thread. The default implementation passes the answer as one piece.
   *
   * @return the complete answer
   * @throws ModelException as {@link #chat}
   */
  default ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    ChatResponse response = chat(request);
    response.passTo(sink);
    return response;
  }

  /**
   * Returns whether {@link #chat} and {@link #stream} know the tools of a request, and tool calls
   * and their results in its messages. Programs can call tools by other models, too: those get the
   * tools as instructions, and a response schema.
   */
  default boolean takesTools() {
    return false;
  }

  /**
   * Returns the tokenizer by which the model splits texts, which works as long as the model is
   * open; empty, the default, when the model does not offer it. The caller must not close the
   * tokenizer.
   */
  default Optional<Tokenizer> tokenizer() {
    return Optional.empty();
  }

  /**
   * Returns the memory that the model takes, on the heap and outside of it, in bytes; the maximum,
   * when the memory grows with use. 0, the default, means that the size is not known.
   */
  default long bytes() {
    return 0;
  }

  /** Frees the model. Closing a second time does nothing. */
  @Override
  void close();
}
