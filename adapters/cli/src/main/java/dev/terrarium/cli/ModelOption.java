package dev.terrarium.cli;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.spi.LanguageModelProvider;
import java.util.List;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
      paramLabel = "MODEL",
      description =
          "A GGUF file, or a service's model such as openai:gpt-5-mini; the default is the embedded"
              + " SmolLM2-135M.")
  void model(String value) {
    if (value.isBlank()) {
      throw new ParameterException(spec.commandLine(), "--model is empty.");
    }
    Matcher named = PROVIDER.matcher(value);
    if (named.matches()) {
      List<LanguageModelProvider> providers = providers();
      if (providers.stream().noneMatch(provider -> provider.supports(value))) {
        throw new ParameterException(
            spec.commandLine(),
            ("--model: there is no model provider '%s' on the class path, which has %s. Name one of"
                    + " these, or give the path of a GGUF file.")
                .formatted(
                    named.group(1),
                    providers.stream()
                        .map(LanguageModelProvider::name)
                        .collect(Collectors.joining(", "))));
      }
    }
    model = value;
  }

  private static List<LanguageModelProvider> providers() {
    return ServiceLoader.load(
            LanguageModelProvider.class, ClassLoaders.ofContextAnd(Terrarium.class))
        .stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  void apply(TerrariumConfig.Builder config) {
    if (model != null) {
      config.languageModel(model);
    }
  }
}
