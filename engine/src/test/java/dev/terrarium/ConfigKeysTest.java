package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configuration as text. */
class ConfigKeysTest {

  private static final Path GUIDE = Path.of("../docs/guides/configuration.md");

  private static TerrariumConfig of(Map<String, String> variables, Properties properties) {
    TerrariumConfig.Builder builder = TerrariumConfig.custom();
    ConfigText.setAll(builder, variables, properties);
    return builder.build();
  }

  @Test
  void theGuidesTableIsTheCodes() throws IOException {
    List<String> rows =
        Files.readAllLines(GUIDE).stream().filter(line -> line.startsWith("| `")).toList();

    assertThat(rows)
        .containsExactlyElementsOf(ConfigKeys.ALL.stream().map(ConfigKey::row).toList());
  }

  @Test
  void everyDefaultCanBeGivenAsText() {
    for (ConfigKey key : ConfigKeys.ALL) {
      String standard = key.value().apply(TerrariumConfig.ofDefaults()).toString();
      if (!standard.contains(" ") && !standard.equals("off")) {
        TerrariumConfig given = TerrariumConfig.custom().set(key.name(), standard).build();

        assertThat(key.value().apply(given)).as(key.name()).hasToString(standard);
      }
    }
  }

  @Test
  void propertiesGoBeforeTheEnvironment() {
    Properties properties = new Properties();
    properties.setProperty("terrarium.borrow-timeout", "3s");
    properties.setProperty("java.version", "none of ours");

    TerrariumConfig config =
        of(
            Map.of(
                "TERRARIUM_BORROW_TIMEOUT", "4s",
                "TERRARIUM_LOAD_TIMEOUT", "PT1M30S",
                "TERRARIUM_ACCESS", "trusted",
                "TERRARIUM_JAVA_HOME", "/the/launchers",
                "PATH", "/bin"),
            properties);

    assertThat(config.borrowTimeout()).isEqualTo(Duration.ofSeconds(3));
    assertThat(config.loadTimeout()).isEqualTo(Duration.ofSeconds(90));
    assertThat(config.access()).isEqualTo(AccessProfile.TRUSTED);
  }

  @Test
  void variablesForPythonAreThoseThatAreNamed() {
    Map<String, String> all = Map.of("A_B", "1", "A_C", "2", "AB", "3", "PATH", "/bin");

    assertThat(ConfigKeys.variables("A_*, PATH,NOT_THERE", all))
        .isEqualTo(Map.of("A_B", "1", "A_C", "2", "PATH", "/bin"));
    for (String wrong : List.of("*", "", "A,", "A=1", "A B")) {
      assertThatThrownBy(() -> TerrariumConfig.custom().set("environment", wrong))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("names with commas between");
    }
    assertThat(TerrariumConfig.custom().set("environment", "PATH").build().environment())
        .isEqualTo(Map.of("PATH", System.getenv("PATH")));
    assertThatThrownBy(() -> TerrariumConfig.custom().environment(Map.of("A=", "1")))
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void theNumberOfContextsIsSetBeforeTheirMinimum() {
    Properties properties = new Properties();
    properties.setProperty("terrarium.min-contexts", "1");
    properties.setProperty("terrarium.contexts", "8");

    TerrariumConfig config = of(Map.of(), properties);

    assertThat(config.contexts()).isEqualTo(8);
    assertThat(config.minContexts()).isEqualTo(1);
  }

  /** Whatever order a map has them in: this one's is the wrong one. */
  @Test
  void valuesGivenTogetherAreSetInTheOrderThatTheyNeed() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("frameworks.words.retry-attempts", "5");
    values.put("retry-attempts", "3");
    values.put("bulkhead-queue", "7");
    values.put("bulkhead-concurrency", "2");
    values.put("min-contexts", "4");
    values.put("contexts", "8");

    TerrariumConfig config = TerrariumConfig.custom().set(values).build();

    assertThat(config.minContexts()).isEqualTo(4);
    assertThat(config.contexts()).isEqualTo(8);
    assertThat(config.admission("words").retry().orElseThrow().attempts()).isEqualTo(5);
    assertThat(config.admission("words").bulkhead())
        .isEqualTo(config.admission("other").bulkhead());
    assertThat(config.admission("other").bulkhead().orElseThrow().queue()).isEqualTo(7);
    assertThat(config.admission("other").retry().orElseThrow().attempts()).isEqualTo(3);
  }

