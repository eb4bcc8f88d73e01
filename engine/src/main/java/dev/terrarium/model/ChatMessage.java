package dev.terrarium.model;

import java.net.URI;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation with a language model. Immutable.
 *
 * @param content the text; may be empty beside media or tool calls
 * @param media images and files that go with the text of a user's message, in order
 * @param toolCalls the tools that the model wanted to call; only in messages of the assistant
 * @param toolCallId the id of the call whose result a message of a tool holds; null in all others
 */
public record ChatMessage(
    Role role,
    String content,
    List<Media> media,
    List<ToolCall> toolCalls,
    @Nullable String toolCallId) {

  /** The author of a message. */
  public enum Role {
    SYSTEM,
    USER,
    ASSISTANT,
    /** A tool, whose message is the result of one call. */
    TOOL
  }

  /**
   * A model's wish to call a tool. Immutable.
   *
   * @param id the name by which the result refers to the call; unique within a conversation
   * @param name the tool's name
   * @param arguments a JSON object, as text
   */
  public record ToolCall(String id, String name, String arguments) {
    public ToolCall {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(arguments, "arguments");
    }
  }

  /**
   * An image or a file. Immutable; either its data or its address is null.
   *
   * @param mimeType such as {@code image/png} or {@code application/pdf}
   * @param base64 the content in base 64
   * @param url the address from which the service fetches the content
   */
  public record Media(String mimeType, @Nullable String base64, @Nullable URI url) {
    public Media {
      mimeType = mimeType.toLowerCase(Locale.ROOT);
      if (!mimeType.matches("[a-z]+/[a-z0-9.+*-]+")) {
        throw new IllegalArgumentException("mimeType: '" + mimeType + "' is no MIME type");
      }
      if ((base64 == null) == (url == null)) {
        throw new IllegalArgumentException("media: either base64 or url is needed");
      }
    }

    /** Returns a medium with this content. */
    public static Media of(String mimeType, byte[] content) {
      return new Media(mimeType, Base64.getEncoder().encodeToString(content), null);
    }

    /** Returns a medium that the service fetches from an address. */
    public static Media at(String mimeType, URI url) {
      return new Media(mimeType, null, Objects.requireNonNull(url, "url"));
    }

    /** Returns the medium's type and size, or its type and address. */
    @Override
    public String toString() {
      return base64 == null
          ? "Media[" + mimeType + ", " + url + "]"
          : "Media[" + mimeType + ", " + base64.length() + " characters of base 64]";
    }
  }

  public ChatMessage {
    Objects.requireNonNull(content, "content");
    media = List.copyOf(media);
    toolCalls = List.copyOf(toolCalls);
    if (!media.isEmpty() && role != Role.USER) {
      throw new IllegalArgumentException("media: a message of " + role + " has none");
    }
    if (!toolCalls.isEmpty() && role != Role.ASSISTANT) {
      throw new IllegalArgumentException("toolCalls: a message of " + role + " has none");
    }
    if ((toolCallId != null) != (role == Role.TOOL)) {
      throw new IllegalArgumentException(
          "toolCallId: messages of TOOL have one, and no others; this is one of " + role);
    }
  }

  /** Creates a message of text alone. */
  public ChatMessage(Role role, String content) {
    this(role, content, List.of(), List.of(), null);
  }

  public static ChatMessage system(String content) {
    return new ChatMessage(Role.SYSTEM, content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage(Role.USER, content);
  }

  /** Returns a message of the user with images or files. */
  public static ChatMessage user(String content, List<Media> media) {
    return new ChatMessage(Role.USER, content, media, List.of(), null);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage(Role.ASSISTANT, content);
  }

  /** Returns a message in which the model wanted to call tools. */
  public static ChatMessage assistant(String content, List<ToolCall> toolCalls) {
    return new ChatMessage(Role.ASSISTANT, content, List.of(), toolCalls, null);
  }

  /**
   * Returns the result of a tool's call.
   *
   * @param toolCallId the id of the {@link ToolCall}
   */
  public static ChatMessage tool(String toolCallId, String result) {
    return new ChatMessage(Role.TOOL, result, List.of(), List.of(), toolCallId);
  }
}
