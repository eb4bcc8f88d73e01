package dev.terrarium.langchain4j;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiTokenizerTest {

  private static Tokenizer tokenizer(String model) {
    return OpenAiTokenizer.of(model).orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({
    "gpt-5-mini, 13225 11 2375 0",
    "gpt-4.1, 13225 11 2375 0",
    "gpt-4.1-nano-2025-04-14, 13225 11 2375 0",
    "o3, 13225 11 2375 0",
    "gpt-4, 9906 11 1917 0",
    "gpt-4-turbo, 9906 11 1917 0",
    "gpt-3.5-turbo, 9906 11 1917 0"
  })
  void modelHasTheEncodingOfItsFamily(String model, String expected) {
    int[] tokens = tokenizer(model).encode("Hello, world!");

    assertThat(Arrays.stream(tokens).mapToObj(Integer::toString).collect(joining(" ")))
        .isEqualTo(expected);
    assertThat(tokenizer(model).count("Hello, world!")).isEqualTo(4);
    assertThat(tokenizer(model).decode(tokens)).isEqualTo("Hello, world!");
  }

  @Test
  void markOfAConversationIsText() {
    Tokenizer tokenizer = tokenizer("gpt-5");

    int[] tokens = tokenizer.encode("<|endoftext|>");

    assertThat(tokens.length).isGreaterThan(1);
    assertThat(tokenizer.decode(tokens)).isEqualTo("<|endoftext|>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "gpt", "gpt-6", "gpt-4.2", "o", "", "my-gpt-4"})
  void tokenizerOfAnotherModelIsNotKnown(String model) {
    assertThat(OpenAiTokenizer.of(model)).isEmpty();
  }

  @Test
  void numberThatIsNoTokenIsNamed() {
    Tokenizer tokenizer = tokenizer("gpt-5");

    assertThatThrownBy(() -> tokenizer.decode(new int[] {9_999_999}))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no token of gpt-5");
  }

  @Test
  void modelOfOpenAiHasItsTokenizer() {
    try (LanguageModel model =
            LangChain4jModels.custom("openai:gpt-5", Map.of("OPENAI_API_KEY", "key")).build();
        LanguageModel deployment =
            LangChain4jModels.custom("azure:gpt-5@https://example.org").apiKey("key").build()) {
      assertThat(model.tokenizer().orElseThrow().count("Hello, world!")).isEqualTo(4);
      assertThat(deployment.tokenizer()).isEmpty();
    }
    LangChain4j provider = new LangChain4j();
    assertThat(provider.tokenizer("openai:gpt-5").orElseThrow().count("Hello, world!"))
        .isEqualTo(4);
    assertThat(provider.tokenizer("anthropic:claude-sonnet-4-5")).isEmpty();
    assertThat(provider.tokenizer(null)).isEmpty();
  }
}
