package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * What CPython's libraries computed; python-modules/transformers/src/test/models/make.py wrote it.
 */
final class Expected {

  static final Path MODELS = Path.of("src/test/resources/models").toAbsolutePath();

  private static final JsonNode ALL = ModelFiles.optional(MODELS.resolveSibling("expected.json"));

  private Expected() {}

  /** Returns the recorded entries of a model. */
  static List<JsonNode> of(String model) {
    List<JsonNode> entries = StreamSupport.stream(ALL.path(model).spliterator(), false).toList();
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("nothing is recorded of " + model);
    }
    return entries;
  }

  static List<String> texts(String model) {
    return of(model).stream().map(entry -> entry.path("text").asText()).toList();
  }

  static float[] floats(JsonNode list) {
    float[] floats = new float[list.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) list.get(i).asDouble();
    }
    return floats;
  }

  static List<Long> longs(JsonNode list) {
    List<Long> longs = new ArrayList<>();
    list.forEach(each -> longs.add(each.asLong()));
    return longs;
  }

  static double cosine(float[] one, float[] other) {
    double product = 0;
    double squares = 0;
    double others = 0;
    for (int i = 0; i < one.length; i++) {
      product += (double) one[i] * other[i];
      squares += (double) one[i] * one[i];
      others += (double) other[i] * other[i];
    }
    return product / Math.sqrt(squares * others);
  }
}
