package dev.terrarium.langchain4j;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.junit5.WireMockExtension;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.ollama.OllamaChatModel;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.LanguageModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The code that the guide of models shows: what stands between a mark and its end. */
class ModelsGuideTest {

  private static final Path GUIDE = Path.of("../../docs/guides/models.md");
  private static final Path JAVA =
      Path.of("src/test/java/dev/terrarium/langchain4j/ModelsGuideTest.java");
  private static final Pattern BLOCK =
      Pattern.compile("<!-- (\\w+) -->\\n```java\\n(.*?)```", Pattern.DOTALL);

  @RegisterExtension
  private static final WireMockExtension service =
      WireMockExtension.newInstance()
          .options(WireMockConfiguration.options().bindAddress("127.0.0.1").dynamicPort())
          .build();

  @Test
  void theGuideShowsWhatIsCompiledAndRunHere() throws IOException {
    String sources = flat(Files.readString(JAVA));
    Matcher block = BLOCK.matcher(Files.readString(GUIDE));
    int blocks = 0;
    while (block.find()) {
      assertThat(sources)
          .as(block.group(1))
          .contains("// guide: " + block.group(1) + "\n" + flat(block.group(2)) + "// end\n");
      blocks++;
    }
    assertThat(blocks).isEqualTo(6);
  }

  /** Without indentation and empty lines. */
  private static String flat(String text) {
    return text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  @Test
  void modelByName() {
    // guide: named
    TerrariumConfig config =
        TerrariumConfig.custom()
            .languageModel("openai:gpt-5-mini") // the key is in OPENAI_API_KEY
            .build();
    // end

    assertThat(config.contexts()).isPositive();
  }

  @Test
  void modelWithOptions() {
    service.stubFor(
        post(anyUrl()).willReturn(aResponse().withBody(Wire.OPENAI.whole("Paris", false))));
    String url = "http://127.0.0.1:" + service.getPort() + "/v1";
    String key = "of the gateway";
    // guide: options
    LanguageModel model =
        LangChain4jModels.custom("openai:qwen")
            .baseUrl(url) // any server with OpenAI's interface
            .apiKey(key)
            .header("X-Team", "search")
            .timeout(Duration.ofSeconds(30)) // of silence; a call's deadline limits the whole
            .maxRetries(4)
            .build();
    TerrariumConfig config = TerrariumConfig.custom().languageModel(model).build();
    // end

    assertThat(config.contexts()).isPositive();
    assertThat(model.chat(ChatRequest.of("Where?")).text()).isEqualTo("Paris");
    model.close();
  }

  @Test
  void beans() {
    service.stubFor(
        post(anyUrl()).willReturn(aResponse().withBody(Wire.OLLAMA.whole("Paris", false))));
    String url = "http://127.0.0.1:" + service.getPort();
    ChatModel chat = OllamaChatModel.builder().baseUrl(url).modelName("llama3.2").build();
    StreamingChatModel streaming =
        OllamaStreamingChatModel.builder().baseUrl(url).modelName("llama3.2").build();
    // guide: beans
    LanguageModel model = LangChain4jModels.of("mine", chat, streaming);
    TerrariumConfig config = TerrariumConfig.custom().languageModel(model).build();
    // end

    assertThat(config.contexts()).isPositive();
    assertThat(model.chat(ChatRequest.of("Where?")).text()).isEqualTo("Paris");
  }

  @Test
  void failures() {
    service.stubFor(post(anyUrl()).willReturn(aResponse().withStatus(503)));
    LanguageModel model =
        LangChain4jModels.custom("ollama:llama3.2@http://127.0.0.1:" + service.getPort())
            .maxRetries(0)
            .build();
    // guide: failures
    String answer;
    try {
      answer = model.chat(ChatRequest.of("Where?")).text();
    } catch (ModelException e) {
      answer =
          switch (e.kind()) {
            case RATE_LIMITED, UNAVAILABLE, TIMED_OUT -> "Ask again later.";
            case CONTEXT_LENGTH_EXCEEDED -> "Ask a shorter question.";
            default -> throw e;
          };
    }
    // end

    assertThat(answer).isEqualTo("Ask again later.");
    model.close();
  }

  @Test
  void chain() {
    service.stubFor(
        post(anyUrl()).willReturn(aResponse().withBody(Wire.OLLAMA.whole("Paris", false))));
    LanguageModel main =
        LangChain4jModels.custom("openai:gpt-5-mini@http://127.0.0.1:1/v1").maxRetries(0).build();
    LanguageModel spare =
        LangChain4jModels.custom("ollama:llama3.2@http://127.0.0.1:" + service.getPort()).build();
    // guide: chain
    LanguageModel model = LanguageModels.firstOf(main, spare);
    TerrariumConfig config = TerrariumConfig.custom().languageModel(model).build();
    // end

    assertThat(config.contexts()).isPositive();
    assertThat(model.chat(ChatRequest.of("Where?")).text()).isEqualTo("Paris");
    model.close();
  }

  @Test
  void embeddings() {
    service.stubFor(
        post(anyUrl())
            .willReturn(aResponse().withBody("{\"embeddings\": [[1.0, 2.0], [3.0, 4.0]]}")));
    String spec = "ollama:all-minilm@http://127.0.0.1:" + service.getPort();
    // guide: vectors
    EmbeddingModel vectors = LangChain4jModels.custom(spec).buildEmbedding(2); // dimensions
    TerrariumConfig config = TerrariumConfig.custom().embeddingModel(vectors).build();
    // end

    assertThat(config.contexts()).isPositive();
    assertThat(vectors.embed(List.of("a", "b"))).hasSize(2);
  }
}
