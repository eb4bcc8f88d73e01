package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Command;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.testkit.JavaProcess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What users of a framework do comes out the same whether its modules make their imports, and
 * pydantic builds its models, at once or at the first use. In JVMs of their own, since a context
 * keeps what it has imported.
 */
@Tag("graalpy")
class ImportsTest {

  /** A call by the command's name. */
  private record FirstCall(String command, Map<String, ?> arguments) {}

  /** The calls that lead to a framework's first answer. */
  private static final Map<String, List<FirstCall>> FIRST_ANSWER =
      Map.of(
          "dspy",
          List.of(
              new FirstCall(
                  "predict",
                  Map.of(
                      "signature", "question -> answer", "inputs", Map.of("question", "Where?")))),
          "langchain",
          List.of(
              new FirstCall(
                  "create_program", Map.of("program", "first", "spec", Map.of("prompt", "Where?"))),
              new FirstCall("invoke", Map.of("program", "first", "inputs", Map.of()))));

  /**
   * The third argument: modules of a framework that are there after a first answer, a twentieth
   * above what was seen; lower it when they have become less. The fourth: those of all packages.
   * The fifth: the fewest models that wait to be built after all uses.
   */
  @ParameterizedTest
  @CsvSource({"dspy, 11, 106, 436, 0", "langchain, 22, 130, 665, 50"})
  void lazyImportsGiveTheSameResultsAsEagerImports(
      String framework, int uses, int mostModules, int mostOfAll, int fewestWaiting)
      throws Exception {
    List<String> lazy = run(framework, true);
    List<String> eager = run(framework, false);

    assertThat(of(lazy, "value ")).hasSize(uses).isEqualTo(of(eager, "value "));
    assertThat(of(lazy, "wrong ")).isEmpty();
    assertThat(number(lazy, "modules "))
        .isBetween(1, mostModules)
        .isLessThan(number(eager, "modules ") / 2);
    assertThat(number(lazy, "of all ")).isBetween(mostModules, mostOfAll);
    assertThat(number(lazy, "unbuilt ") - number(eager, "unbuilt "))
        .isGreaterThanOrEqualTo(fewestWaiting);
    assertThat(of(eager, "class "))
        .containsAll(of(lazy, "class "))
        .hasSizeGreaterThan(mostModules)
        .noneMatch(line -> line.contains("__classdictcell__"));
    assertThat(of(eager, "model ")).containsAll(of(lazy, "model "));
    assertThat(of(eager, "unreadable "))
        .as("upstream leaves them unreadable, too")
        .containsAll(of(lazy, "unreadable "));
  }

  private static int number(List<String> lines, String mark) {
    return Integer.parseInt(of(lines, mark).getFirst());
  }

  private static List<String> of(List<String> lines, String mark) {
    return lines.stream()
        .filter(line -> line.startsWith(mark))
        .map(line -> line.substring(mark.length()))
        .toList();
  }

  private static List<String> run(String framework, boolean lazyImports) throws Exception {
    Process process =
        JavaProcess.of(Functional.class, framework, Boolean.toString(lazyImports))
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

  /** The program of the other JVM. */
  static final class Functional {

    public static void main(String[] args) {
      TerrariumConfig config =
          TerrariumConfig.custom()
              .contexts(1)
              .loadTimeout(Duration.ofMinutes(4))
              .lazyImports(Boolean.parseBoolean(args[1]))
              .languageModel(FakeLanguageModel.schemaConforming())
              .build();
      try (Terrarium terrarium =
          Terrarium.start(config).register(Framework.fromResource("/frameworks/functional.py"))) {
        for (FirstCall call : Objects.requireNonNull(FIRST_ANSWER.get(args[0]))) {
          terrarium.call(args[0], call.command(), call.arguments());
        }
        Report report =
            terrarium
                .adapter("functional")
                .call(Command.of("run", Map.of("framework", args[0])).as(Report.class));
        System.out.println("modules " + report.modules());
        System.out.println("of all " + report.loaded());
        System.out.println("unbuilt " + report.unbuilt());
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
        report.namespaces().forEach(names -> System.out.println("class " + names));
        report.models().forEach(model -> System.out.println("model " + model));
      }
    }

    /** The report that {@code functional.py} returns. */
    record Report(
        int modules,
        int loaded,
        Map<String, Map<String, Object>> results,
        List<String> unreadable,
        List<String> namespaces,
        int unbuilt,
        List<String> models) {}
  }
}
