package dev.terrarium.internal.value;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import dev.terrarium.MessageFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plain data as one JSON message; see {@link MessageFormat}. Not thread-safe. */
final class JsonWriter {

  /** The depth of values is bounded by {@link ValuePath}; one by {@code $map} has three levels. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamWriteConstraints(
              StreamWriteConstraints.builder().maxNestingDepth(Integer.MAX_VALUE).build())
          .build();

  private final ValuePath steps;

  JsonWriter(ValuePath steps) {
    this.steps = steps;
  }

  byte[] write(@Nullable Object plain) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      value(json, plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // there is no stream that could fail
    }
    return bytes.toByteArray();
  }

  private void value(JsonGenerator json, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case String text -> json.writeString(steps.checked(text));
      case Boolean flag -> json.writeBoolean(flag);
      case Long number -> json.writeNumber(number);
      case Double number when Double.isFinite(number) -> json.writeNumber(number);
      case List<?> list -> list(json, list);
      case Map<?, ?> map -> map(json, map);
      case byte[] bytes -> binary(json, JsonTags.BYTES, bytes);
      default -> tagged(json, value);
    }
  }

  private void tagged(JsonGenerator json, Object value) throws IOException {
    NumberArray numbers = NumberArray.of(value);
    if (numbers != null) {
      binary(json, numbers.tag(), numbers.toBytes(value));
      return;
    }
    Scalar scalar = Scalar.of(value);
    String tag = scalar == null ? null : scalar.tag();
    if (tag == null) {
      throw steps.noPlainData(value);
    }
    json.writeStartObject();
    json.writeStringField(tag, steps.tagText(value));
    json.writeEndObject();
  }

  private static void binary(JsonGenerator json, String tag, byte[] bytes) throws IOException {
    json.writeStartObject();
    json.writeBinaryField(tag, bytes);
    json.writeEndObject();
  }

  private void list(JsonGenerator json, List<?> list) throws IOException {
    json.writeStartArray();
    steps.enter();
    int index = 0;
    for (Object item : list) {
      steps.at(index++);
      value(json, item);
    }
    steps.leave();
    json.writeEndArray();
  }

  private void map(JsonGenerator json, Map<?, ?> map) throws IOException {
    if (!map.keySet().stream()
        .allMatch(key -> key instanceof String name && !JsonTags.isTag(name))) {
      pairs(json, map);
      return;
    }
    json.writeStartObject();
    steps.enter();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      String key = String.valueOf(entry.getKey());
      steps.at(key);
      json.writeFieldName(steps.checked(key));
      value(json, entry.getValue());
    }
    steps.leave();
    json.writeEndObject();
  }

  private void pairs(JsonGenerator json, Map<?, ?> map) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart(JsonTags.MAP);
    steps.enter();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      Object key = entry.getKey();
      steps.at(String.valueOf(key));
      json.writeStartArray();
      value(json, steps.checkedKey(key));
      value(json, entry.getValue());
      json.writeEndArray();
    }
    steps.leave();
    json.writeEndArray();
    json.writeEndObject();
  }
}
