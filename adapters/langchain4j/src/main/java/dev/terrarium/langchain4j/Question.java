package dev.terrarium.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.langchain4j.Backend.Seeding;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request as LangChain4j takes it. Immutable.
 *
 * @param options what the client must know when it is made
 * @param schema the schema to which the answer must conform; null for a free answer
 * @param instructed whether the model knows the schema by instructions alone, since the service
 *     does not hold the answer to it
 */
record Question(
    ChatRequest request,
    Backend.Options options,
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
    boolean held = schema != null && nativeSchemas && canHold(backend, schema);
    boolean instructed = schema != null && !held;

    Integer seed = seed(name, request.seed(), backend);
    boolean byClient = backend.seeding() == Seeding.BY_CLIENT;
    DefaultChatRequestParameters.Builder<?> parameters =
        backend.parameters(byClient ? null : seed, request.maxTokens());
    parameters.temperature(request.temperature());
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
        ChatRequest.builder().messages(translated(messages)).parameters(parameters.build()).build(),
        new Backend.Options(byClient ? seed : null, held && schema != null && schema.isClosed()),
        schema,
        instructed);
  }

  private static boolean canHold(Backend backend, AnswerSchema schema) {
    return switch (backend.schemas()) {
      case ALL -> true;
      case OF_OBJECTS -> schema.isOfAnObject();
      case CLOSED -> schema.isClosed();
      case NONE -> false;
    };
  }

  private static @Nullable Integer seed(String name, @Nullable Long seed, Backend backend) {
    if (seed == null) {
      return null;
    }
    if (backend.seeding() == Seeding.NEVER) {
      throw refused("seed: the language model " + name + " takes none");
    }
    if (seed != seed.intValue()) {
      throw refused("seed: " + seed + " has more than the 32 bits that " + name + " takes");
    }
    return seed.intValue();
  }

  private static ModelException refused(String message) {
    return new ModelException(Kind.INVALID_REQUEST, message, null);
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

  private static List<dev.langchain4j.data.message.ChatMessage> translated(
      List<ChatMessage> messages) {
    List<dev.langchain4j.data.message.ChatMessage> translated = new ArrayList<>();
    for (ChatMessage message : messages) {
      String content = message.content();
      translated.add(
          switch (message.role()) {
            case SYSTEM -> {
              if (content.isBlank()) {
                throw refused(
                    "messages["
                        + translated.size()
                        + "]: a system message must not be blank; leave it out");
              }
              yield SystemMessage.from(content);
            }
            case USER -> UserMessage.from(content);
            case ASSISTANT -> AiMessage.from(content);
          });
    }
    return translated;
  }
}
