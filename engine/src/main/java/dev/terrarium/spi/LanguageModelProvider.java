package dev.terrarium.spi;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Opens language models of one kind. Found by {@link java.util.ServiceLoader}. Thread-safe. */
public interface LanguageModelProvider {

  /** What it is called, such as {@code llamacpp}. */
  String name();

  /** Whether {@link #open} can make sense of this, such as a file's path. */
  boolean supports(String spec);

  /**
   * The one spec among all of the same model, such as a file's absolute path: what has the same one
   * is loaded once. By default each spec is one of its own.
   *
   * @param spec which one, none for the provider's default; what makes no sense is given back
   * @return what is opened; none, too, for the default
   */
  default @Nullable String canonical(@Nullable String spec) {
    return spec;
  }

  /**
   * Opens the tokenizer of a model, without its weights; the caller's to close.
   *
   * @param spec which model; none means the provider's default
   * @return empty, as by default, when the provider offers none
   * @throws ModelException as {@link #open}
   */
  default Optional<Tokenizer> tokenizer(@Nullable String spec) {
    return Optional.empty();
  }

  /**
   * Loads a model.
   *
   * @param spec which one; none means the provider's default
   * @throws ModelException when there is no such model, or it cannot be loaded
   */
  LanguageModel open(@Nullable String spec);
}
