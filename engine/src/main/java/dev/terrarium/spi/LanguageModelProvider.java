package dev.terrarium.spi;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A provider that opens language models of one kind. Providers are found by {@link
 * java.util.ServiceLoader}. Thread-safe.
 */
public interface LanguageModelProvider {

  /** Returns the provider's name, such as {@code llamacpp}. */
  String name();

  /** Returns whether {@link #open} understands a spec, such as a file's path. */
  boolean supports(String spec);

  /**
   * Returns whether the provider has a default model, which {@link #open} opens without a spec. By
   * default it has one.
   */
  default boolean hasDefault() {
    return true;
  }

  /**
   * Returns the canonical spec among all specs of the same model, such as a file's absolute path:
   * specs with the same canonical spec share one loaded model. By default each spec is canonical.
   *
   * @param spec the spec of a model, or null for the provider's default model; a spec that the
   *     provider does not understand is returned as it is
   * @return the canonical spec; null for the default model
   */
  default @Nullable String canonical(@Nullable String spec) {
    return spec;
  }

  /**
   * Returns what there is for models of each kind and what is missing, such as a dependency or a
   * key, in words and by the beginning of their specs; never a secret's value. {@code terrarium
   * doctor} prints it. Empty by default.
   */
  default Map<String, String> findings() {
    return Map.of();
  }

  /**
   * Opens the tokenizer of a model without loading its weights; the caller closes the tokenizer.
   *
   * @param spec the spec of the model, or null for the provider's default model
   * @return the tokenizer; empty, as by default, when the provider offers none
   * @throws ModelException as {@link #open}
   */
  default Optional<Tokenizer> tokenizer(@Nullable String spec) {
    return Optional.empty();
  }

  /**
   * Loads a model.
   *
   * @param spec the spec of the model, or null for the provider's default model
   * @throws ModelException when there is no such model, or when the model cannot be loaded
   */
  LanguageModel open(@Nullable String spec);
}
