package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.cli.Launcher.Finished;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the command as a subprocess: its output and its exit codes. */
@Tag("launcher")
class CommandLineTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path EXAMPLES = Launcher.ROOT.resolve("docs/examples");
  private static final String SENTIMENT = EXAMPLES.resolve("sentiment.yaml").toString();

  @Test
  void dspyAnswersAQuestion() throws Exception {
    Finished ask =
        new Launcher().run("ask", "--timings", "--show-prompt", "What is the capital of France?");
    assertThat(ask.exitCode()).as(ask.err()).isZero();
    assertThat(ask.out()).contains("Paris").hasLineCount(1);
    assertThat(ask.err())
        .contains("[SYSTEM]", "`question` (str)", "What is the capital of France?")
        .contains(
            "JVM start",
            "first context",
            "framework import",
            "model load",
            "generation",
            "overhead")
        .doesNotContain("WARNING");
  }

  @Test
  void langchainAnswersAQuestion() throws Exception {
    Finished ask =
        new Launcher().run("ask", "--framework", "langchain", "What is the capital of France?");
    assertThat(ask.exitCode()).as(ask.err()).isZero();
    assertThat(ask.out()).contains("Paris");
    assertThat(ask.err()).isEmpty();
  }

  @Test
  void answersAreStreamed() throws Exception {
    Finished ask =
        new Launcher().run("ask", "--stream", "--show-prompt", "What is the capital of France?");
    assertThat(ask.exitCode()).as(ask.err()).isZero();
    assertThat(ask.out()).contains("Paris").hasLineCount(1);
    assertThat(ask.err()).contains("[SYSTEM]", "What is the capital of France?");
  }

  @Test
  void anEmptyQuestionIsBadUsage() throws Exception {
    assertUsage(new Launcher().run("ask", "  "), "The question is empty.");
  }

  @Test
  void anUnknownFrameworkIsBadUsage() throws Exception {
    assertUsage(new Launcher().run("ask", "--framework", "haystack", "Hi?"), "dspy, langchain");
  }

  @Test
  void modelProvidersAreRefusedByName() throws Exception {
    assertUsage(
        new Launcher().run("ask", "--model", "openai:gpt-5-mini", "Hi?"),
        "Model provider 'openai' is not supported yet");
  }

  @Test
  void aBadValueOfTheEnvironmentIsBadUsage() throws Exception {
    for (List<String> command : List.of(List.of("ask", "Hi?"), List.of("run", SENTIMENT))) {
      Finished finished =
          new Launcher().with("TERRARIUM_IMPORTS", "some").run(command.toArray(String[]::new));
      assertUsage(finished, "TERRARIUM_IMPORTS: 'some'");
      assertThat(finished.err()).contains("lazy, eager");
    }
  }

  @Test
  void optionsTakePrecedenceOverTheEnvironment() throws Exception {
    Launcher launcher = new Launcher().with("TERRARIUM_LANGUAGE_MODEL", "/nowhere/missing.gguf");
    Finished ask = launcher.run("ask", "Hi?");
    assertThat(ask.exitCode()).isEqualTo(1);
    assertThat(ask.err()).contains("/nowhere/missing.gguf").hasLineCount(1);
    Finished option = launcher.run("ask", "--model", "/nowhere/else.gguf", "Hi?");
    assertThat(option.err()).contains("/nowhere/else.gguf").hasLineCount(1);
  }

  @Test
  void noCommandIsBadUsage() throws Exception {
    assertUsage(new Launcher().run(), "Name a command.");
    assertUsage(new Launcher().run("sing"), "sing");
  }

  private static void assertUsage(Finished finished, String message) {
    assertThat(finished.exitCode()).isEqualTo(2);
    assertThat(finished.out()).isEmpty();
    assertThat(finished.err()).contains(message).doesNotContain("\tat ");
  }

  @Test
  void aMissingModelFileIsOneSentence() throws Exception {
    Finished ask = new Launcher().run("ask", "--model", "/nowhere/missing.gguf", "Hi?");
    assertThat(ask.exitCode()).isEqualTo(1);
    assertThat(ask.out()).isEmpty();
    assertThat(ask.err()).contains("/nowhere/missing.gguf").hasLineCount(1);
  }

  @Test
  void aQuestionOfAnotherLocaleIsReadAsUtf8() throws Exception {
    String script = Launcher.ROOT.resolve("terrarium").toString();
    Finished ask =
        new Launcher()
            .with("LC_ALL", "C")
            .run(
                List.of(
                    "bash",
                    "-c",
                    "exec \"$0\" ask --model \"$(printf '/nowhere/\\303\\266.gguf')\" 'Hi?'",
                    script));
    assertThat(ask.exitCode()).isEqualTo(1);
    assertThat(ask.err()).contains("/nowhere/\u00f6.gguf").hasLineCount(1);
  }

  @Test
  void anOutputThatCannotBeWrittenIsAFailure() throws Exception {
    String script = Launcher.ROOT.resolve("terrarium").toString();
    List<String> full = List.of("bash", "-c", "exec \"$0\" \"$@\" >/dev/full", script);
    for (List<String> command : List.of(List.of("--version"), List.of("run", SENTIMENT))) {
      List<String> whole = new ArrayList<>(full);
      whole.addAll(command);
      Finished finished = new Launcher().input(reviews(2)).run(whole);
      assertThat(finished.exitCode()).isEqualTo(1);
      assertThat(finished.err()).contains("terrarium: cannot write to stdout");
      assertThat(finished.err()).doesNotContain("\tat ");
    }
  }

  @Test
  void helpAndVersionGoToStdout() throws Exception {
    Finished help = new Launcher().run("--help");
    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).contains("ask", "run", "doctor");
    Finished version = new Launcher().run("--version");
    assertThat(version.out()).contains("terrarium 0.", "Java 25");
  }

  @Test
  void launcherReportsAMissingJdk25(@TempDir Path empty) throws Exception {
    Finished ask =
        new Launcher()
            .with("TERRARIUM_JDKS", empty.toString())
            .with("TERRARIUM_JAVA_HOME", "")
            .with("JAVA_HOME", "")
            .with("HOME", empty.toString())
            .run("ask", "Hi?");
    assertThat(ask.exitCode()).isEqualTo(1);
    assertThat(ask.err()).contains("no JDK 25 found").hasLineCount(1);
  }

  @Test
  void buildReportsAMissingJdk25() throws Exception {
    Finished build =
        new Launcher()
            .run(
                List.of(
                    "mvn",
                    "-B",
                    "-o",
                    "-q",
                    "-N",
                    "-f",
                    Launcher.ROOT.resolve("pom.xml").toString(),
                    "-Dterrarium.jdk=[99,100)",
                    "validate"));
    assertThat(build.exitCode()).isNotZero();
    assertThat(build.out()).contains("Terrarium-needs-a-JDK-25-to-be-installed");
  }

  @Test
  void runLabelsLinesReportsBadOnesAndGoesOn() throws Exception {
    String lines = reviews(4) + "this is not JSON\n{\"wrong\": 1}\nnull\n" + reviews(2);
    Finished run = new Launcher().input(lines).run("run", SENTIMENT);
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .contains(
            "line 5: not a JSON object",
            "line 6: ",
            "review",
            "line 7: not a JSON object: null",
            "agreement: ",
            "3 lines failed");
    assertThat(run.out()).hasLineCount(6);
    for (String line : run.out().lines().toList()) {
      JsonNode outputs = JSON.readTree(line);
      assertThat(outputs.get("sentiment").asText()).isIn("positive", "negative");
    }
  }

  @Test
  void runReportsTheLineWhoseAnswerIsCutOff(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("p.yaml"),
            """
            instructions: Answer the question in five long sentences.
            inputs: {question: {type: string}}
            outputs: {answer: {type: string}}
            options: {temperature: 0, max_tokens: 8}
            """);
    Finished run =
        new Launcher().input("{\"question\": \"Why does it rain?\"}\n").run("run", file.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .contains("line 1: the model's answer was cut off by max_tokens=8", "1 lines failed");
  }

  @Test
  void oneContextAndTwoGiveTheSameResults() throws Exception {
    Finished one = new Launcher().input(reviews(10)).run("run", SENTIMENT);
    Finished two = new Launcher().input(reviews(10)).run("run", "--contexts", "2", SENTIMENT);
    assertThat(one.exitCode()).as(one.err()).isZero();
    assertThat(two.exitCode()).as(two.err()).isZero();
    assertThat(one.out()).hasLineCount(10).isEqualTo(two.out());
  }

  @Test
  void invalidProgramFileIsBadUsage(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(folder.resolve("p.yaml"), "inputs: {a: {type: string}}\nfoo: 1\n");
    assertUsage(new Launcher().run("run", file.toString()), "unknown key 'foo'");
    assertUsage(new Launcher().run("run", "/nowhere.yaml"), "/nowhere.yaml");
  }

  @Test
  void mistakeThatOnlyPythonFindsIsBadUsage(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("p.yaml"),
            "inputs: {signature: {type: string}}\noutputs: {out: {type: string}}\n");
    assertUsage(new Launcher().input("{}").run("run", file.toString()), file + ": ");
  }

  @Test
  void emptyInputPassesAndAMissingModelIsReportedOnce() throws Exception {
    String missing = "/nowhere/missing.gguf";
    Finished empty = new Launcher().input("\n \n").run("run", "--model", missing, SENTIMENT);
    assertThat(empty).isEqualTo(new Finished(0, "", ""));
    Finished run = new Launcher().input(reviews(3)).run("run", "--model", missing, SENTIMENT);
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains(missing).hasLineCount(1);
    String script = Launcher.ROOT.resolve("terrarium").toString();
    Finished closed =
        new Launcher().run(List.of("bash", "-c", "exec \"$0\" run \"$1\" <&-", script, SENTIMENT));
    assertThat(closed).isEqualTo(new Finished(0, "", ""));
  }

  @Test
  void doctorSaysWhetherPythonIsCompiled() throws Exception {
    Finished quick = new Launcher().run("doctor");
    Finished run = new Launcher().with("TERRARIUM_JIT", "on").run("doctor");

    assertThat(quick.out())
        .containsPattern("python +interpreted: ")
        .containsPattern("AOT cache +/.*quick.*\\.aot\\n")
        .containsPattern("image +none, a JDK");
    assertThat(run.out())
        .containsPattern("python +compiled ")
        .containsPattern("AOT cache +/.*long.*\\.aot\\n")
        .containsPattern("image +/");
    assertThat(run.exitCode()).as(run.out()).isZero();
  }

  /** Damaged files are found and removed, and the next start unpacks them again. */
  @Test
  void doctorFindsADamagedPackage() throws Exception {
    Finished healthy = new Launcher().run("doctor");
    assertThat(healthy.exitCode()).as(healthy.out()).isZero();
    assertThat(healthy.out()).contains("framework dspy", "framework langchain", "smollm2");

    // The folder that it named: the cache may hold those of other builds beside it.
    Path packages =
        healthy
            .out()
            .lines()
            .filter(line -> line.startsWith("packages ") && line.contains("dspy"))
            .map(line -> Path.of(line.replaceFirst("packages +\\S+ +(.*), whole", "$1")))
            .findFirst()
            .orElseThrow();
    Path victim;
    try (var files = Files.walk(packages)) {
      victim = files.filter(file -> file.endsWith("dspy/__init__.py")).findFirst().orElseThrow();
    }
    byte[] content = Files.readAllBytes(victim);
    content[0] ^= 1;
    Files.write(victim, content);

    Finished damaged = new Launcher().run("doctor");
    assertThat(damaged.exitCode()).isEqualTo(1);
    assertThat(damaged.out()).contains("WRONG", "dspy/__init__.py");
    assertThat(new Launcher().run("doctor").exitCode()).isZero();
    content[0] ^= 1;
    assertThat(Files.readAllBytes(victim)).isEqualTo(content);
  }

  @Test
  void doctorPrunesUnusedFolders(@TempDir Path cache) throws Exception {
    Path python = Files.createDirectories(cache.resolve("python/old-0123456789abcdef"));
    Path image = Files.createDirectories(cache.resolve("java/0123456789abcdef"));
    Files.writeString(python.resolve("a.py"), "a = 1");

    Finished doctor =
        new Launcher().with("TERRARIUM_CACHE", cache.toString()).run("doctor", "--prune");

    assertThat(doctor.exitCode()).as(doctor.out()).isZero();
    assertThat(doctor.out()).contains("pruned", python + ", 0 MiB", "2 folders, 0 MiB");
    assertThat(python).doesNotExist();
    assertThat(image).doesNotExist();
    try (var kept = Files.list(cache.resolve("python"))) {
      assertThat(kept.filter(Files::isDirectory)).hasSizeGreaterThan(1);
    }
    try (var kept = Files.list(cache.resolve("models"))) {
      assertThat(kept.filter(Files::isDirectory)).hasSize(1);
    }
  }

  private static String reviews(int count) throws Exception {
    try (var lines = Files.lines(EXAMPLES.resolve("reviews.jsonl"))) {
      return lines.limit(count).collect(Collectors.joining("\n", "", "\n"));
    }
  }
}
