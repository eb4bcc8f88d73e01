package dev.terrarium.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.spi.LanguageModelProvider;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The provider: specs, keys and dependencies. No request is sent. */
class LangChain4jTest {

  private static final String KEY = "sk-marked-0815-4711";

  private final LangChain4j provider = new LangChain4j();

  @Test
  void isFoundAsAServiceWithoutADefault() {
    assertThat(ServiceLoader.load(LanguageModelProvider.class))
        .anySatisfy(
            each -> {
              assertThat(each.name()).isEqualTo("langchain4j");
              assertThat(each.hasDefault()).isFalse();
            });
    assertThatThrownBy(() -> provider.open(null))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("such as openai:gpt-5-mini");
  }

  @Test
  void findingsNameKeysAndNeverShowThem() {
    Map<String, String> found =
        LangChain4j.findings(
            Map.of("OPENAI_API_KEY", KEY, "GOOGLE_API_KEY", KEY, "OLLAMA_BASE_URL", "http://gpu")
                ::get);

    assertThat(found)
        .containsEntry("openai", "key in OPENAI_API_KEY")
        .containsEntry("gemini", "key in GOOGLE_API_KEY")
        .containsEntry("anthropic", "no key; set ANTHROPIC_API_KEY")
        .containsEntry("ollama", "needs no key, URL in OLLAMA_BASE_URL")
        .containsEntry(
            "azure", "no key; set AZURE_OPENAI_API_KEY, no URL; set AZURE_OPENAI_ENDPOINT")
        .containsEntry(
            "bedrock",
            "no key; set AWS_BEARER_TOKEN_BEDROCK, unless the AWS SDK finds credentials in a"
                + " profile or a role, no region; set AWS_REGION or AWS_DEFAULT_REGION");
    assertThat(found.toString()).doesNotContain(KEY);
    assertThat(provider.findings()).containsOnlyKeys(found.keySet());
  }

