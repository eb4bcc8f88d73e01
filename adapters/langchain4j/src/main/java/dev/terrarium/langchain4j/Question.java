package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.terrarium.error.ModelException;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Role;
import dev.terrarium.model.ChatRequest.ToolChoice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request as LangChain4j takes it. Immutable.
 *
 * @param options what the client must know when it is made
 * @param toolCalls reads the tool calls of the answer
 * @param schema the schema to which the answer must conform; null for a free answer
 * @param instructed whether the model knows the schema by instructions alone, since the service
 *     does not hold the answer to it
 */
record Question(
    ChatRequest request,
    Backend.Options options,
    ToolCalls toolCalls,
    @Nullable AnswerSchema schema,
    boolean instructed) {

  private static final String SCHEMA_NAME = "answer";

  /**
   * Translates a request.
   *
   * @param nativeSchemas whether the service may be asked to hold an answer to a schema
   * @throws ModelException naming the part of the request that the provider does not take
   */
  static Question of(
      String name,
      dev.terrarium.model.ChatRequest request,
      Backend backend,
      boolean nativeSchemas) {
    String schemaText = request.responseSchema();
    AnswerSchema schema = schemaText == null ? null : AnswerSchema.parse(schemaText);
    Capabilities takes = backend.capabilities();
    boolean held = schema != null && nativeSchemas && canHold(takes.schemas(), schema);
    boolean instructed = schema != null && !held;

    Integer seed = seed(name, request.seed(), takes.seed());
    check("reasoningEffort", request.reasoningEffort(), takes.reasoningEffort(), name);
    check("parallelToolCalls", request.parallelToolCalls(), takes.parallelToolCalls(), name);
    DefaultChatRequestParameters.Builder<?> parameters =
        backend.parameters(takes.seed() == Way.BY_REQUEST ? seed : null, request);
    parameters.temperature(request.temperature());
    parameters.topP(request.topP());
    addTools(parameters, request, backend);
    if (!request.stop().isEmpty()) {
      parameters.stopSequences(request.stop());
    }
    if (schema != null && held) {
      parameters.responseFormat(
          ResponseFormat.builder()
              .type(ResponseFormatType.JSON)
              .jsonSchema(
                  JsonSchema.builder()
                      .name(SCHEMA_NAME)
                      .rootElement(JsonRawSchema.from(schema.text()))
                      .build())
              .build());
    }
    List<ChatMessage> messages =
        schema != null && instructed
            ? withInstructions(request.messages(), schema.instructions())
            : request.messages();
    return new Question(
        ChatRequest.builder()
            .messages(Messages.translated(messages, request, name, backend))
            .parameters(parameters.build())
            .build(),
        new Backend.Options(
            byClient(takes.seed(), seed),
            held && schema != null && schema.isClosed(),
            byClient(takes.reasoningEffort(), request.reasoningEffort()),
            byClient(takes.parallelToolCalls(), request.parallelToolCalls())),
        ToolCalls.after(request),
        schema,
        instructed);
  }

  private static <T> @Nullable T byClient(Way way, @Nullable T value) {
    return way == Way.BY_CLIENT ? value : null;
  }

  private static void check(String part, @Nullable Object value, Way way, String name) {
    if (value != null && way == Way.NEVER) {
      throw Failures.refused(part + ": the language model " + name + " takes none");
    }
  }

  /** Adds the tools, unless the model must not call one; some providers cannot say so. */
  private static void addTools(
      DefaultChatRequestParameters.Builder<?> parameters,
      dev.terrarium.model.ChatRequest request,
      Backend backend) {
    if (request.tools().isEmpty() || request.toolChoice() == ToolChoice.NONE) {
      return;
    }
    parameters.toolSpecifications(
        ToolCalls.specifications(request.tools(), backend.takesAnyParameters()));
    if (request.toolChoice() == ToolChoice.REQUIRED) {
      parameters.toolChoice(dev.langchain4j.model.chat.request.ToolChoice.REQUIRED);
    } else if (request.parallelToolCalls() != null) {
      parameters.toolChoice(dev.langchain4j.model.chat.request.ToolChoice.AUTO); // carries it
    }
  }

  private static boolean canHold(Schemas takes, AnswerSchema schema) {
    return switch (takes) {
      case ALL -> true;
      case OF_OBJECTS -> schema.isOfAnObject();
      case CLOSED -> schema.isClosed();
      case NONE -> false;
    };
  }

  private static @Nullable Integer seed(String name, @Nullable Long seed, Way way) {
    if (seed == null) {
      return null;
    }
    check("seed", seed, way, name);
    if (seed != seed.intValue()) {
      throw Failures.refused(
          "seed: " + seed + " has more than the 32 bits that " + name + " takes");
    }
    return seed.intValue();
  }

  /** Adds instructions to the first message, since many models allow no second system message. */
  private static List<ChatMessage> withInstructions(
      List<ChatMessage> messages, String instructions) {
    List<ChatMessage> all = new ArrayList<>(messages);
    ChatMessage first = messages.getFirst();
    if (first.role() == Role.SYSTEM && !first.content().isBlank()) {
      all.set(0, ChatMessage.system(first.content() + "\n\n" + instructions));
    } else {
      all.addFirst(ChatMessage.system(instructions));
    }
    return all;
  }
}