  @Test
  void anUnknownKeyIsNamedWithTheNearestOne() {
    assertThatThrownBy(() -> of(Map.of("TERRARIUM_BOROW_TIMEOUT", "3s"), new Properties()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "TERRARIUM_BOROW_TIMEOUT is no key of the configuration; did you mean"
                + " TERRARIUM_BORROW_TIMEOUT?");
    assertThatThrownBy(() -> TerrariumConfig.custom().set("frameworks.guide.limits-modles", "4"))
        .hasMessage(
            "frameworks.guide.limits-modles is no key of the configuration of one framework;"
                + " did you mean frameworks.guide.limits-models?");
    assertThatThrownBy(() -> TerrariumConfig.custom().set("colour", "red"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("colour is no key of the configuration. Known keys: ");
  }

  @Test
  void misspeltKeyOfOneFrameworkIsRefused() {
    assertThatThrownBy(
            () -> of(Map.of("TERRARIUM_FRAMEWORKS_GUIDE_LIMITS_MODLES", "4"), new Properties()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("TERRARIUM_FRAMEWORKS_GUIDE_LIMITS_MODLES is no key");
  }

  @ParameterizedTest
  @CsvSource({
    "borrow-timeout,10,'10' is no time; write 500ms",
    "limits-memory,2gb,'2gb' is no size; write 512MB",
    "max-message,2GB,2GB is not below 2GB"
  })
  void invalidTimeOrSizeIsReportedWithTheRightForm(String key, String text, String message) {
    assertThatThrownBy(() -> TerrariumConfig.custom().set(key, text))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(key + ": " + message);
  }

  @Test
  void concurrencyOfOneFrameworkKeepsTheQueueOfAll() {
    TerrariumConfig config =
        of(
            Map.of(
                "TERRARIUM_BULKHEAD_CONCURRENCY", "8",
                "TERRARIUM_BULKHEAD_QUEUE", "5",
                "TERRARIUM_BULKHEAD_MAX_WAIT", "1s",
                "TERRARIUM_FRAMEWORKS_DSPY_BULKHEAD_CONCURRENCY", "2"),
            new Properties());

    assertThat(config.admission("dspy").bulkhead())
        .contains(new Bulkhead(2, 5, Duration.ofSeconds(1)));
  }

  @Test
  void similarVariablesOfOtherProgramsAreIgnored() {
    TerrariumConfig config =
        of(
            Map.of(
                "TERRARIUM_SERVICE_HOST", "10.0.0.7",
                "TERRARIUM_PORT_80_TCP", "tcp://10.0.0.7:80",
                "TERRARIUM_HOME", "/opt",
                "TERRARIUM_FRAMEWORKS_SERVICE_HOST", "10.0.0.7",
                "TERRARIUM_FRAMEWORKS_PORT_80_TCP", "tcp://10.0.0.7:80",
                "TERRARIUM_CONTEXTS", "3"),
            new Properties());

    assertThat(config.contexts()).isEqualTo(3);
    Properties properties = new Properties();
    properties.setProperty("terrarium.home", "/opt");
    assertThatThrownBy(() -> of(Map.of(), properties))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("terrarium.home is no key");
  }

  @ParameterizedTest
  @CsvSource({
    "contexts, 0",
    "contexts, 65",
    "contexts, many",
    "contexts, 99999999999",
    "min-contexts, -1",
    "min-contexts, 3",
    "borrow-timeout, 0s",
    "borrow-timeout, soon",
    "load-timeout, PT-1S",
    "drain-timeout, PT-1S",
    "check-every, 0",
    "recycle-after-calls, -1",
    "recycle-after, PT-1S",
    "leak-threshold, PT-1S",
    "max-batch, 0",
    "stream-buffer, 0",
    "stream-idle-timeout, 0s",
    "access, everything",
    "language-model, ' '",
    "max-message, 0",
    "max-message, 3GB",
    "program-cache, 0",
    "model-cache-models, 0",
    "model-cache-bytes, 0",
    "model-cache-bytes, much",
    "model-cache-expire-after-load, PT-1S",
    "model-cache-expire-after-use, PT-1S",
    "embedding-cache, 0",
    "embedding-ttl, PT-1S",
    "answer-cache, much",
    "answer-ttl, PT-1S",
    "session-ttl, 0s",
    "session-ttl, PT-1S",
    "max-sessions, 0",
    "max-session-bytes, 0",
    "limits-memory, 0",
    "limits-models, 0",
    "limits-connections, 0",
    "circuit-breaker-failures, 0",
    "circuit-breaker-open-for, 0s",
    "circuit-breaker-trial-calls, 0",
    "bulkhead-concurrency, 0",
    "bulkhead-queue, 5",
    "retry-attempts, 0",
    "retry-pause, PT-1S",
    "budget-calls, 0",
    "budget-tokens, -1",
    "budget-period, 0s"
  })
  void aBadValueIsNamedWithItsKey(String key, String value) {
    assertThatThrownBy(() -> TerrariumConfig.custom().set(key, value))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(key + ": ");
  }

  @ParameterizedTest
  @CsvSource({"250ms, PT0.25S", "10s, PT10S", "2m, PT2M", "1h, PT1H", "2d, PT48H", "PT3S, PT3S"})
  void timesAreWrittenShortOrByTheStandard(String text, Duration time) {
    assertThat(TerrariumConfig.custom().set("borrow-timeout", text).build().borrowTimeout())
        .isEqualTo(time);
  }

  @Test
  void eachFrameworkMayHaveItsOwn() {
    Properties properties = new Properties();
    properties.setProperty("terrarium.frameworks.word_count.limits-models", "3");
    properties.setProperty("terrarium.circuit-breaker-failures", "7");
    TerrariumConfig config =
        of(
            Map.of(
                "TERRARIUM_FRAMEWORKS_WORD_COUNT_BULKHEAD_MAX_WAIT", "2s",
                "TERRARIUM_FRAMEWORKS_WORD_COUNT_BULKHEAD_CONCURRENCY", "2",
                "TERRARIUM_LIMITS_MEMORY", "512MB",
                "TERRARIUM_BUDGET_TOKENS", "1000"),
            properties);

    AdmissionConfig own = config.admission("word_count");
    assertThat(own.bulkhead()).contains(Bulkhead.of(2).withQueue(100, Duration.ofSeconds(2)));
    assertThat(own.circuitBreaker().orElseThrow().failures()).isEqualTo(7);
    assertThat(config.limits("word_count").models()).isEqualTo(3);
    assertThat(config.limits("word_count").memory()).isEqualTo(512L << 20);
    assertThat(config.limits("other").models()).isEqualTo(10);
    assertThat(config.admission("other").bulkhead()).isEmpty();
    assertThat(config.admission("other").budget())
        .contains(Budget.ofTokens(1_000, Duration.ofHours(1)));
  }

  @Test
  void settingOfAllFrameworksIsRefusedForOne() {
    assertThatThrownBy(() -> TerrariumConfig.custom().set("frameworks.words.contexts", "3"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(
            "frameworks.words.contexts is no key of the configuration of one framework");
  }

  @Test
  void builderStartsWithAnotherConfiguration() {
    TerrariumConfig first =
        TerrariumConfig.custom().contexts(1, 5).maxBatch(7).access(AccessProfile.TRUSTED).build();

    TerrariumConfig second = TerrariumConfig.from(first).maxBatch(8).build();

    for (ConfigKey key : ConfigKeys.ALL) {
      if (!key.name().equals("max-batch")) {
        assertThat(key.value().apply(second)).isEqualTo(key.value().apply(first));
      }
    }
    assertThat(second.maxBatch()).isEqualTo(8);
  }
}