  @Test
  void findingNamesTheMissingDependency() {
    assertThat(Provider.OPENAI.finding(new ClassLoader(null) {}, name -> KEY))
        .isEqualTo("missing; add dev.langchain4j:langchain4j-open-ai:" + Provider.VERSION);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "openai:gpt-5-mini",
        "opnai:gpt-5-mini",
        "ollama:hf.co/unsloth/model.gguf",
        "openai:qwen@http://localhost:8000/v1",
        "anthropic:",
      })
  void supportsSpecsOfServices(String spec) {
    assertThat(provider.supports(spec)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"model.gguf", "", "gpt-5", "C:\\model.gguf", "/a:b", "other:x.gguf", "file:/a"})
  void leavesOtherSpecsToOtherProviders(String spec) {
    assertThat(provider.supports(spec)).isFalse();
  }

  @Test
  void specsOfOneModelAreOne() {
    assertThat(provider.canonical("openai:qwen@http://localhost:8000/v1/"))
        .isEqualTo("openai:qwen@http://localhost:8000/v1");
    assertThat(provider.canonical("ollama:llama3.2:1b")).isEqualTo("ollama:llama3.2:1b");
    assertThat(provider.canonical("opnai:x")).isEqualTo("opnai:x");
    assertThat(provider.canonical(null)).isNull();
  }

  @Test
  void specsAreParsed() {
    assertThat(ModelSpec.parse("openai:@cf/meta/llama-3@https://gateway.example/v1"))
        .isEqualTo(
            new ModelSpec(Provider.OPENAI, "@cf/meta/llama-3", "https://gateway.example/v1"));
    assertThat(ModelSpec.parse("gemini:models-2@001"))
        .isEqualTo(new ModelSpec(Provider.GEMINI, "models-2@001", null));
  }

  @Test
  void unknownProviderIsReportedWithTheKnownOnes() {
    assertThatThrownBy(() -> provider.open("opnai:gpt-5-mini"))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNKNOWN_MODEL))
        .hasMessage(
            "There is no provider 'opnai' of language models; did you mean 'openai'? Known:"
                + " anthropic, azure, bedrock, gemini, mistral, ollama, openai.");
    assertThatThrownBy(() -> provider.open("watsonx:granite"))
        .hasMessageStartingWith("There is no provider 'watsonx' of language models. Known: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "openai:qwen@localhost:8000/v1              | it must begin with http",
        "openai:qwen@htp://localhost                | it must begin with http",
        "openai:qwen@                               | it must begin with http",
        "openai:qwen@http://                        | Expected authority",
        "openai:qwen@http://local host/v1           | Illegal character",
        "openai:qwen@http://localhost:99999/v1      | a port up to 65535",
        "openai:qwen@http://a:secret@localhost/v1   | must not hold a user",
        "openai:qwen@http://localhost/v1?key=secret | must end with a path",
      })
  void malformedUrlIsReportedWithoutIt(String spec, String reason) {
    assertThatThrownBy(() -> provider.open(spec))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("The URL of openai:qwen is malformed: ")
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "openai:            | 'openai:' names no model",
        "gemini:a/../b      | has a character that no name has: ..",
        "gemini:a?key=1     | has a character that no name has: U+003F",
        "ollama:a b         | has a character that no name has: U+0020",
      })
  void malformedNameOfAModelIsReported(String spec, String message) {
    assertThatThrownBy(() -> provider.open(spec)).hasMessageContaining(message);
  }

  private static LanguageModel open(String spec, Map<String, String> environment) {
    return LangChain4jModels.custom(spec, environment).build();
  }

  @Test
  void missingKeyIsReportedByTheNameOfItsVariable() {
    for (String spec : List.of("openai:gpt-5-mini", "anthropic:claude", "mistral:small")) {
      String name = spec.substring(0, spec.indexOf(':'));
      assertThatThrownBy(() -> open(spec, Map.of()))
          .isInstanceOfSatisfying(
              ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.AUTHENTICATION))
          .hasMessageContaining(
              "set the environment variable " + name.toUpperCase(java.util.Locale.ROOT));
    }
    assertThatThrownBy(() -> open("gemini:gemini-2.5-flash", Map.of("GEMINI_API_KEY", " ")))
        .hasMessageContaining("GEMINI_API_KEY or GOOGLE_API_KEY");
    assertThatThrownBy(() -> open("azure:mine", Map.of()))
        .hasMessageContaining("AZURE_OPENAI_ENDPOINT");
  }

  @Test
  void keyComesFromTheEnvironmentForTheProvidersOwnUrlOnly() {
    Map<String, String> environment = Map.of("ANTHROPIC_API_KEY", KEY);
    open("anthropic:claude", environment).close();
    assertThatThrownBy(() -> open("anthropic:claude@https://elsewhere.example/v1", environment))
        .hasMessageContaining("goes only to the provider's own URL and to that in ANTHROPIC_BASE")
        .message()
        .doesNotContain(KEY);
    open(
            "anthropic:claude@https://gateway.example/v1",
            Map.of("ANTHROPIC_API_KEY", KEY, "ANTHROPIC_BASE_URL", "https://gateway.example/v1/"))
        .close();
    Connection local =
        Connection.of(
            ModelSpec.parse("openai:qwen@http://localhost:8000/v1"),
            Connection.Settings.ofDefaults(),
            Map.of("OPENAI_API_KEY", KEY)::get);
    assertThat(local.key()).isNull();
  }

  @Test
  void urlOfTheEnvironmentReplacesTheProvidersOwn() {
    Connection gateway =
        Connection.of(
            ModelSpec.parse("openai:gpt-5-mini"),
            Connection.Settings.ofDefaults(),
            Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "https://gateway.example/v1")::get);

    assertThat(gateway.url()).isEqualTo("https://gateway.example/v1");
    assertThat(gateway.key()).isEqualTo(KEY);
    assertThat(gateway.isProvidersOwn()).isFalse();
    assertThat(gateway.toString()).doesNotContain(KEY);
  }

  @Test
  void keyThatCannotBeSentIsRefusedWithoutShowingIt() {
    assertThatThrownBy(() -> open("openai:gpt", Map.of("OPENAI_API_KEY", KEY + "\n")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("OPENAI_API_KEY")
        .message()
        .doesNotContain(KEY);
    assertThatThrownBy(() -> LangChain4jModels.custom("openai:gpt").apiKey(KEY + "\u00e9").build())
        .isInstanceOf(ConfigurationException.class)
        .message()
        .doesNotContain(KEY);
    assertThatThrownBy(
            () -> LangChain4jModels.custom("ollama:x").header("A", KEY + "\r\nB: c").build())
        .isInstanceOf(ConfigurationException.class)
        .message()
        .doesNotContain(KEY);
  }

  @Test
  void optionsAreCheckedWhereTheyAreGiven() {
    LangChain4jModels.Builder builder = LangChain4jModels.custom("openai:gpt").apiKey(KEY);
    assertThatThrownBy(() -> builder.apiKey(KEY)).hasMessage("apiKey was given twice");
    assertThatThrownBy(() -> builder.timeout(Duration.ZERO))
        .hasMessageStartingWith("timeout: PT0S");
    assertThatThrownBy(() -> builder.maxRetries(-1)).hasMessageStartingWith("maxRetries: -1");
    assertThatThrownBy(() -> builder.baseUrl("ftp://a"))
        .hasMessage("The URL of baseUrl is malformed: it must begin with http:// or https://.");
  }

  @Test
  void missingDependencyIsNamed() throws Exception {
    List<URL> others =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(each -> !each.contains("langchain4j-anthropic"))
            .map(LangChain4jTest::url)
            .toList();
    try (URLClassLoader loader =
        new URLClassLoader(others.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> models = loader.loadClass("dev.terrarium.langchain4j.LangChain4j");
      Object other = models.getConstructor().newInstance();

      assertThatThrownBy(
              () -> models.getMethod("open", String.class).invoke(other, "anthropic:claude"))
          .cause()
          .hasMessage(
              "Language models of anthropic need another dependency: add"
                  + " dev.langchain4j:langchain4j-anthropic:"
                  + Provider.VERSION
                  + ".");
      try (AutoCloseable model =
          (AutoCloseable)
              models.getMethod("open", String.class).invoke(other, "ollama:llama3.2:1b")) {
        assertThat(model.toString()).isEqualTo("LangChain4j[ollama:llama3.2:1b]");
      }
    }
  }

  private static URL url(String path) {
    try {
      return Path.of(path).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void versionOfLangChain4jIsThatOfTheBuild() throws IOException {
    assertThat(Files.readString(Path.of("../../pom.xml")))
        .contains("<langchain4j.version>" + Provider.VERSION + "</langchain4j.version>");
  }

  @Test
  void waitThatAServiceNamesIsRead() {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    assertThat(Failures.retryAfter(headers("retry-after", "7"), now))
        .isEqualTo(Duration.ofSeconds(7));
    assertThat(Failures.retryAfter(headers("retry-after", "0.5"), now))
        .isEqualTo(Duration.ofMillis(500));
    assertThat(Failures.retryAfter(headers("retry-after-ms", "20"), now))
        .isEqualTo(Duration.ofMillis(20));
    assertThat(Failures.retryAfter(headers("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT"), now))
        .isEqualTo(Duration.ofSeconds(9));
    assertThat(Failures.retryAfter(headers("retry-after", "Wed, 31 Dec 2025 00:00:09 GMT"), now))
        .isZero();
    assertThat(Failures.retryAfter(headers("retry-after", "soon"), now)).isNull();
    assertThat(Failures.retryAfter(headers("other", "1"), now)).isNull();
  }

  private static HttpHeaders headers(String name, String value) {
    return HttpHeaders.of(Map.of(name, List.of(value)), (a, b) -> true);
  }
}
