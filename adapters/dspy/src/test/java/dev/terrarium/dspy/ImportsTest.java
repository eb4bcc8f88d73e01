package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.context.Imports;
import dev.terrarium.testkit.FakeLanguageModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What users of DSPy do comes out the same whether its modules make their imports at once or at the
 * first use. In JVMs of their own, since a context keeps what it has imported.
 */
@Tag("graalpy")
class ImportsTest {

  /**
   * Modules of DSPy that are there after a first answer, a twentieth above what was seen; lower it
   * when they have become less.
   */
  private static final int MODULES_OF_A_FIRST_ANSWER = 106;

  @Test
  void lazyImportsGiveWhatEagerOnesGive() throws Exception {
    List<String> lazy = run(Imports.LAZY);
    List<String> eager = run(Imports.EAGER);

    assertThat(of(lazy, "value ")).hasSize(10).isEqualTo(of(eager, "value "));
    assertThat(of(lazy, "wrong ")).isEmpty();
    int modules = Integer.parseInt(of(lazy, "modules ").getFirst());
    assertThat(modules)
        .isBetween(1, MODULES_OF_A_FIRST_ANSWER)
        .isLessThan(Integer.parseInt(of(eager, "modules ").getFirst()) / 2);
    assertThat(of(eager, "unreadable "))
        .as("upstream leaves them unreadable, too")
        .containsAll(of(lazy, "unreadable "));
  }

  private static List<String> of(List<String> lines, String mark) {
    return lines.stream()
        .filter(line -> line.startsWith(mark))
        .map(line -> line.substring(mark.length()))
        .toList();
  }

  private static List<String> run(Imports imports) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xss64m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Functional.class.getName(),
                imports.name())
            .redirectErrorStream(true)
            .start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
      return output.lines().toList();
    } finally {
      process.destroyForcibly();
    }
  }

  /** The other JVM. */
  static final class Functional {

    public static void main(String[] args) {
      TerrariumConfig config =
          TerrariumConfig.custom()
              .contexts(1)
              .loadTimeout(Duration.ofMinutes(4))
              .imports(Imports.valueOf(args[0]))
              .languageModel(FakeLanguageModel.schemaConforming())
              .build();
      try (Terrarium terrarium =
          Terrarium.start(config).register(Framework.fromResource("/frameworks/functional.py"))) {
        Map<String, ?> ask =
            Map.of("signature", "question -> answer", "inputs", Map.of("question", "Capital?"));
        terrarium.call("dspy", "predict", ask);
        Report report = terrarium.adapter("functional").call("run", Map.of(), Report.class);
        System.out.println("modules " + report.modules());
        report
            .results()
            .forEach(
                (name, result) -> {
                  System.out.println("value " + name + ": " + result.get("got"));
                  if (!Objects.equals(result.get("got"), result.get("expected"))) {
                    System.out.println("wrong " + name + ": not " + result.get("expected"));
                  }
                });
        report.unreadable().forEach(hint -> System.out.println("unreadable " + hint));
      }
    }

    /** What {@code functional.py} returns. */
    record Report(int modules, Map<String, Map<String, Object>> results, List<String> unreadable) {}
  }
}
