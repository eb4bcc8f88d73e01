package dev.terrarium.cli;

import dev.terrarium.TerrariumConfig;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that chooses a command's language model. */
final class ModelOption {

  /** The spec of a model of a service: a name, a colon and a model, without a URL. */
  private static final Pattern SERVICE =
      Pattern.compile("(?!first:)[A-Za-z][A-Za-z0-9_.+-]+:(?!.*@https?://).+");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private @Nullable String model;
  private @Nullable String baseUrl;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "A GGUF file, or a service's model such as openai:gpt-5-mini; the default is the embedded"
              + " SmolLM2-135M.")
  void model(String value) {
    if (value.isBlank()) {
      throw misuse("--model is empty.");
    }
    model = value;
  }

  @Option(
      names = "--base-url",
      paramLabel = "URL",
      description = "The service's URL, such as http://gpu/v1; gets no key from the environment.")
  void baseUrl(String value) {
    if (value.isBlank()) {
      throw misuse("--base-url is empty.");
    }
    baseUrl = value;
  }

  /**
   * Sets the model.
   *
   * @throws ParameterException when the base URL is given without a service's model that has none
   */
  void apply(TerrariumConfig.Builder config) {
    if (baseUrl != null && (model == null || !SERVICE.matcher(model).matches())) {
      throw misuse(
          "--base-url needs one model of a service without a URL of its own, such as --model"
              + " openai:qwen.");
    }
    if (model != null) {
      config.languageModel(baseUrl == null ? model : model + "@" + baseUrl);
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
