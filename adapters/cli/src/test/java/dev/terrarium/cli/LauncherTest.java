package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.cli.Launcher.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Tests of how the launcher chooses and makes the Java that it starts, with a fake JDK that prints
 * its arguments.
 */
@Tag("launcher")
@Execution(ExecutionMode.CONCURRENT)
class LauncherTest {

  /** A fake Java that prints its location and its arguments. */
  private static final String JAVA =
      """
      #!/bin/sh
      case "$1" in
        --list-modules) printf '%s\\n' java.base@25 jdk.graal.compiler@25 jdk.jlink@25 jdk.jfr@25 ;;
        *) echo "$0 $*" ;;
      esac
      """;

  /** A fake jlink that makes the files of the real one, and counts its runs. */
  private static final String JLINK =
      """
      #!/bin/sh
      jdk=$(dirname "$0")/..
      echo "$*" >>"$jdk/calls"
      for image; do :; done
      copy() { mkdir -p "$1/bin" "$1/lib" && cp "$jdk/bin/java" "$1/bin" && touch "$1/lib/modules" "$1/release"; }
      copy "$image"
      """;

  private static final List<String> HELP =
      List.of("adapters/cli/src/main/help", "jmh/src/main/help");

  private Path jdk;
  private Path cache;

  @BeforeEach
  void makeJdk(@TempDir Path folder) throws IOException {
    jdk = folder.resolve("jdk");
    cache = folder.resolve("cache");
    Files.createDirectories(jdk.resolve("bin"));
    Files.createDirectories(jdk.resolve("lib"));
    Files.createFile(jdk.resolve("lib/modules"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.99\"\n");
    program("java", JAVA);
    program("jlink", JLINK);
  }

  private void program(String name, String text) throws IOException {
    Path file = Files.writeString(jdk.resolve("bin").resolve(name), text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private Finished run(String jit, String... arguments) throws Exception {
    return new Launcher()
        .with("TERRARIUM_JAVA_HOME", jdk.toString())
        .with("TERRARIUM_CACHE", cache.toString())
        .with("TERRARIUM_JIT", jit)
        .run(arguments);
  }

  private List<Path> images() throws IOException {
    try (Stream<Path> images = Files.list(Files.createDirectories(cache.resolve("java")))) {
      return images.toList();
    }
  }

  @Test
  void whatRunsLongGetsAnImageThatIsMadeOnce() throws Exception {
    Finished first = run("", "run", "program.yaml");
    Finished second = run("", "run", "program.yaml");

    assertThat(first.err())
        .contains("terrarium: step 1 of 2: making a Java that compiles Python (")
        .contains("once for this JDK; 220 MB in " + images().getFirst())
        .containsPattern("terrarium: step 1 of 2 took \\d+\\.\\d s\n")
        .contains("terrarium: step 2 of 2: training the start-up cache (");
    assertThat(second.err()).doesNotContain("once for this JDK");
    assertThat(Files.readString(jdk.resolve("calls")))
        .contains("--add-modules java.base,jdk.jfr ")
        .hasLineCount(1);
    assertThat(List.of(first, second))
        .allSatisfy(
            finished ->
                assertThat(finished.out())
                    .startsWith(images().getFirst() + "/bin/java ")
                    .contains("-XX:+EnableJVMCI", "/dist/compiler --add-modules jdk.graal.compiler")
                    .endsWith(" run program.yaml\n"));
  }

  @Test
  void theRestStartsQuickly() throws Exception {
    for (String command : List.of("ask", "doctor")) {
      assertThat(run("", command).out())
          .startsWith(jdk.resolve("bin/java") + " ")
          .doesNotContain("JVMCI");
    }
    assertThat(images()).isEmpty();
  }

  @Test
  void theVariableDecidesForOneCommand() throws Exception {
    assertThat(run("on", "ask").out()).contains("-XX:+EnableJVMCI");
    assertThat(run("off", "run", "program.yaml").out()).doesNotContain("JVMCI");

    Finished wrong = run("yes", "ask");
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.err()).contains("TERRARIUM_JIT is 'yes'; it may be on or off");
  }

  @Test
  void withoutJlinkPythonStaysInterpreted() throws Exception {
    Files.delete(jdk.resolve("bin/jlink"));

    Finished run = run("", "run", "program.yaml");

    assertThat(run.err()).contains(jdk + " has no jlink: Python stays interpreted");
    assertThat(run.out()).startsWith(jdk.resolve("bin/java") + " ").doesNotContain("JVMCI");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void anImageThatCannotBeMadeLeavesNothing() throws Exception {
    program("jlink", JLINK + "exit 1\n");

    Finished run = run("", "run", "program.yaml");

    assertThat(run.err()).contains("it could not be made (see ", "Python stays interpreted");
    assertThat(run.out()).startsWith(jdk.resolve("bin/java") + " ").doesNotContain("JVMCI");
    assertThat(run.exitCode()).isZero();
    assertThat(images()).isEmpty();
  }

  @Test
  void anImageThatAnotherProcessMadeMeanwhileIsTaken() throws Exception {
    program("jlink", JLINK + "copy \"${image%.*}\"\n");

    Finished run = run("", "run", "program.yaml");

    assertThat(run.out()).startsWith(images().getFirst() + "/bin/java ");
    assertThat(images()).hasSize(1);
  }

  @Test
  void javaGetsUtf8WhateverTheLocale() throws Exception {
    program("java", "#!/bin/sh\nlocale charmap\n");

    Finished run =
        new Launcher()
            .with("TERRARIUM_JAVA_HOME", jdk.toString())
            .with("LC_ALL", "C")
            .run("doctor");

    assertThat(run.out()).isEqualTo("UTF-8\n");
    assertThat(run.exitCode()).as(run.err()).isZero();
  }

  @Test
  void withoutAHomeItStarts() throws Exception {
    String script = Launcher.ROOT.resolve("terrarium").toString();

    Finished run =
        new Launcher()
            .with("TERRARIUM_JAVA_HOME", jdk.toString())
            .run(List.of("env", "-u", "HOME", script, "doctor"));

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).endsWith(" doctor\n");
  }

  @Test
  void anImageThatIsInterruptedLeavesNothingAndEndsTheCommand() throws Exception {
    program("jlink", JLINK + "kill -INT $PPID\n");

    String script = Launcher.ROOT.resolve("terrarium").toString();

    Finished run =
        new Launcher()
            .with("TERRARIUM_JAVA_HOME", jdk.toString())
            .with("TERRARIUM_CACHE", cache.toString())
            .with("TERRARIUM_JIT", "")
            // A shell cannot trap what was ignored when it started, as for what runs behind nohup.
            .run(List.of("env", "--default-signal=INT", script, "run", "program.yaml"));

    assertThat(run.exitCode()).isEqualTo(130);
    assertThat(run.out()).isEmpty();
    assertThat(images()).isEmpty();
  }

  @Test
  void itBuildsWhatIsNotBuiltWholeAndWhatIsNewer() throws Exception {
    Path root = jdk.resolveSibling("root");
    Path source = Files.createDirectories(root.resolve("engine/src/main")).resolve("Some.java");
    Files.createFile(source);
    Path script = copyLauncher(root);
    List<String> command = List.of("bash", script.toString(), "doctor");
    Launcher launcher =
        new Launcher()
            .with("TERRARIUM_JAVA_HOME", jdk.toString())
            .with("MAVEN_PROJECTBASEDIR", "")
            .input("lines\n")
            .with("PATH", jdk.resolve("bin") + ":" + System.getenv("PATH"));

    program("mvn", "#!/bin/sh\nexit 1\n");
    Finished interrupted = launcher.run(command);
    program(
        "mvn",
        """
        #!/bin/sh -e
        mkdir -p "${3%/*}/adapters/cli"
        cd "${3%/*}/adapters/cli"
        cat # all that is there to be read
        echo '[INFO] Building Terrarium: engine 1.0-SNAPSHOT   [1/2]'
        echo '[INFO] Downloaded from central: https://registry.example/a.jar (950 kB at 1.0 MB/s)'
        echo '[INFO] Building Terrarium: Python snakes 1.0-SNAPSHOT   [2/2]'
        echo 'snakes, step 1 of 1: fetching' >&2
        echo 'snakes, step 1 of 1 took 0.5 s, 1.5 MB fetched' >&2
        echo '[WARNING] about nothing'
        mkdir -p target/dist/lib target/dist/compiler
        echo "$JAVA25_HOME" >target/jdk
        touch target/dist/compiler/some.jar target/dist/lib/some.jar
        bash ../../terrarium --train-start-up-cache
        echo '[INFO] BUILD SUCCESS'
        """);
    program("java", JAVA + "cat\n");
    Finished again = launcher.run(command);
    Finished built = launcher.run(command);
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(2)));
    Finished newer = launcher.run(command);

    assertThat(interrupted.exitCode()).isEqualTo(1);
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.err()).contains("building", "it could not be trained");
    assertThat(again.err().replaceAll("\\d+\\.\\d s", "N s").lines())
        .containsSubsequence(
            "terrarium: step 1 of 2: building engine",
            "terrarium: step 1 of 2 took N s, 1.0 MB fetched",
            "terrarium: step 2 of 2: building Python snakes",
            "snakes, step 1 of 1: fetching",
            "terrarium: command line, step 1 of 1: training the start-up cache (once for these"
                + " jars)",
            "terrarium: step 2 of 2 took N s, 1.5 MB fetched",
            "terrarium: built in N s, 2.5 MB fetched")
        .noneMatch(line -> line.startsWith("["));
    assertThat(built.exitCode()).as(built.err()).isZero();
    assertThat(built.err()).doesNotContain("building");
    assertThat(newer.err()).contains("building");
    assertThat(List.of(again, built, newer))
        .allSatisfy(finished -> assertThat(finished.out()).endsWith(" doctor\nlines\n"));
    assertThat(root.resolve("adapters/cli/target/jdk")).hasContent(jdk.toString());
  }

  /** Copies the launcher and the help texts by which it knows the commands. */
  private static Path copyLauncher(Path root) throws IOException {
    List<Path> files = new ArrayList<>(List.of(Launcher.ROOT.resolve("terrarium")));
    for (String folder : HELP) {
      try (Stream<Path> texts = Files.list(Launcher.ROOT.resolve(folder))) {
        files.addAll(texts.toList());
      }
    }
    for (Path file : files) {
      Path copy = root.resolve(Launcher.ROOT.relativize(file));
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return root.resolve("terrarium");
  }

  /** Runs the launcher alone, in a folder where nothing is built and Maven does not work. */
  private Finished unbuilt(String... arguments) throws Exception {
    Path root = jdk.resolveSibling("unbuilt");
    Path script = copyLauncher(root);
    Path pom = root.resolve("pom.xml");
    Files.copy(Launcher.ROOT.resolve("pom.xml"), pom, StandardCopyOption.REPLACE_EXISTING);
    program("mvn", "#!/bin/sh\nexit 99\n");
    List<String> command = new ArrayList<>(List.of("bash", script.toString()));
    command.addAll(List.of(arguments));
    return new Launcher()
        .with("TERRARIUM_JAVA_HOME", jdk.toString())
        .with("MAVEN_PROJECTBASEDIR", "")
        .with("PATH", jdk.resolve("bin") + ":" + System.getenv("PATH"))
        .run(command);
  }

  @Test
  void helpVersionAndMistakesNeedNoBuild() throws Exception {
    Files.writeString(
        jdk.resolve("release"), "JAVA_VERSION=\"25.0.99\"\nJAVA_RUNTIME_VERSION=\"25.0.99+7\"\n");

    assertThat(unbuilt("--help").out()).startsWith("Usage: terrarium ");
    for (String command : List.of("ask", "run", "doctor", "bench")) {
      assertThat(unbuilt(command, "--help").out()).startsWith("Usage: terrarium " + command + " ");
    }
    assertThat(unbuilt("--version").out()).matches("terrarium \\S+\nJava 25\\.0\\.99\\+7\n");
    Finished misspelt = unbuilt("aks", "Hi?");
    assertThat(misspelt.exitCode()).isEqualTo(2);
    assertThat(misspelt.out()).isEmpty();
    assertThat(misspelt.err()).startsWith("terrarium: There is no command 'aks'.\nUsage: ");
    assertThat(unbuilt().err()).startsWith("terrarium: Name a command.\nUsage: ");
    assertThat(unbuilt("doctor").exitCode()).isEqualTo(99); // Maven's own
  }

  @Test
  void closedStreamIsNoFileOfTheJvm() throws Exception {
    program(
        "java",
        """
        #!/bin/sh
        streams=$(readlink "/proc/$$/fd/0" "/proc/$$/fd/1" "/proc/$$/fd/2")
        echo "$streams" >>"${0%/bin/java}/streams"
        """);
    String script = Launcher.ROOT.resolve("terrarium").toString();

    Finished closed =
        new Launcher()
            .with("TERRARIUM_JAVA_HOME", jdk.toString())
            .with("TERRARIUM_CACHE", cache.toString())
            .run(List.of("bash", "-c", "exec \"$0\" doctor <&- >&- 2>&-", script));

    assertThat(closed.exitCode()).isZero();
    assertThat(Files.readAllLines(jdk.resolve("streams")))
        .endsWith("/dev/null", "/dev/full", "/dev/null");
  }
}
