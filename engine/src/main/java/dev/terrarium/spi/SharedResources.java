package dev.terrarium.spi;

import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import java.util.Optional;

/** The models and other resources that all frameworks of a Terrarium share. Thread-safe. */
public interface SharedResources {

  /**
   * Returns the language model of that name or spec, loaded now if it was not; none means the
   * default.
   *
   * <p>One that a provider opened stays usable while this is open, also when the {@link
   * #modelCache} drops it meanwhile: each chat holds it, or opens it again. It is not the caller's
   * to close.
   *
   * @throws dev.terrarium.error.ModelException when there is none, or it cannot be loaded
   */
  LanguageModel languageModel(Optional<String> spec);

  /**
   * Returns the tokenizer of the language model of that name or spec; none means the default. The
   * model is not loaded for it.
   *
   * <p>It stays usable while this is open, and is not the caller's to close.
   *
   * @throws dev.terrarium.error.ModelException when there is no such model, or it does not tell;
   *     what is wrong with a file is told by its uses
   */
  Tokenizer tokenizer(Optional<String> spec);

  /** Returns the loaded models, for adapters that load models of other kinds. */
  ModelCache modelCache();

  /** Returns the pool of all other resources, such as connections. */
  ResourcePool pool();
}
