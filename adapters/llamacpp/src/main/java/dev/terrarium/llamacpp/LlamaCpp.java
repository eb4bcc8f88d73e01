package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.LanguageModelProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The provider of models in GGUF files and, by default, of the model that an artifact on the class
 * path carries. Thread-safe.
 */
public final class LlamaCpp implements LanguageModelProvider {

  private static final String SUFFIX = ".gguf";
  private static final ClassLoader LOADER = LlamaCpp.class.getClassLoader();

  private final LlamaCppOptions options;

  /** Creates a provider with default options, as {@link java.util.ServiceLoader} does. */
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

  /** Returns whether the spec ends in {@code .gguf} or is an existing file. */
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
   * Returns the file's path without detours, which keeps the file's own name where that is a link;
   * null for the file of the default model, however it is spelled.
   */
  @Override
  public @Nullable String canonical(@Nullable String spec) {
    if (spec == null) {
      return null;
    }
    try {
      Path file = withoutDetours(Path.of(spec));
      return isDefault(file) ? null : file.toString();
    } catch (InvalidPathException | IOException e) {
      return spec; // opening the file reports what is wrong
    }
  }

  /**
   * Probes a file, if the options ask for that and the file is not the default model's.
   *
   * @throws ModelException when the file is missing, damaged, of another kind, or ends the process
   *     that loads it
   */
  static void probe(Path file, LlamaCppOptions options) {
    List<Path> parts = GgufHeader.parts(file);
    try {
      if (options.probe() && !isDefault(withoutDetours(file))) {
        ModelProbe.ofDefaults().check(parts);
      }
    } catch (IOException e) {
      throw new ModelException("The model file " + file + " cannot be read: " + e, e);
    }
  }

  private static boolean isDefault(Path file) throws IOException {
    Path place;
    try {
      place = DefaultModel.find(LOADER).place(LOADER);
    } catch (ModelException e) {
      return false; // the class path carries no model
    }
    return Files.exists(place) && file.equals(withoutDetours(place));
  }

  private static Path withoutDetours(Path file) throws IOException {
    Path absolute = file.toAbsolutePath();
    Path folder = absolute.getParent();
    Path name = absolute.getFileName();
    return folder == null || name == null ? absolute : folder.toRealPath().resolve(name);
  }

  /**
   * Loads a model.
   *
   * @param spec a GGUF file's path, or null for the model on the class path
   * @throws ModelException when there is no such model, or it cannot be loaded here
   */
  @Override
  public LlamaCppModel open(@Nullable String spec) {
    if (spec != null) {
      return LlamaCppModel.load(path(spec), options);
    }
    DefaultModel model = DefaultModel.find(LOADER);
    return LlamaCppModel.load(model.name(), model.unpacked(LOADER), options);
  }

  /**
   * Opens the tokenizer of a model: only the vocabulary is loaded, without the weights and without
   * memory for answers.
   */
  @Override
  public Optional<Tokenizer> tokenizer(@Nullable String spec) {
    Path file = spec == null ? DefaultModel.find(LOADER).unpacked(LOADER) : path(spec);
    if (spec != null) {
      probe(file, options);
    }
    return Optional.of(new LlamaTokenizer(LoadedFile.load(file.toString(), file, true), true));
  }

  private static Path path(String spec) {
    try {
      return Path.of(spec);
    } catch (InvalidPathException e) {
      throw new ModelException("'" + spec + "' is no path of a file: " + e.getReason() + ".", e);
    }
  }
}
