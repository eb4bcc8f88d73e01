package dev.terrarium.internal.model;

import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ForwardingLanguageModel;
import dev.terrarium.model.LanguageModel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** A model whose answers are kept. Thread-safe. */
final class RememberingModel extends ForwardingLanguageModel {

  private final AnswerCache answers;
  private final String spec;

  /**
   * Creates a model.
   *
   * @param spec distinguishes the models that a provider opens, whose names may be the same
   */
  RememberingModel(AnswerCache answers, LanguageModel model, String spec) {
    super(model);
    this.answers = answers;
    this.spec = spec;
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    return chat(request, model -> model.chat(request));
  }

  /** Returns the answer that is kept, or the one that the model gives to a question. */
  ChatResponse chat(ChatRequest request, Function<LanguageModel, ChatResponse> question) {
    return answer(request, () -> question.apply(model()));
  }

  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    return stream(request, sink, model -> model.stream(request, sink));
  }

  /** Returns the answer as {@link #chat} does; one that was kept is passed on as a whole. */
  ChatResponse stream(
      ChatRequest request,
      Consumer<ChatResponse.Chunk> sink,
      Function<LanguageModel, ChatResponse> question) {
    AtomicBoolean asked = new AtomicBoolean();
    ChatResponse answer =
        answer(
            request,
            () -> {
              asked.set(true);
              return question.apply(model());
            });
    if (!asked.get()) {
      answer.passTo(sink);
    }
    return answer;
  }

  private ChatResponse answer(ChatRequest request, Supplier<ChatResponse> question) {
    return answers.answer(spec + '\n' + name(), request, question);
  }
}
