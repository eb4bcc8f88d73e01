package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.LanguageModelProvider;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Opens GGUF files, and by default the model that an artifact on the class path carries.
 * Thread-safe.
 */
public final class LlamaCpp implements LanguageModelProvider {

  private static final String SUFFIX = ".gguf";

  private final LlamaCppOptions options;

  /** With default options; for {@link java.util.ServiceLoader}. */
  public LlamaCpp() {
    this(LlamaCppOptions.ofDefaults());
  }

  public LlamaCpp(LlamaCppOptions options) {
    this.options = Objects.requireNonNull(options, "options");
  }

  @Override
  public String name() {
    return "llamacpp";
  }

  /** Whether it ends in {@code .gguf} or is an existing file. */
  @Override
  public boolean supports(String spec) {
    return spec.endsWith(SUFFIX) || isFile(spec);
  }

  private static boolean isFile(String spec) {
    try {
      return !spec.isBlank() && Files.exists(Path.of(spec));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /**
   * @param spec a GGUF file's path; none means the model on the class path
   * @throws ModelException when there is no such model, or it cannot be loaded here
   */
  @Override
  public LlamaCppModel open(@Nullable String spec) {
    if (spec != null) {
      return LlamaCppModel.load(path(spec), options);
    }
    ClassLoader loader = LlamaCpp.class.getClassLoader();
    DefaultModel model = DefaultModel.find(loader);
    return LlamaCppModel.load(model.name(), model.unpacked(loader), options);
  }

  private static Path path(String spec) {
    try {
      return Path.of(spec);
    } catch (InvalidPathException e) {
      throw new ModelException("'" + spec + "' is no path of a file: " + e.getReason() + ".", e);
    }
  }
}
