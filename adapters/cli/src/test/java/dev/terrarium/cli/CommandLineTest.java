package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.cli.Launcher.Finished;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the command as a subprocess: its output and its exit codes. */
@Tag("launcher")
class CommandLineTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SENTIMENT = Examples.SENTIMENT;

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
  void aBadValueOfTheEnvironmentIsBadUsage() throws Exception {
    for (List<String> command : List.of(List.of("ask", "Hi?"), List.of("run", SENTIMENT))) {
      Finished finished =
          new Launcher().with("TERRARIUM_IMPORTS", "some").run(command.toArray(String[]::new));
      finished.assertBadUsage("TERRARIUM_IMPORTS: 'some'");
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
    new Launcher().run().assertBadUsage("Name a command.");
    new Launcher().run("sing").assertBadUsage("sing");
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
      Finished finished = new Launcher().input(Examples.reviews(2)).run(whole);
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
    String lines =
        Examples.reviews(4) + "this is not JSON\n{\"wrong\": 1}\nnull\n" + Examples.reviews(2);
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
  void emptyInputPassesAndAMissingModelIsReportedOnce() throws Exception {
    String missing = "/nowhere/missing.gguf";
    Finished empty = new Launcher().input("\n \n").run("run", "--model", missing, SENTIMENT);
    assertThat(empty).isEqualTo(new Finished(0, "", ""));
    Finished run =
        new Launcher().input(Examples.reviews(3)).run("run", "--model", missing, SENTIMENT);
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
  void doctorPrunesUnusedFoldersAndFindsADamagedPackage(@TempDir Path cache) throws Exception {
    Path python = Files.createDirectories(cache.resolve("python/old-0123456789abcdef"));
    Path image = Files.createDirectories(cache.resolve("java/0123456789abcdef"));
    Files.writeString(python.resolve("a.py"), "a = 1");
    Launcher launcher = new Launcher().with("TERRARIUM_CACHE", cache.toString());

    Finished healthy = launcher.run("doctor", "--prune");

    assertThat(healthy.exitCode()).as(healthy.out()).isZero();
    assertThat(healthy.out()).contains("pruned", python + ", 0 MiB", "2 folders, 0 MiB");
    assertThat(healthy.out()).contains("framework dspy", "framework langchain", "smollm2");
    assertThat(python).doesNotExist();
    assertThat(image).doesNotExist();
    try (var kept = Files.list(cache.resolve("python"))) {
      assertThat(kept.filter(Files::isDirectory)).hasSizeGreaterThan(1);
    }
    try (var kept = Files.list(cache.resolve("models"))) {
      assertThat(kept.filter(Files::isDirectory)).hasSize(1);
    }

    Path victim;
    try (var files = Files.walk(cache.resolve("python"))) {
      victim = files.filter(file -> file.endsWith("dspy/__init__.py")).findFirst().orElseThrow();
    }
    byte[] content = Files.readAllBytes(victim);
    content[0] ^= 1;
    Files.write(victim, content);

    Finished damaged = launcher.run("doctor");
    assertThat(damaged.exitCode()).isEqualTo(1);
    assertThat(damaged.out()).contains("WRONG", "dspy/__init__.py");
    assertThat(launcher.run("doctor").exitCode()).isZero();
    content[0] ^= 1;
    assertThat(Files.readAllBytes(victim)).isEqualTo(content);
  }
}
