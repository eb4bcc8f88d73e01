package dev.terrarium.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.document.Document;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseRequest;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseResponse;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.StopReason;

/**
 * Bedrock's client for one request of LangChain4j. It sends what LangChain4j's translation does not
 * keep: numbers of more than 32 bits and nulls in the arguments of tool calls; and it joins
 * messages of one role, which Bedrock does not take in a row. Immutable.
 */
final class BedrockConversation implements BedrockRuntimeClient {

  private static final Set<ContentBlock.Type> READ =
      Set.of(
          ContentBlock.Type.TEXT, ContentBlock.Type.TOOL_USE, ContentBlock.Type.REASONING_CONTENT);

  /** The beginning of the message of the SDK's exception for JSON of another form. */
  private static final String UNREADABLE = "Unable to unmarshall response";

  private final BedrockRuntimeClient client;
  private final Connection connection;
  private final ChatRequest request;

  /**
   * Creates the client.
   *
   * @param client sends the request; it is not closed with this object
   */
  BedrockConversation(BedrockRuntimeClient client, Connection connection, ChatRequest request) {
    this.client = client;
    this.connection = connection;
    this.request = request;
  }

  @Override
  public ConverseResponse converse(ConverseRequest translated) {
    try {
      return readable(
          client.converse(
              translated.toBuilder().messages(exact(translated.messages(), request)).build()));
    } catch (SdkClientException e) {
      throw String.valueOf(e.getMessage()).startsWith(UNREADABLE)
          ? Failures.unreadable(connection.name(), e, connection.secrets())
          : e;
    }
  }

  /** Returns the messages of a request as it has them. */
  static List<Message> exact(List<Message> translated, ChatRequest request) {
    Iterator<String> arguments =
        request.messages().stream()
            .filter(AiMessage.class::isInstance)
            .flatMap(message -> ((AiMessage) message).toolExecutionRequests().stream())
            .map(ToolExecutionRequest::arguments)
            .iterator();
    List<Message> messages = new ArrayList<>();
    for (Message message : translated) {
      List<ContentBlock> content = new ArrayList<>();
      for (ContentBlock block : message.content()) {
        boolean isCall = block.type() == ContentBlock.Type.TOOL_USE;
        content.add(isCall ? exact(block, arguments.next()) : block);
      }
      if (!messages.isEmpty() && messages.getLast().role() == message.role()) {
        content.addAll(0, messages.removeLast().content());
      }
      messages.add(message.toBuilder().content(content).build());
    }
    return messages;
  }

  private static ContentBlock exact(ContentBlock block, String json) {
    return ContentBlock.fromToolUse(
        block.toolUse().toBuilder().input(document(Failures.json(json))).build());
  }

  private static Document document(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> {
        Map<String, Document> properties = new LinkedHashMap<>();
        node.properties().forEach(each -> properties.put(each.getKey(), document(each.getValue())));
        yield Document.fromMap(properties);
      }
      case ARRAY ->
          Document.fromList(
              StreamSupport.stream(node.spliterator(), false)
                  .map(BedrockConversation::document)
                  .toList());
      case NUMBER -> Document.fromNumber(node.asText());
      case BOOLEAN -> Document.fromBoolean(node.asBoolean());
      case NULL -> Document.fromNull();
      default -> Document.fromString(node.asText());
    };
  }

  private ConverseResponse readable(ConverseResponse response) {
    if (response.output() == null || response.output().message() == null) {
      throw Failures.unreadable(connection.name(), "it has no message");
    }
    for (ContentBlock block : response.output().message().content()) {
      if (!READ.contains(block.type())) {
        throw Failures.unreadable(connection.name(), "it has content of the type " + block.type());
      }
    }
    return response.toBuilder()
        .stopReason(readable(connection, response.stopReason(), response.stopReasonAsString()))
        .build();
  }

  /**
   * Returns the reason of the end of an answer in a form that LangChain4j has a word for.
   *
   * @param text the reason in the service's words
   * @throws dev.terrarium.error.ModelException when there is no such form
   */
  static StopReason readable(
      Connection connection, @Nullable StopReason reason, @Nullable String text) {
    return switch (reason) {
      case END_TURN, STOP_SEQUENCE, MAX_TOKENS, TOOL_USE, CONTENT_FILTERED, GUARDRAIL_INTERVENED ->
          reason;
      case MODEL_CONTEXT_WINDOW_EXCEEDED -> StopReason.MAX_TOKENS;
      case null -> throw Failures.unreadable(connection.name(), "it names no reason of its end");
      default -> throw Failures.unreadable(connection.name(), "it ended because of " + text);
    };
  }

  @Override
  public String serviceName() {
    return client.serviceName();
  }

  @Override
  public void close() {}
}
