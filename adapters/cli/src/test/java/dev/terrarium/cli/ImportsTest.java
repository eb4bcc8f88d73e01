package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Command;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.testkit.FakeLanguageModel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What users of a framework do comes out the same whether its modules make their imports, and
 * pydantic builds its models, at once or at the first use. Each run has a context of its own, which
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
      String framework, int uses, int mostModules, int mostOfAll, int fewestWaiting) {
    Report lazy = run(framework, true);
    Report eager = run(framework, false);

    assertThat(lazy.got()).hasSize(uses).isEqualTo(eager.got());
    assertThat(lazy.got()).isEqualTo(lazy.expected());
    assertThat(lazy.modules()).isBetween(1, mostModules).isLessThan(eager.modules() / 2);
    assertThat(lazy.loaded()).isBetween(mostModules, mostOfAll);
    assertThat(lazy.unbuilt() - eager.unbuilt()).isGreaterThanOrEqualTo(fewestWaiting);
    assertThat(eager.namespaces())
        .containsAll(lazy.namespaces())
        .hasSizeGreaterThan(mostModules)
        .noneMatch(names -> names.contains("__classdictcell__"));
    assertThat(eager.models()).containsAll(lazy.models());
    assertThat(eager.unreadable())
        .as("upstream leaves them unreadable, too")
        .containsAll(lazy.unreadable());
  }

  private static Report run(String framework, boolean lazyImports) {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1)
            .loadTimeout(Duration.ofMinutes(4))
            .lazyImports(lazyImports)
            .languageModel(FakeLanguageModel.schemaConforming())
            .build();
    try (Terrarium terrarium =
        Terrarium.start(config).register(Framework.fromResource("/frameworks/functional.py"))) {
      for (FirstCall call : Objects.requireNonNull(FIRST_ANSWER.get(framework))) {
        terrarium.call(framework, call.command(), call.arguments());
      }
      return terrarium
          .adapter("functional")
          .call(Command.of("run", Map.of("framework", framework)).as(Report.class));
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
      List<String> models) {

    Map<String, Object> got() {
      return each("got");
    }

    Map<String, Object> expected() {
      return each("expected");
    }

    private Map<String, Object> each(String key) {
      Map<String, Object> found = new TreeMap<>();
      results.forEach((name, result) -> found.put(name, result.get(key)));
      return found;
    }
  }
}
