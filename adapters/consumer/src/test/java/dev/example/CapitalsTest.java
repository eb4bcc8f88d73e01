package dev.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A project that only names Maven dependencies: started by plain {@code java -cp}, and as a module
 * by {@code java -p}, with no flag, no environment, an empty PATH and an empty cache folder.
 */
class CapitalsTest {

  private static final Path CLASSES = Path.of("target/classes").toAbsolutePath();

  private record Finished(int exitCode, String out, String err) {}

  @Test
  void answersWithoutPythonOnTheMachineAndWithoutFlags(@TempDir Path folder) throws Exception {
    Path home = Files.createDirectory(folder.resolve("home"));
    Path emptyPath = Files.createDirectory(folder.resolve("bin"));

    Finished first = run(home, emptyPath, onTheClassPath());
    assertEquals(0, first.exitCode(), first.err());
    assertTrue(first.out().contains("Paris"), first.out() + first.err());
    assertTrue(first.out().contains("{words=6}"), first.out());

    Path packages = home.resolve(".cache/terrarium/python");
    List<String> laidOut = files(packages);
    assertTrue(laidOut.stream().anyMatch(file -> file.endsWith("dspy/__init__.py")), "unpacked");

    // The process exits by itself, without System.exit, and a second one finds all in place.
    Finished second = run(home, emptyPath, onTheClassPath());
    assertEquals(0, second.exitCode(), second.err());
    assertEquals(first.out(), second.out());
    assertEquals(laidOut, files(packages), "nothing is laid out, compiled or copied again");
    assertFalse(second.err().contains("Traceback"), second.err());

    Finished agent = run(home, emptyPath, List.of("-cp", classPath(), "dev.example.AtlasAgent"));
    assertEquals(0, agent.exitCode(), agent.err());
    assertTrue(
        agent.out().contains("capital{country=France} -> The capital of France is Paris."),
        agent.out());
    assertTrue(agent.out().lines().toList().getLast().contains("Paris"), agent.out());

    Finished asModule = run(home, emptyPath, onTheModulePath(folder.resolve("module")));
    assertEquals(0, asModule.exitCode(), asModule.err());
    assertEquals(first.out(), asModule.out());
  }

  private static Finished run(Path home, Path path, List<String> program)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile(home, "out", ".txt");
    Path err = Files.createTempFile(home, "err", ".txt");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java, "-Duser.home=" + home));
    command.addAll(program);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().put("PATH", path.toString());
    builder.environment().put("HOME", home.toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "ended by itself");
    } finally {
      process.destroyForcibly();
    }
    return new Finished(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static List<String> onTheClassPath() {
    return List.of("-cp", classPath(), "dev.example.Capitals");
  }

  /** Compiles the same program as a module, whose records Terrarium may read and make. */
  private static List<String> onTheModulePath(Path module) throws IOException {
    Files.createDirectories(module);
    Path description =
        Files.writeString(
            module.resolve("module-info.java"),
            """
            module dev.example {
              requires dev.terrarium.dspy;
              requires dev.terrarium.smollm2;

              opens dev.example to
                  dev.terrarium.engine;
            }
            """);
    String jars =
        Arrays.stream(classPath().split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).equals(CLASSES))
            .collect(Collectors.joining(File.pathSeparator));
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-p",
                jars,
                "-d",
                module.toString(),
                description.toString(),
                "src/main/java/dev/example/Capitals.java");
    assertEquals(0, status, "compiled as a module");
    Files.copy(CLASSES.resolve("wordcount.py"), module.resolve("wordcount.py"));
    return List.of(
        "-p", module + File.pathSeparator + jars, "-m", "dev.example/dev.example.Capitals");
  }

  /**
   * The class path of this project's main code, as Maven resolved it, without the test libraries.
   */
  private static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !entry.contains("junit") && !entry.contains("test-classes"))
        .filter(entry -> !entry.contains("opentest4j") && !entry.contains("surefire"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static List<String> files(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).map(Path::toString).sorted().toList();
    }
  }
}
