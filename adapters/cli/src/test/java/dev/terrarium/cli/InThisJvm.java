package dev.terrarium.cli;

import dev.terrarium.cli.Launcher.Finished;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A runner of commands in the JVM of the tests, in which only the first one waits for Python to
 * warm up. It replaces the JVM's streams meanwhile: one command at a time.
 */
final class InThisJvm {

  private static final Logger LOGS = Logger.getLogger("");

  private InThisJvm() {}

  static Finished run(String... arguments) {
    return runWith("", arguments);
  }

  /** Runs a command that reads this text from stdin. */
  static synchronized Finished runWith(String input, String... arguments) {
    InputStream in = System.in;
    PrintStream out = System.out;
    PrintStream err = System.err;
    Level level = LOGS.getLevel();
    ByteArrayOutputStream results = new ByteArrayOutputStream();
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    try {
      System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
      System.setOut(new PrintStream(results, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(messages, true, StandardCharsets.UTF_8));
      LOGS.setLevel(Level.SEVERE); // as main does
      int exitCode = Main.execute(arguments);
      return new Finished(
          exitCode,
          results.toString(StandardCharsets.UTF_8),
          messages.toString(StandardCharsets.UTF_8));
    } finally {
      System.setIn(in);
      System.setOut(out);
      System.setErr(err);
      LOGS.setLevel(level);
    }
  }
}
