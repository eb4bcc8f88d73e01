package dev.terrarium.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.audio.Audio;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.PdfFileContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.message.VideoContent;
import dev.langchain4j.data.pdf.PdfFile;
import dev.langchain4j.data.video.Video;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Media;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Translates the messages of a request for LangChain4j. Stateless. */
final class Messages {

  private Messages() {}

  /**
   * Translates messages.
   *
   * @param request the request in which tool calls are looked up
   * @param name the model's name, for failures
   * @throws ModelException naming the message that the provider does not take
   */
  static List<dev.langchain4j.data.message.ChatMessage> translated(
      List<ChatMessage> messages, ChatRequest request, String name, Backend backend) {
    List<dev.langchain4j.data.message.ChatMessage> translated = new ArrayList<>();
    for (ChatMessage message : messages) {
      String path = "messages[" + translated.size() + "]";
      translated.add(
          switch (message.role()) {
            case SYSTEM -> {
              if (message.content().isBlank()) {
                throw Failures.refused(path + ": a system message must not be blank; leave it out");
              }
              yield SystemMessage.from(message.content());
            }
            case USER -> user(message, path, name, backend);
            case ASSISTANT -> assistant(message);
            case TOOL -> result(request.callOf(message), message.content());
          });
    }
    return translated;
  }

  private static UserMessage user(ChatMessage message, String path, String name, Backend backend) {
    if (message.media().isEmpty()) {
      return UserMessage.from(message.content());
    }
    List<Content> contents = new ArrayList<>();
    if (!message.content().isEmpty()) {
      contents.add(TextContent.from(message.content()));
    }
    for (Media media : message.media()) {
      if (media.url() != null && backend.fetches(media.mimeType(), media.url())) {
        throw Failures.refused(
            path
                + ": the language model "
                + name
                + " takes no media of type "
                + media.mimeType()
                + " by this URL; give their data");
      }
      Content content = backend.capabilities().takes(media.mimeType()) ? content(media) : null;
      if (content == null) {
        throw Failures.refused(
            path + ": the language model " + name + " takes no media of type " + media.mimeType());
      }
      contents.add(content);
    }
    return UserMessage.from(contents);
  }

  private static @Nullable Content content(Media media) {
    String type = media.mimeType();
    String data = media.base64();
    URI url = media.url();
    return switch (Capabilities.kind(type)) {
      case Capabilities.IMAGES ->
          ImageContent.from(Image.builder().mimeType(type).base64Data(data).url(url).build());
      case Capabilities.AUDIO ->
          AudioContent.from(Audio.builder().mimeType(type).base64Data(data).url(url).build());
      case Capabilities.VIDEO ->
          VideoContent.from(Video.builder().mimeType(type).base64Data(data).url(url).build());
      default ->
          type.equals(Capabilities.PDF)
              ? PdfFileContent.from(
                  PdfFile.builder().mimeType(type).base64Data(data).url(url).build())
              : null;
    };
  }

  private static AiMessage assistant(ChatMessage message) {
    List<ToolCall> calls = message.toolCalls();
    if (calls.isEmpty()) {
      return AiMessage.from(message.content());
    }
    AiMessage.Builder builder =
        AiMessage.builder()
            .text(message.content().isEmpty() ? null : message.content())
            .toolExecutionRequests(calls.stream().map(Messages::request).toList());
    ToolCalls.attributes(calls).ifPresent(builder::attributes);
    return builder.build();
  }

  private static ToolExecutionRequest request(ToolCall call) {
    return ToolExecutionRequest.builder()
        .id(ToolCalls.plainId(call))
        .name(call.name())
        .arguments(call.arguments())
        .build();
  }

  private static ToolExecutionResultMessage result(ToolCall call, String result) {
    return ToolExecutionResultMessage.from(ToolCalls.plainId(call), call.name(), result);
  }
}
