package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How the library {@code sentence-transformers} makes the vector of a sentence, read from the files
 * that it keeps in a model's folder. Immutable.
 *
 * @param pooling how the vectors of tokens become one
 * @param normalize whether the vector is scaled to the length 1
 * @param mostTokens the number of tokens after which a text is cut off; {@code Integer.MAX_VALUE}
 *     when the model's window is the limit
 */
record SentenceConfig(Pooling pooling, boolean normalize, int mostTokens) {

  /** How the vectors of a text's tokens become one vector. */
  enum Pooling {
    /** The mean of all tokens' vectors. */
    MEAN,
    /** The vector of the first token. */
    CLS,
    /** The greatest number of all tokens, for each dimension. */
    MAX,
    /** The vector of the last token. */
    LAST
  }

  /** The poolings by their names in newer files. */
  private static final Map<String, Pooling> POOLINGS =
      Map.of(
          "mean", Pooling.MEAN,
          "cls", Pooling.CLS,
          "max", Pooling.MAX,
          "lasttoken", Pooling.LAST);

  /** The poolings by their switches in older files. */
  private static final Map<String, Pooling> SWITCHES =
      Map.of(
          "pooling_mode_mean_tokens", Pooling.MEAN,
          "pooling_mode_cls_token", Pooling.CLS,
          "pooling_mode_max_tokens", Pooling.MAX,
          "pooling_mode_lasttoken", Pooling.LAST);

  /**
   * Reads the configuration of a model's folder. A folder without {@code modules.json} has the mean
   * of all tokens, as {@code sentence-transformers} takes it for a model that is not its own.
   *
   * @throws ModelException when the folder asks for a step or a pooling that is not supported here
   */
  static SentenceConfig of(ModelFolder folder) {
    JsonNode own = folder.json("sentence_bert_config.json");
    int most = own.path("max_seq_length").asInt(Integer.MAX_VALUE);
    JsonNode modules = folder.json("modules.json");
    if (modules.isMissingNode()) {
      return new SentenceConfig(Pooling.MEAN, false, most);
    }
    Pooling pooling = Pooling.MEAN;
    boolean normalize = false;
    for (JsonNode module : modules) {
      String type = module.path("type").asText("");
      switch (type.substring(type.lastIndexOf('.') + 1)) {
        case "Transformer" -> {
          // the ONNX file
        }
        case "Pooling" -> pooling = pooling(folder, module.path("path").asText(""));
        case "Normalize" -> normalize = true;
        default -> throw unsupported(folder + "/modules.json", "the step '" + type + "'");
      }
    }
    return new SentenceConfig(pooling, normalize, most);
  }

  /** Returns the pooling of a step, whose configuration must lie in the model's folder. */
  private static Pooling pooling(ModelFolder folder, String path) {
    if (!ModelFolder.isInside(path)) {
      throw unsupported(
          folder + "/modules.json", "the path '" + path + "' outside of the model's folder");
    }
    String name = path.isEmpty() ? "config.json" : path + "/config.json";
    String file = folder + "/" + name;
    JsonNode config = folder.json(name);
    if (config.path("pooling_mode").isTextual()) {
      String mode = config.path("pooling_mode").asText();
      Pooling pooling = POOLINGS.get(mode);
      if (pooling == null) {
        throw unsupported(file, "the pooling '" + mode + "'");
      }
      return pooling;
    }
    List<Pooling> chosen = new ArrayList<>();
    for (Map.Entry<String, JsonNode> mode : config.properties()) {
      if (mode.getKey().startsWith("pooling_mode") && mode.getValue().asBoolean()) {
        Pooling pooling = SWITCHES.get(mode.getKey());
        if (pooling == null) {
          throw unsupported(file, mode.getKey());
        }
        chosen.add(pooling);
      }
    }
    if (chosen.size() != 1) {
      throw unsupported(file, chosen.size() + " kinds of pooling at once");
    }
    return chosen.getFirst();
  }

  private static ModelException unsupported(String file, String what) {
    return new ModelException(
        Kind.INVALID_REQUEST,
        file
            + " asks for "
            + what
            + "; supported are the steps Transformer, Pooling and Normalize, and one pooling of "
            + List.of(Pooling.values())
            + ".",
        null);
  }

  /** Returns the vector of a sentence, of the vectors of its tokens one after another. */
  float[] vector(float[] values, int width) {
    int tokens = values.length / width;
    float[] vector = new float[width];
    switch (pooling) {
      case CLS -> System.arraycopy(values, 0, vector, 0, width);
      case LAST -> System.arraycopy(values, (tokens - 1) * width, vector, 0, width);
      case MAX -> {
        System.arraycopy(values, 0, vector, 0, width);
        for (int i = width; i < values.length; i++) {
          vector[i % width] = Math.max(vector[i % width], values[i]);
        }
      }
      case MEAN -> {
        for (int token = 0; token < tokens; token++) {
          for (int i = 0; i < width; i++) {
            vector[i] += values[token * width + i];
          }
        }
        for (int i = 0; i < width; i++) {
          vector[i] /= tokens;
        }
      }
    }
    return normalize ? normalized(vector) : vector;
  }

  private static float[] normalized(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float length = (float) Math.max(Math.sqrt(squares), 1e-12);
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
    return vector;
  }
}
