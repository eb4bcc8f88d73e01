package dev.terrarium.cli;

import dev.terrarium.TerrariumConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that chooses a command's language model. */
final class ModelOption {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private @Nullable String model;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "A GGUF file, or a service's model such as openai:gpt-5-mini; the default is the embedded"
              + " SmolLM2-135M.")
  void model(String value) {
    if (value.isBlank()) {
      throw new ParameterException(spec.commandLine(), "--model is empty.");
    }
    model = value;
  }

  void apply(TerrariumConfig.Builder config) {
    if (model != null) {
      config.languageModel(model);
    }
  }
}
