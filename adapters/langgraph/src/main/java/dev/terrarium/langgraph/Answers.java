package dev.terrarium.langgraph;

import dev.terrarium.error.ConversionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.spi.TypedReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads what the bridge returns. */
final class Answers {

  private Answers() {}

  /**
   * Returns the dict of an answer.
   *
   * @throws LimitExceededException when the answer is that the limit of steps was reached
   * @throws ConversionException when the answer is that a checkpoint cannot be written or read
   */
  static Map<?, ?> read(@Nullable Object answer) {
    Map<?, ?> map = TypedReader.read(answer, Map.class, "result");
    Object failure = map.get("failure");
    if (failure == null) {
      return map;
    }
    String message = text(map, "message");
    throw failure.equals("recursion_limit")
        ? new LimitExceededException(
            message + " Raise withRecursionLimit, or have the graph end; a thread can go on.")
        : new ConversionException("checkpoint", message);
  }

  static Map<String, @Nullable Object> values(Map<?, ?> answer) {
    return plain(answer.get("values"), "values");
  }

  /** Returns a dict whose keys are texts. */
  static Map<String, @Nullable Object> plain(@Nullable Object dict, String name) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : ((Map<?, ?>) TypedReader.read(dict, Map.class, name)).entrySet()) {
      values.put(String.valueOf(entry.getKey()), entry.getValue());
    }
    return Collections.unmodifiableMap(values);
  }

  static List<Interrupt> interrupts(Map<?, ?> answer) {
    List<Interrupt> interrupts = new ArrayList<>();
    for (Object each : TypedReader.read(answer.get("interrupts"), List.class, "interrupts")) {
      Map<?, ?> interrupt = TypedReader.read(each, Map.class, "interrupts");
      interrupts.add(new Interrupt(text(interrupt, "id"), interrupt.get("value")));
    }
    return List.copyOf(interrupts);
  }

  static List<String> next(Map<?, ?> answer) {
    return List.of(TypedReader.read(answer.get("next"), String[].class, "next"));
  }

  static String text(Map<?, ?> answer, String name) {
    return TypedReader.read(answer.get(name), String.class, name);
  }

  static @Nullable String optionalText(Map<?, ?> answer, String name) {
    return answer.get(name) == null ? null : text(answer, name);
  }

  /** Reads a piece of a stream. */
  static <O> StreamPart<O> part(
      @Nullable Object piece, Function<Map<String, @Nullable Object>, O> reader) {
    Map<?, ?> map = TypedReader.read(piece, Map.class, "piece");
    Object data = map.get("data");
    return switch (optionalText(map, "mode")) {
      case "values" -> new StreamPart.Values<>(plain(data, "data"));
      case "updates" -> new StreamPart.Update<>(text(map, "node"), data);
      case "custom" -> new StreamPart.Custom<>(data);
      case "messages" -> new StreamPart.Message<>(text(map, "node"), text(map, "text"), data);
      case null, default -> new StreamPart.Ended<>(Run.read(map, reader));
    };
  }
}
