package dev.terrarium.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A second JVM for a test, such as one that is killed while it works. It has this JVM's class path,
 * and the flags that Terrarium asks for.
 */
public final class JavaProcess {

  private static final List<String> FLAGS =
      List.of(
          "-Xss64m",
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  private JavaProcess() {}

  /**
   * Returns the builder of a process that runs a program. The caller starts it, and ends it.
   *
   * @param main the class with the program's {@code main}
   */
  public static ProcessBuilder of(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }
}
