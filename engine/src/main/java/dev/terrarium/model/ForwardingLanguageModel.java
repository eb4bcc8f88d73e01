package dev.terrarium.model;

import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A language model that forwards all to another one, for models that add something to it, such as a
 * log of the requests. A subclass overrides what it changes; {@link #chat} and {@link #stream} both
 * ask the other model. Thread-safe, as far as the subclass is.
 */
public abstract class ForwardingLanguageModel implements LanguageModel {

  private final LanguageModel model;

  /** Creates a model that forwards to another one, and closes it. */
  protected ForwardingLanguageModel(LanguageModel model) {
    this.model = Objects.requireNonNull(model, "model");
  }

  /** Returns the model to which this one forwards. */
  protected final LanguageModel model() {
    return model;
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    return model.chat(request);
  }

  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    return model.stream(request, sink);
  }

  @Override
  public boolean takesTools() {
    return model.takesTools();
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return model.tokenizer();
  }

  @Override
  public long bytes() {
    return model.bytes();
  }

  @Override
  public void close() {
    model.close();
  }

  @Override
  public String toString() {
    return model.toString();
  }
}
