package dev.terrarium.model;

import dev.terrarium.model.ChatMessage.ToolCall;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A request to a language model. Immutable.
 *
 * @param messages the conversation, oldest message first; at least one
 * @param responseSchema JSON schema, as text, that the answer must conform to; null for a free
 *     answer
 * @param stop texts at which generation ends; the answer does not include them
 * @param temperature 0 picks the likeliest token each time; null for the model's default
 * @param topP the share, above 0 and at most 1, of the likeliest tokens from which each token is
 *     picked; null for the model's default
 * @param maxTokens maximum number of tokens of the answer, at least 1; null for the model's default
 * @param seed for sampling; null leaves the seed to the model
 * @param reasoningEffort how much the model shall reason before its answer, in the service's words
 *     such as {@code low} or {@code high}; null for the model's default
 * @param tools the tools that the model may want to call, each with another name
 * @param toolChoice whether the model may or must call a tool
 * @param parallelToolCalls whether one answer may have several tool calls; null for the model's
 *     default
 */
public record ChatRequest(
    List<ChatMessage> messages,
    @Nullable String responseSchema,
    List<String> stop,
    @Nullable Double temperature,
    @Nullable Double topP,
    @Nullable Integer maxTokens,
    @Nullable Long seed,
    @Nullable String reasoningEffort,
    List<ToolDefinition> tools,
    ToolChoice toolChoice,
    @Nullable Boolean parallelToolCalls) {

  /**
   * A tool as a model knows it. Immutable.
   *
   * @param name 1 to 64 letters of ASCII, digits, underscores and hyphens
   * @param description what the tool does, for the model; may be empty
   * @param parameters JSON schema of an object, as text, whose properties are the arguments
   */
  public record ToolDefinition(String name, String description, String parameters) {

    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

    public ToolDefinition {
      if (!isName(name)) {
        throw new IllegalArgumentException(
            "name: '"
                + name
                + "' is no name of a tool; models allow 1 to 64 of the characters a-z, A-Z, 0-9,"
                + " _ and -");
      }
      Objects.requireNonNull(description, "description");
      Objects.requireNonNull(parameters, "parameters");
    }

    /** Returns whether a tool can have a name, which services of language models then take. */
    public static boolean isName(String name) {
      return NAME.matcher(name).matches();
    }
  }

  /** Whether a model may call tools. */
  public enum ToolChoice {
    /** The model decides. */
    AUTO,
    /** The model must call at least one tool. */
    REQUIRED,
    /** The model knows the tools, and must not call one. */
    NONE
  }

  public ChatRequest {
    messages = List.copyOf(messages);
    stop = List.copyOf(stop);
    tools = List.copyOf(tools);
    Objects.requireNonNull(toolChoice, "toolChoice");
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("messages: at least one is needed");
    }
    if (temperature != null && !(temperature >= 0)) {
      throw new IllegalArgumentException("temperature: " + temperature + " is below 0");
    }
    if (topP != null && !(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP: " + topP + " is not above 0 and at most 1");
    }
    if (maxTokens != null && maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens: " + maxTokens + " is below 1");
    }
    checkTools(tools, toolChoice);
    checkResults(messages);
  }

  private static void checkTools(List<ToolDefinition> tools, ToolChoice choice) {
    Set<String> names = new HashSet<>();
    for (ToolDefinition tool : tools) {
      if (!names.add(tool.name())) {
        throw new IllegalArgumentException("tools: there are two named '" + tool.name() + "'");
      }
    }
    if (choice == ToolChoice.REQUIRED && tools.isEmpty()) {
      throw new IllegalArgumentException("toolChoice: is REQUIRED, but there are no tools");
    }
  }

  private static void checkResults(List<ChatMessage> messages) {
    Set<String> calls = new HashSet<>();
    for (int i = 0; i < messages.size(); i++) {
      ChatMessage message = messages.get(i);
      message.toolCalls().forEach(call -> calls.add(call.id()));
      String answered = message.toolCallId();
      if (answered != null && !calls.contains(answered)) {
        throw new IllegalArgumentException(
            "messages["
                + i
                + "]: is the result of the tool call '"
                + answered
                + "', which no earlier message has");
      }
    }
  }

  /**
   * Returns the tool call whose result a message is.
   *
   * @param result a message of this request, by a tool
   */
  public ToolCall callOf(ChatMessage result) {
    return messages.stream()
        .flatMap(message -> message.toolCalls().stream())
        .filter(call -> call.id().equals(result.toolCallId()))
        .findFirst()
        .orElseThrow();
  }

  /** Returns a request of one user message, with the model's defaults. */
  public static ChatRequest of(String question) {
    return builder().message(ChatMessage.user(question)).build();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder that has the values of this request. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.messages.addAll(messages);
    return builder
        .responseSchema(responseSchema)
        .stop(stop)
        .temperature(temperature)
        .topP(topP)
        .maxTokens(maxTokens)
        .seed(seed)
        .reasoningEffort(reasoningEffort)
        .tools(tools)
        .toolChoice(toolChoice)
        .parallelToolCalls(parallelToolCalls);
  }

  /** A builder of a request. Not thread-safe. */
  public static final class Builder {
    private final List<ChatMessage> messages = new ArrayList<>();
    private List<String> stop = List.of();
    private @Nullable String responseSchema;
    private @Nullable Double temperature;
    private @Nullable Double topP;
    private @Nullable Integer maxTokens;
    private @Nullable Long seed;
    private @Nullable String reasoningEffort;
    private List<ToolDefinition> tools = List.of();
    private ToolChoice toolChoice = ToolChoice.AUTO;
    private @Nullable Boolean parallelToolCalls;

    private Builder() {}

    public Builder message(ChatMessage message) {
      messages.add(Objects.requireNonNull(message, "message"));
      return this;
    }

    /** Replaces all messages. */
    public Builder messages(List<ChatMessage> all) {
      messages.clear();
      messages.addAll(all);
      return this;
    }

    public Builder responseSchema(@Nullable String schema) {
      responseSchema = schema;
      return this;
    }

    public Builder stop(List<String> texts) {
      stop = texts;
      return this;
    }

    public Builder temperature(@Nullable Double value) {
      temperature = value;
      return this;
    }

    public Builder topP(@Nullable Double value) {
      topP = value;
      return this;
    }

    public Builder maxTokens(@Nullable Integer value) {
      maxTokens = value;
      return this;
    }

    public Builder seed(@Nullable Long value) {
      seed = value;
      return this;
    }

    public Builder reasoningEffort(@Nullable String value) {
      reasoningEffort = value;
      return this;
    }

    public Builder tools(List<ToolDefinition> definitions) {
      tools = definitions;
      return this;
    }

    public Builder toolChoice(ToolChoice choice) {
      toolChoice = choice;
      return this;
    }

    public Builder parallelToolCalls(@Nullable Boolean allowed) {
      parallelToolCalls = allowed;
      return this;
    }

    public ChatRequest build() {
      return new ChatRequest(
          messages,
          responseSchema,
          stop,
          temperature,
          topP,
          maxTokens,
          seed,
          reasoningEffort,
          tools,
          toolChoice,
          parallelToolCalls);
    }
  }
}
