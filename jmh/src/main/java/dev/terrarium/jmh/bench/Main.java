package dev.terrarium.jmh.bench;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.TerrariumException;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command {@code terrarium bench}. Progress goes to stderr; the exit code is 0, 1 when
 * something failed and 2 for bad usage.
 */
@CommandLine.Command(
    name = "terrarium bench",
    description = "Measures Terrarium beside what else runs Python from Java.",
    subcommands = {
      All.class,
      Echo.class,
      Start.class,
      WarmUp.class,
      Scale.class,
      Micro.class,
      PoolAlone.class,
      Load.class,
      Report.class
    },
    mixinStandardHelpOptions = true)
public final class Main implements Runnable {

  /** The root logger, kept: a logger that nobody holds loses its level. */
  private static final Logger LOGS = Logger.getLogger("");

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command.");
  }

  /** Runs the command and ends the process. */
  public static void main(String[] arguments) {
    LOGS.setLevel(Level.SEVERE);
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    System.exit(execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main()).setExpandAtFiles(false);
  }

  static int execute(String... arguments) {
    CommandLine commandLine = commandLine();
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          report(failure);
          return failure instanceof ConfigurationException ? ExitCode.USAGE : ExitCode.SOFTWARE;
        });
    return commandLine.execute(arguments);
  }

  /** One sentence for what is foreseen; the whole trace for what is not. */
  private static void report(Exception failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof TerrariumException || cause instanceof IllegalArgumentException) {
      System.err.println("terrarium bench: " + cause.getMessage());
    } else {
      cause.printStackTrace();
    }
  }
}
