package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.TerrariumConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

class ModelOptionTest {

  private static final String URL = "http://localhost:8000/v1";

  @Command(name = "probe")
  static final class Probe {
    @Mixin private ModelOption model = new ModelOption();

    TerrariumConfig config(String... arguments) {
      new CommandLine(this).parseArgs(arguments);
      TerrariumConfig.Builder config = TerrariumConfig.custom();
      model.apply(config);
      return config.build();
    }
  }

  private final Probe probe = new Probe();

  @ParameterizedTest
  @ValueSource(
      strings = {"model.gguf", "/a/b.gguf", "first:openai:a,ollama:b", "openai:a@http://here/v1"})
  void baseUrlNeedsAServicesModelWithoutOne(String model) {
    assertThatThrownBy(() -> probe.config("--model", model, "--base-url", URL))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("--base-url needs one model of a service");
  }

  @Test
  void baseUrlNeedsAModel() {
    assertThatThrownBy(() -> probe.config("--base-url", URL))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("such as --model openai:qwen");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--base-url", "--model"})
  void emptyOptionIsRefused(String option) {
    assertThatThrownBy(() -> probe.config(option, ""))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining(option + " is empty.");
  }

  @Test
  void baseUrlIsAPartOfTheSpec() {
    assertThat(probe.config("--model", "openai:qwen", "--base-url", URL).toString())
        .contains("language-model=openai:qwen@" + URL);
    assertThat(new Probe().config("--model", "a.gguf").toString())
        .contains("language-model=a.gguf");
  }
}
