package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What CPython's libraries computed; python-modules/transformers/src/test/models has the scripts.
 */
final class Expected {

  static final Path MODELS = Path.of("src/test/resources/models").toAbsolutePath();

  private static final List<JsonNode> ALL =
      Stream.of("expected.json", "expected-spans.json", "expected-answers.json")
          .map(file -> ModelFolder.of(MODELS.resolveSibling(".").normalize()).json(file))
          .toList();

  private Expected() {}

  /** Returns the recorded entries of a model. */
  static List<JsonNode> of(String model) {
    List<JsonNode> entries =
        ALL.stream()
            .flatMap(file -> StreamSupport.stream(file.path(model).spliterator(), false))
            .toList();
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("nothing is recorded of " + model);
    }
    return entries;
  }

  static List<String> texts(String model) {
    return of(model).stream().map(entry -> entry.path("text").asText()).toList();
  }

  /** Opens a model of the tests. */
  static LoadedModels.Handle open(String model) {
    return LoadedModels.open(MODELS.resolve(model).toString(), Batching.ofDefaults());
  }

  /** Copies the folder of a model, so that a test can change its files. */
  static Path copy(String model, Path target) throws IOException {
    Path source = MODELS.resolve(model);
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, target.resolve(source.relativize(file).toString()));
      }
    }
    return target;
  }

  static List<String> strings(JsonNode list) {
    List<String> strings = new ArrayList<>();
    list.forEach(each -> strings.add(each.asText()));
    return strings;
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
