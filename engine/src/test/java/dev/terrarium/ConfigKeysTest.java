package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
    ConfigKeys.setAll(builder, variables, properties);
    return builder.build();
  }

  @Test
  void theGuidesTableIsTheCodes() throws IOException {
    List<String> rows =
        Files.readAllLines(GUIDE).stream().filter(line -> line.startsWith("| `")).toList();

    assertThat(rows).containsExactlyElementsOf(ConfigKeys.rows());
  }

  @Test
  void everyDefaultCanBeGivenAsText() {
    for (ConfigKeys.Key key : ConfigKeys.ALL) {
      if (!key.defaultText().contains(" ")) {
        TerrariumConfig given = TerrariumConfig.custom().set(key.name(), key.defaultText()).build();

        assertThat(key.value().apply(given))
            .as(key.name())
            .isEqualTo(key.value().apply(TerrariumConfig.ofDefaults()));
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
  void theNumberOfContextsIsSetBeforeTheirMinimum() {
    Properties properties = new Properties();
    properties.setProperty("terrarium.min-contexts", "1");
    properties.setProperty("terrarium.contexts", "8");

    TerrariumConfig config = of(Map.of(), properties);

    assertThat(config.contexts()).isEqualTo(8);
    assertThat(config.minContexts()).isEqualTo(1);
  }

  @Test
  void anUnknownKeyIsNamedWithTheNearestOne() {
    assertThatThrownBy(() -> of(Map.of("TERRARIUM_BOROW_TIMEOUT", "3s"), new Properties()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(
            "TERRARIUM_BOROW_TIMEOUT is no key of the configuration; did you mean"
                + " 'borrow-timeout'? Known keys: contexts, ");
    assertThatThrownBy(() -> TerrariumConfig.custom().set("colour", "red"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("colour is no key of the configuration. Known keys: ");
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
    "language-model, ' '"
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
  void oneConfigurationBeginsWithAnother() {
    TerrariumConfig first =
        TerrariumConfig.custom().contexts(1, 5).maxBatch(7).access(AccessProfile.TRUSTED).build();

    TerrariumConfig second = TerrariumConfig.from(first).maxBatch(8).build();

    for (ConfigKeys.Key key : ConfigKeys.ALL) {
      if (!key.name().equals("max-batch")) {
        assertThat(key.value().apply(second)).isEqualTo(key.value().apply(first));
      }
    }
    assertThat(second.maxBatch()).isEqualTo(8);
  }
}
