package dev.terrarium.internal.model;

import dev.terrarium.error.ConversionException;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The host function by which Python code calls embedding models: {@code embedding.embed(model,
 * texts) -> list of arrays of floats}, where the model is a name, or None for the default.
 * Thread-safe.
 */
public final class EmbeddingService implements HostFunction {

  private final Map<String, EmbeddingModel> models;
  private final @Nullable String defaultModel;
  private final EmbeddingCache cache;

  /**
   * Creates the service.
   *
   * @param models the models by name
   * @param defaultModel the name of one of the models, or null without models
   */
  public EmbeddingService(
      Map<String, EmbeddingModel> models, @Nullable String defaultModel, EmbeddingCache cache) {
    this.models = models;
    this.defaultModel = defaultModel;
    this.cache = cache;
  }

  @Override
  public Object call(List<@Nullable Object> arguments) {
    if (arguments.size() != 2 || !(arguments.get(1) instanceof List<?> given)) {
      throw new ConversionException(
          "embedding.embed", "expected a model's name or None, and a list of texts");
    }
    String name = arguments.get(0) == null ? null : text(arguments.get(0), "model");
    List<String> texts = new ArrayList<>();
    for (Object text : given) {
      texts.add(text(text, "texts[" + texts.size() + "]"));
    }
    return cache.embed(model(name), texts);
  }

  private static String text(@Nullable Object value, String path) {
    return TypedReader.read(value, String.class, path);
  }

  private EmbeddingModel model(@Nullable String name) {
    String wanted = name == null ? defaultModel : name;
    EmbeddingModel model = wanted == null ? null : models.get(wanted);
    if (model == null) {
      throw new ModelException(
          (wanted == null
                  ? "There is no embedding model"
                  : "There is no embedding model '" + wanted + "'")
              + ". Known: "
              + new TreeSet<>(models.keySet())
              + "; give TerrariumConfig one by embeddingModel.");
    }
    return model;
  }
}
