package dev.terrarium.spi;

import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import java.util.Optional;

/** The models and other resources that all frameworks of a Terrarium share. Thread-safe. */
public interface SharedResources {

  /**
   * Returns the language model of a name or spec, which is loaded now if it was not; empty means
   * the default model.
   *
   * <p>A model that a provider opened stays usable while the Terrarium is open, even when the
   * {@link #modelCache} evicts it meanwhile: each chat holds the model, or opens it again. The
   * caller must not close the model.
   *
   * @throws dev.terrarium.error.ModelException when there is no such model, or it cannot be loaded
   */
  LanguageModel languageModel(Optional<String> spec);

  /**
   * Returns the tokenizer of the language model of a name or spec; empty means the default model.
   * The model is not loaded for its tokenizer.
   *
   * <p>The tokenizer stays usable while the Terrarium is open. The caller must not close it.
   *
   * @throws dev.terrarium.error.ModelException when there is no such model, or the model offers no
   *     tokenizer; a fault of a file is reported when the tokenizer is used
   */
  Tokenizer tokenizer(Optional<String> spec);

  /** Returns the loaded models, for adapters that load models of other kinds. */
  ModelCache modelCache();

  /** Returns the pool of all other resources, such as connections. */
  ResourcePool pool();
}
