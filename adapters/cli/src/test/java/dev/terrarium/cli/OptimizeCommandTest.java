package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.cli.Launcher.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of {@code eval}, {@code optimize} and {@code run --state} on the embedded model. */
@Tag("graalpy")
class OptimizeCommandTest {

  private static final Path EXAMPLES = Path.of("../../docs/examples");
  private static final String PROGRAM = EXAMPLES.resolve("sentiment.yaml").toString();

  @TempDir private Path folder = Path.of("");

  private Path some = Path.of("");

  @BeforeEach
  void fewExamples() throws IOException {
    List<String> lines = Files.readAllLines(EXAMPLES.resolve("reviews.jsonl"));
    some = Files.write(folder.resolve("some.jsonl"), lines.subList(0, 6));
  }

  @Test
  void stateThatIsFoundIsEvaluatedAndRun() throws Exception {
    Path state = folder.resolve("state.json");
    Finished optimized =
        InThisJvm.run(
            "optimize",
            PROGRAM,
            some.toString(),
            "--optimizer=labeled",
            "--set=k=2",
            "--output=" + state);
    assertThat(optimized.exitCode()).as(optimized.err()).isZero();
    assertThat(optimized.err()).contains("LabeledFewShot finished", "1 candidates");
    assertThat(state).content().contains("dependency_versions", "LabeledFewShot");

    Finished evaluated =
        InThisJvm.run("eval", PROGRAM, some.toString(), "--state=" + state, "--metric=exact_match");
    assertThat(evaluated.exitCode()).as(evaluated.err()).isZero();
    assertThat(evaluated.out()).hasLineCount(7).startsWith("review,");
    assertThat(evaluated.err()).containsPattern("score: \\d+\\.\\d\\d % of 6 examples");

    String line = Files.readAllLines(some).getFirst() + "\n";
    Finished run = InThisJvm.runWith(line, "run", "--state=" + state, PROGRAM);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("sentiment");
  }

  @Test
  void definitionsOfTheDictionaryBecomeDemonstrations() throws Exception {
    Path subjects = EXAMPLES.resolve("subjects");
    String program = subjects.resolve("subjects.yaml").toString();
    List<String> heldOut = Files.readAllLines(subjects.resolve("heldout.jsonl"));
    Path few = Files.write(folder.resolve("few.jsonl"), heldOut.subList(0, 4));
    Path state = folder.resolve("state.json");
    Finished optimized =
        InThisJvm.run(
            "optimize",
            program,
            subjects.resolve("train.jsonl").toString(),
            "--validation=" + few,
            "--optimizer=labeled",
            "--set=k=3",
            "--output=" + state);
    assertThat(optimized.exitCode()).as(optimized.err()).isZero();

    Finished evaluated =
        InThisJvm.run("eval", program, few.toString(), "--state=" + state, "--format=JSON");
    assertThat(evaluated.exitCode()).as(evaluated.err()).isZero();
    assertThat(evaluated.err()).containsPattern("score: \\d+\\.\\d\\d % of 4 examples");
  }

  @Test
  void metricMayBeAFunctionInAFile() throws Exception {
    Path metric =
        Files.writeString(
            folder.resolve("mine.py"),
            """
            def always(example, prediction, trace=None):
                return True
            """);
    Finished evaluated =
        InThisJvm.run("eval", PROGRAM, some.toString(), "--metric=python:" + metric + ":always");
    assertThat(evaluated.exitCode()).as(evaluated.err()).isZero();
    assertThat(evaluated.err()).contains("score: 100.00 % of 6 examples");
  }

  @Test
  void optimizerMetricAndStateThatDoNotExistAreBadUsage() throws Exception {
    String output = "--output=" + folder.resolve("state.json");
    InThisJvm.run("optimize", PROGRAM, some.toString(), "--optimizer=annealing", output)
        .assertBadUsage("random_search");
    InThisJvm.run("eval", PROGRAM, some.toString(), "--metric=closeness")
        .assertBadUsage("exact_match");
    InThisJvm.run("eval", PROGRAM, folder.resolve("none.jsonl").toString())
        .assertBadUsage("none.jsonl");
    InThisJvm.run("eval", PROGRAM, some.toString(), "--state=" + folder.resolve("none.json"))
        .assertBadUsage("none.json");
  }

  @Test
  void stateThatWasTruncatedIsBadUsage() throws Exception {
    Path state = Files.writeString(folder.resolve("cut.json"), "{\"demos\": [");
    InThisJvm.run("eval", PROGRAM, some.toString(), "--state=" + state)
        .assertBadUsage("not a whole one");
  }
}
