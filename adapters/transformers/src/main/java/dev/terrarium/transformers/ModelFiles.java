package dev.terrarium.transformers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * The files of one model, as a repository of Hugging Face has them. Immutable.
 *
 * @param name the model's name
 * @param onnx the model in ONNX's format
 * @param tokenizer {@code tokenizer.json}
 * @param config {@code config.json}
 * @param tokenizerConfig {@code tokenizer_config.json}; missing when there is none
 * @param sentences how the vector of a sentence is made
 */
record ModelFiles(
    String name,
    ModelFile onnx,
    ModelFile tokenizer,
    JsonNode config,
    JsonNode tokenizerConfig,
    SentenceConfig sentences) {

  /** The model that is there without a folder, when its artifact is on the class path. */
  private static final Set<String> DEFAULT_NAMES =
      Set.of(MiniLm.NAME, "sentence-transformers/" + MiniLm.NAME, "Xenova/" + MiniLm.NAME);

  private static final List<String> ONNX_FILES = List.of("model.onnx", "onnx/model.onnx");
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** The values of {@code model_max_length} from here on stand for no limit. */
  private static final long NO_LIMIT = 1_000_000_000;

  /**
   * Finds the files of a model.
   *
   * @param spec a folder, an ONNX file in such a folder or in its folder {@code onnx}, a folder on
   *     the class path as {@code classpath:models/reviews}, or the name of the model that an
   *     artifact on the class path carries
   * @throws ModelException when there is no such model, or one of its files is missing or
   *     unreadable
   */
  static ModelFiles find(String spec) {
    if (DEFAULT_NAMES.contains(spec)) {
      return MiniLm.files();
    }
    if (spec.startsWith(ModelFolder.CLASS_PATH)) {
      return ofFolder(ModelFolder.onClassPath(spec));
    }
    Path path;
    try {
      path = Path.of(spec).toRealPath();
    } catch (IOException | InvalidPathException e) {
      throw new ModelException(
          Kind.UNKNOWN_MODEL,
          "There is no model '"
              + spec
              + "': name a folder with model.onnx, tokenizer.json and config.json, or "
              + MiniLm.NAME
              + ".",
          e);
    }
    return Files.isDirectory(path) ? ofFolder(ModelFolder.of(path)) : ofFile(path);
  }

  private static ModelFiles ofFile(Path onnx) {
    Path folder = onnx.getParent();
    if (folder == null || !onnx.toString().endsWith(".onnx")) {
      throw new ModelException(
          Kind.UNKNOWN_MODEL,
          "The model " + onnx + " is no ONNX file: its name has to end in .onnx.",
          null);
    }
    Path above = folder.getParent();
    boolean inside = folder.endsWith("onnx") && above != null;
    return ofFolder(ModelFolder.of(inside && above != null ? above : folder), ModelFile.of(onnx));
  }

  private static ModelFiles ofFolder(ModelFolder folder) {
    return ofFolder(
        folder,
        ONNX_FILES.stream()
            .flatMap(file -> folder.file(file).stream())
            .findFirst()
            .orElseThrow(() -> missing(folder, "model.onnx, nor onnx/model.onnx")));
  }

  private static ModelFiles ofFolder(ModelFolder folder, ModelFile onnx) {
    ModelFile tokenizer =
        folder.file("tokenizer.json").orElseThrow(() -> missing(folder, "tokenizer.json"));
    JsonNode config = folder.json("config.json");
    if (config.isMissingNode()) {
      throw missing(folder, "config.json");
    }
    return new ModelFiles(
        folder.name(),
        onnx,
        tokenizer,
        config,
        folder.json("tokenizer_config.json"),
        SentenceConfig.of(folder));
  }

  /**
   * Returns the exception for a model that cannot do what is asked of it.
   *
   * @param reason what is said of the model, as in "gives no labels to texts."
   */
  ModelException unfit(String reason) {
    return new ModelException(Kind.INVALID_REQUEST, "The model " + name + " " + reason, null);
  }

  private static ModelException missing(ModelFolder folder, String file) {
    return new ModelException(
        Kind.UNKNOWN_MODEL, "The model's folder " + folder + " has no " + file + ".", null);
  }

  /** Parses a JSON object or list. */
  static JsonNode json(ModelFile file, byte[] content) {
    try {
      JsonNode node = MAPPER.readTree(content);
      if (node.isObject() || node.isArray()) {
        return node;
      }
      throw new ModelException("The file " + file + " has neither a JSON object nor a list.");
    } catch (JsonProcessingException e) {
      throw new ModelException(
          "The file " + file + " is no JSON: " + e.getOriginalMessage() + ".", e);
    } catch (IOException e) {
      throw new ModelException("The file " + file + " cannot be read: " + e, e);
    }
  }

  /** Parses a JSON object of the program's own. */
  static JsonNode json(String content) {
    try {
      return MAPPER.readTree(content);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Returns the number of tokens that the model reads: what the tokenizer's configuration says, and
   * at most what the model has positions for. {@code Integer.MAX_VALUE} when neither says it.
   */
  int window() {
    long window = Integer.MAX_VALUE;
    JsonNode most = tokenizerConfig.path("model_max_length");
    if (most.isNumber() && most.asDouble() < NO_LIMIT && most.asLong() > 0) {
      window = most.asLong();
    }
    JsonNode positions = config.path("max_position_embeddings");
    if (positions.isIntegralNumber() && positions.asLong() > 0) {
      // RoBERTa and its kin count positions from behind the padding token.
      boolean offset = Set.of("roberta", "xlm-roberta", "camembert").contains(modelType());
      long usable = positions.asLong() - (offset ? config.path("pad_token_id").asLong(1) + 1 : 0);
      window = Math.min(window, usable);
    }
    return (int) Math.max(1, window);
  }

  String modelType() {
    return config.path("model_type").asText("");
  }

  /** Returns whether the beginning of a text that is too long is cut off, and not its end. */
  boolean truncatesLeft() {
    return tokenizerConfig.path("truncation_side").asText("right").equals("left");
  }

  /** Returns the number of tokens that the model knows; {@code Long.MAX_VALUE} when not said. */
  long vocabulary() {
    return config.path("vocab_size").asLong(Long.MAX_VALUE);
  }

  /** Returns the number of the padding token. */
  long padding() {
    return config.path("pad_token_id").asLong(0);
  }

  /** Returns the size of the model with the files that hold its weights, in bytes. */
  long bytes() {
    Path path = onnx.path().orElse(null);
    try {
      return tokenizer.size() + (path == null ? onnx.size() : bytes(path));
    } catch (IOException e) {
      throw new ModelException("The files beside " + onnx + " cannot be read: " + e, e);
    }
  }

  /** Returns the size of a file and of those whose names begin with its name. */
  private static long bytes(Path file) throws IOException {
    String start = String.valueOf(file.getFileName());
    long sum = 0;
    try (var files = Files.list(file.resolveSibling("."))) {
      for (Path each : (Iterable<Path>) files::iterator) {
        if (String.valueOf(each.getFileName()).startsWith(start)) {
          sum += Files.size(each);
        }
      }
    }
    return sum;
  }
}
