package dev.terrarium.internal.model;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Callback;
import dev.terrarium.error.ConversionException;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Role;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.lang.reflect.Type;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The host functions by which Python code calls language models. The service itself is {@code
 * model.generate(request) -> response}, both dicts, whose keys the Python module {@code
 * terrarium.bridge.host} lists. Thread-safe.
 */
public final class ModelService implements HostFunction {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double NANOS_PER_SECOND = 1e9;

  private final LanguageModels models;

  public ModelService(LanguageModels models) {
    this.models = models;
  }

  @Override
  public Object call(List<@Nullable Object> arguments) {
    Map<?, ?> request = request("model.generate", arguments);
    LanguageModel model = model(request);
    ChatRequest asked = read(request);
    return plain(model, AnswerUse.of(request).call(() -> models.chat(model, asked)));
  }

  /**
   * Returns the function {@code model.stream(request)}, whose result is a dict of two functions:
   * {@code next()} waits for the next piece of the answer, a text or a dict with {@code reasoning}
   * or {@code tool_call}, and returns the response after the last piece; {@code close()} stops the
   * model. The model stops by itself when the call ends in which it was asked, and waits when it is
   * {@value ModelStream#CAPACITY} pieces ahead.
   */
  public HostFunction streaming() {
    return arguments -> {
      Map<?, ?> request = request("model.stream", arguments);
      LanguageModel model = model(request);
      ChatRequest asked = read(request);
      AnswerUse use = AnswerUse.of(request);
      ModelStream stream =
          ModelStream.start(sink -> use.call(() -> models.stream(model, asked, sink)));
      return Map.of(
          "next",
          Callback.of(() -> plain(model, stream.next())),
          "close",
          Callback.of(
              () -> {
                stream.close();
                return null;
              }));
    };
  }

  private static Map<?, ?> request(String service, List<@Nullable Object> arguments) {
    if (arguments.size() == 1 && arguments.getFirst() instanceof Map<?, ?> request) {
      return request;
    }
    throw new ConversionException(service, "expected one dict, the request");
  }

  private LanguageModel model(Map<?, ?> request) {
    return models.get((String) value(request, "model", String.class));
  }

  private static Object plain(LanguageModel model, ModelStream.Next next) {
    return switch (next) {
      case ModelStream.Piece(ChatResponse.Chunk chunk) -> plain(chunk);
      case ModelStream.Whole(ChatResponse response) -> plain(model, response);
    };
  }

  private static Object plain(ChatResponse.Chunk chunk) {
    ChatResponse.ToolCallPiece piece = chunk.toolCall();
    if (piece != null) {
      Map<String, Object> call = plain(piece.call());
      call.put("index", piece.index());
      return Map.of("tool_call", call);
    }
    return chunk.reasoning().isEmpty() ? chunk.text() : Map.of("reasoning", chunk.reasoning());
  }

  private static Map<String, Object> plain(ToolCall call) {
    Map<String, Object> plain = new LinkedHashMap<>();
    plain.put("id", call.id());
    plain.put("name", call.name());
    plain.put("arguments", call.arguments());
    return plain;
  }

