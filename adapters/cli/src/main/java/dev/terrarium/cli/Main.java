package dev.terrarium.cli;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.TerrariumException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code terrarium} command. Results go to stdout, everything else to stderr. The exit code is
 * 0 for success, 1 when something failed, 2 for bad usage or a bad configuration, and 130 when
 * interrupted.
 */
@Command(
    name = "terrarium",
    description = "Runs real Python AI frameworks inside one JVM process.",
    subcommands = {Ask.class, Run.class, Eval.class, Optimize.class, Doctor.class},
    versionProvider = Version.class,
    footer = "%n`terrarium bench` measures it beside CPython on your machine.",
    mixinStandardHelpOptions = true)
public final class Main implements Runnable {

  /** The root logger, referenced here because a logger without a reference loses its level. */
  private static final Logger LOGS = Logger.getLogger("");

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command.");
  }

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    if (System.getenv("TERRARIUM_TRACE") == null) {
      LOGS.setLevel(Level.SEVERE);
    }
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT); // programs read the figures, too
    System.exit(execute(args));
  }

  static int execute(String... args) {
    CommandLine commandLine = commandLine();
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          report(failure);
          return failure instanceof ConfigurationException ? ExitCode.USAGE : ExitCode.SOFTWARE;
        });
    commandLine.setParameterExceptionHandler(Main::reportBadUsage);
    int exitCode = commandLine.execute(args);
    try {
      checkOutput();
    } catch (IOException e) {
      if (exitCode == ExitCode.OK) { // otherwise an error was reported already
        report(e);
        return ExitCode.SOFTWARE;
      }
    }
    return exitCode;
  }

  /**
   * Returns the command line, in which a question may begin with an {@code @}: no file is read for
   * it.
   */
  static CommandLine commandLine() {
    return new CommandLine(new Main()).setExpandAtFiles(false);
  }

  /**
   * Fails when stdout cannot be written to, such as on a full disk, which a print stream does not
   * report.
   */
  static void checkOutput() throws IOException {
    if (System.out.checkError()) {
      throw new IOException("cannot write to stdout");
    }
  }

  /** Prints what is wrong and where the options are listed; for the root, all its usage. */
  private static int reportBadUsage(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("terrarium: " + failure.getMessage());
    if (command.getParent() == null) {
      UnmatchedArgumentException.printSuggestions(failure, err);
      command.usage(err);
    } else {
      err.println(
          "`" + command.getCommandSpec().qualifiedName() + " --help` lists arguments and options.");
    }
    return ExitCode.USAGE;
  }

  /** Prints one sentence for an expected failure, and the complete stack trace for any other. */
  private static void report(Exception failure) {
    boolean foreseen = failure instanceof TerrariumException || failure instanceof IOException;
    if (foreseen && System.getenv("TERRARIUM_TRACE") == null) {
      System.err.println("terrarium: " + failure.getMessage());
    } else {
      failure.printStackTrace();
    }
  }
}
