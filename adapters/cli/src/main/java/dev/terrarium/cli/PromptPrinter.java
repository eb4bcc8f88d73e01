package dev.terrarium.cli;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ForwardingLanguageModel;
import dev.terrarium.model.LanguageModel;
import java.util.function.Consumer;

/**
 * A language model that prints the messages of each request to stderr before the wrapped model
 * answers. Thread-safe.
 */
final class PromptPrinter extends ForwardingLanguageModel {

  PromptPrinter(LanguageModel model) {
    super(model);
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    print(request);
    return super.chat(request);
  }

  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    print(request);
    return super.stream(request, sink);
  }

  private static void print(ChatRequest request) {
    for (ToolDefinition tool : request.tools()) {
      System.err.printf(
          "[TOOL %s]%n%s%n%s%n%n", tool.name(), tool.description(), tool.parameters());
    }
    for (ChatMessage message : request.messages()) {
      System.err.printf("[%s]%n%s%n", message.role(), message.content());
      message.media().forEach(medium -> System.err.printf("%s%n", medium));
      message
          .toolCalls()
          .forEach(call -> System.err.printf("-> %s %s%n", call.name(), call.arguments()));
      System.err.println();
    }
  }
}
