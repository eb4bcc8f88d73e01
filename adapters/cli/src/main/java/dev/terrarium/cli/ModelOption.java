package dev.terrarium.cli;

import dev.terrarium.TerrariumConfig;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that chooses a command's language model. */
final class ModelOption {

  private static final Pattern PROVIDER = Pattern.compile("([A-Za-z][A-Za-z0-9_-]+):.*");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private @Nullable String model;

  @Option(
      names = "--model",
      paramLabel = "FILE.gguf",
      description = "A GGUF file; the default is the embedded SmolLM2-135M.")
  void model(String value) {
    Matcher provider = PROVIDER.matcher(value);
    if (provider.matches()) {
      throw new ParameterException(
          spec.commandLine(),
          "Model provider '"
              + provider.group(1)
              + "' is not supported yet; give the path of a GGUF file.");
    }
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
