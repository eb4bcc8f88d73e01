package dev.terrarium.langchain4j;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamOutput;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamRequest;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponse;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.MessageStopEvent;

/**
 * Bedrock's client for one streamed request of LangChain4j, and the receiver of the answer, which
 * it passes on. It puts right what {@link BedrockConversation} does, in tool calls of the answer
 * too. For one thread.
 */
final class BedrockStream implements BedrockRuntimeAsyncClient, StreamingChatResponseHandler {

  private final BedrockRuntimeAsyncClient client;
  private final Connection connection;
  private final ChatRequest request;
  private final StreamingChatResponseHandler receiver;
  private final List<ToolExecutionRequest> calls = new ArrayList<>();

  /**
   * Creates the client.
   *
   * @param client sends the request; it is not closed with this object
   */
  BedrockStream(
      BedrockRuntimeAsyncClient client,
      Connection connection,
      ChatRequest request,
      StreamingChatResponseHandler receiver) {
    this.client = client;
    this.connection = connection;
    this.request = request;
    this.receiver = receiver;
  }

  @Override
  public CompletableFuture<Void> converseStream(
      ConverseStreamRequest translated, ConverseStreamResponseHandler handler) {
    return client.converseStream(
        translated.toBuilder()
            .messages(BedrockConversation.exact(translated.messages(), request))
            .build(),
        new ConverseStreamResponseHandler() {
          @Override
          public void responseReceived(ConverseStreamResponse response) {
            handler.responseReceived(response);
          }

          @Override
          public void onEventStream(SdkPublisher<ConverseStreamOutput> events) {
            handler.onEventStream(events.map(BedrockStream.this::readable));
          }

          @Override
          public void exceptionOccurred(Throwable thrown) {
            handler.exceptionOccurred(thrown);
          }

          @Override
          public void complete() {
            handler.complete();
          }
        });
  }

  private ConverseStreamOutput readable(ConverseStreamOutput event) {
    return event instanceof MessageStopEvent end
        ? end.toBuilder()
            .stopReason(
                BedrockConversation.readable(
                    connection, end.stopReason(), end.stopReasonAsString()))
            .build()
        : event;
  }

  @Override
  public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
    receiver.onPartialResponse(piece, context);
  }

  @Override
  public void onPartialThinking(PartialThinking piece, PartialThinkingContext context) {
    receiver.onPartialThinking(piece, context);
  }

  @Override
  public void onCompleteToolCall(CompleteToolCall call) {
    calls.add(call.toolExecutionRequest());
    receiver.onCompleteToolCall(call);
  }

  /** Passes the answer on, with the tool calls as they came. */
  @Override
  public void onCompleteResponse(ChatResponse response) {
    AiMessage message = response.aiMessage();
    List<ToolExecutionRequest> exact =
        message.toolExecutionRequests().stream()
            .map(
                call ->
                    calls.stream()
                        .filter(each -> each.id().equals(call.id()))
                        .findFirst()
                        .orElse(call))
            .toList();
    receiver.onCompleteResponse(
        response.toBuilder()
            .aiMessage(message.toBuilder().toolExecutionRequests(exact).build())
            .build());
  }

  /** Passes a failure on; one that came within the stream has a status of its own. */
  @Override
  public void onError(Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each instanceof SdkServiceException inStream) {
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.put("code", inStream.statusCode());
        error.put("message", inStream.getMessage());
        receiver.onError(
            Failures.inStream(connection.name(), error, error.toString(), connection.secrets()));
        return;
      }
    }
    receiver.onError(thrown);
  }

  @Override
  public String serviceName() {
    return client.serviceName();
  }

  @Override
  public void close() {}
}
