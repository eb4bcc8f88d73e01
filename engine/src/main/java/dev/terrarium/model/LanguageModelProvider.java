package dev.terrarium.model;

import dev.terrarium.error.ModelException;
import org.jspecify.annotations.Nullable;

/** Opens language models of one kind. Found by {@link java.util.ServiceLoader}. Thread-safe. */
public interface LanguageModelProvider {

  /** What it is called, such as {@code llamacpp}. */
  String name();

  /** Whether {@link #open} can make sense of this, such as a file's path. */
  boolean supports(String spec);

  /**
   * Loads a model.
   *
   * @param spec which one; none means the provider's default
   * @throws ModelException when there is no such model, or it cannot be loaded
   */
  LanguageModel open(@Nullable String spec);
}
