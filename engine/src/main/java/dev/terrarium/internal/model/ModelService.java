package dev.terrarium.internal.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Callback;
import dev.terrarium.error.ConversionException;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The host functions by which Python code calls language models. The service itself is {@code
 * model.generate(request) -> response}, both dicts. The request has {@code model, messages [{role,
 * content}], temperature, max_tokens, stop, seed, schema, cache, rollout}; the response {@code
 * text, finish_reason, prompt_tokens, completion_tokens, model, seconds}. Thread-safe.
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
   * {@code next()} waits for the next piece of the answer, a text, and returns the response after
   * the last piece; {@code close()} stops the model. The model stops by itself when the call ends
   * in which it was asked, and waits when it is {@value ModelStream#CAPACITY} pieces ahead.
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
      case ModelStream.Piece(String text) -> text;
      case ModelStream.Whole(ChatResponse response) -> plain(model, response);
    };
  }

  private static Map<String, Object> plain(LanguageModel model, ChatResponse response) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("text", response.text());
    answer.put("finish_reason", response.finishReason().name().toLowerCase(Locale.ROOT));
    answer.put("prompt_tokens", response.usage().promptTokens());
    answer.put("completion_tokens", response.usage().completionTokens());
    answer.put("model", model.name());
    answer.put("seconds", response.time().toNanos() / NANOS_PER_SECOND);
    return answer;
  }

  private static ChatRequest read(Map<?, ?> request) {
    ChatRequest.Builder builder =
        ChatRequest.builder()
            .temperature((Double) value(request, "temperature", Double.class))
            .maxTokens((Integer) value(request, "max_tokens", Integer.class))
            .seed((Long) value(request, "seed", Long.class))
            .responseSchema(schema(request.get("schema")));
    List<?> messages = list(request, "messages");
    for (int i = 0; i < messages.size(); i++) {
      builder.message(message(messages.get(i), "request.messages[" + i + "]"));
    }
    List<String> stop = new ArrayList<>();
    for (Object text : list(request, "stop")) {
      stop.add(TypedReader.read(text, String.class, "request.stop[" + stop.size() + "]"));
    }
    try {
      return builder.stop(stop).build();
    } catch (IllegalArgumentException e) {
      throw new ConversionException("request", String.valueOf(e.getMessage()), e);
    }
  }

  private static ChatMessage message(@Nullable Object message, String path) {
    if (!(message instanceof Map<?, ?> map)
        || !(map.get("role") instanceof String role)
        || !(map.get("content") instanceof String content)) {
      throw new ConversionException(path, "expected a dict of the texts 'role' and 'content'");
    }
    Object typed =
        TypedReader.read(role.toUpperCase(Locale.ROOT), ChatMessage.Role.class, path + ".role");
    return new ChatMessage((ChatMessage.Role) typed, content);
  }

  private static @Nullable String schema(@Nullable Object schema) {
    try {
      return schema == null ? null : JSON.writeValueAsString(schema);
    } catch (JsonProcessingException e) {
      throw new ConversionException("request.schema", "is not JSON: " + e.getMessage(), e);
    }
  }

  private static List<?> list(Map<?, ?> request, String key) {
    Object given = request.get(key);
    return given == null ? List.of() : TypedReader.read(given, List.class, "request." + key);
  }

  private static @Nullable Object value(Map<?, ?> request, String key, Type type) {
    return TypedReader.read(request.get(key), type, "request." + key);
  }
}