  private static Map<String, Object> plain(LanguageModel model, ChatResponse response) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("text", response.text());
    if (!response.toolCalls().isEmpty()) {
      answer.put("tool_calls", response.toolCalls().stream().map(ModelService::plain).toList());
    }
    if (response.reasoning() != null) {
      answer.put("reasoning", response.reasoning());
    }
    answer.put("finish_reason", response.finishReason().name().toLowerCase(Locale.ROOT));
    answer.put("prompt_tokens", response.usage().promptTokens());
    answer.put("completion_tokens", response.usage().completionTokens());
    if (response.usage().cachedTokens() > 0) {
      answer.put("cached_tokens", response.usage().cachedTokens());
    }
    if (response.usage().reasoningTokens() > 0) {
      answer.put("reasoning_tokens", response.usage().reasoningTokens());
    }
    answer.put("model", model.name());
    answer.put("seconds", response.time().toNanos() / NANOS_PER_SECOND);
    return answer;
  }

  private static ChatRequest read(Map<?, ?> request) {
    Object choice = request.get("tool_choice");
    ChatRequest.Builder builder =
        ChatRequest.builder()
            .temperature((Double) value(request, "temperature", Double.class))
            .topP((Double) value(request, "top_p", Double.class))
            .maxTokens((Integer) value(request, "max_tokens", Integer.class))
            .seed((Long) value(request, "seed", Long.class))
            .reasoningEffort((String) value(request, "reasoning_effort", String.class))
            .parallelToolCalls((Boolean) value(request, "parallel_tool_calls", Boolean.class))
            .toolChoice(
                choice == null
                    ? ToolChoice.AUTO
                    : constant(choice, ToolChoice.class, "request.tool_choice"))
            .responseSchema(json(request.get("schema"), "request.schema"));
    try {
      return builder
          .messages(each(request, "messages", "request", ModelService::message))
          .tools(each(request, "tools", "request", ModelService::tool))
          .stop(each(request, "stop", "request", ModelService::text))
          .build();
    } catch (IllegalArgumentException e) {
      throw new ConversionException("request", String.valueOf(e.getMessage()), e);
    }
  }

  private static ChatMessage message(@Nullable Object message, String path) {
    if (!(message instanceof Map<?, ?> map)
        || !(map.get("role") instanceof String)
        || !(map.get("content") instanceof String content)) {
      throw new ConversionException(path, "expected a dict of the texts 'role' and 'content'");
    }
    Role role = constant(map.get("role"), Role.class, path + ".role");
    try {
      return new ChatMessage(
          role,
          content,
          each(map, "media", path, ModelService::medium),
          each(map, "tool_calls", path, ModelService::toolCall),
          optionalText(map, "tool_call_id", path));
    } catch (IllegalArgumentException e) {
      throw new ConversionException(path, String.valueOf(e.getMessage()), e);
    }
  }

  private static ChatMessage.Media medium(@Nullable Object medium, String path) {
    Map<?, ?> map = dict(medium, path);
    String url = optionalText(map, "url", path);
    return new ChatMessage.Media(
        text(map.get("mime_type"), path + ".mime_type"),
        optionalText(map, "data", path),
        url == null ? null : URI.create(url));
  }

  private static ToolCall toolCall(@Nullable Object call, String path) {
    Map<?, ?> map = dict(call, path);
    return new ToolCall(
        text(map.get("id"), path + ".id"),
        text(map.get("name"), path + ".name"),
        text(map.get("arguments"), path + ".arguments"));
  }

  private static ToolDefinition tool(@Nullable Object tool, String path) {
    Map<?, ?> map = dict(tool, path);
    Object parameters = map.get("parameters");
    if (!(parameters instanceof Map<?, ?>)) {
      throw new ConversionException(path + ".parameters", "expected a dict, a JSON schema");
    }
    return new ToolDefinition(
        text(map.get("name"), path + ".name"),
        text(map.get("description"), path + ".description"),
        requireNonNull(json(parameters, path + ".parameters")));
  }

  private static Map<?, ?> dict(@Nullable Object given, String path) {
    return given instanceof Map<?, ?> map ? map : TypedReader.read(given, Map.class, path);
  }

  private static @Nullable String optionalText(Map<?, ?> map, String key, String path) {
    Object given = map.get(key);
    return given == null ? null : text(given, path + "." + key);
  }

  private static String text(@Nullable Object given, String path) {
    if (given == null) {
      throw new ConversionException(path, "expected a text, got None");
    }
    return TypedReader.read(given, String.class, path);
  }

  private static <E extends Enum<E>> E constant(@Nullable Object name, Class<E> type, String path) {
    return TypedReader.read(text(name, path).toUpperCase(Locale.ROOT), type, path);
  }

  private static @Nullable String json(@Nullable Object schema, String path) {
    try {
      return schema == null ? null : JSON.writeValueAsString(schema);
    } catch (JsonProcessingException e) {
      throw new ConversionException(path, "is not JSON: " + e.getMessage(), e);
    }
  }

  private static <T> List<T> each(
      Map<?, ?> map, String key, String path, BiFunction<@Nullable Object, String, T> reader) {
    Object given = map.get(key);
    if (given == null) {
      return List.of();
    }
    List<?> list = TypedReader.read(given, List.class, path + "." + key);
    List<T> all = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      all.add(reader.apply(list.get(i), path + "." + key + "[" + i + "]"));
    }
    return all;
  }

  private static @Nullable Object value(Map<?, ?> request, String key, Type type) {
    return TypedReader.read(request.get(key), type, "request." + key);
  }
}
