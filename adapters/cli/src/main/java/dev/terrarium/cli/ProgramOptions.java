package dev.terrarium.cli;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.UntypedDspyProgram;
import dev.terrarium.error.ArgumentException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** The options of commands that run a program of a file. */
final class ProgramOptions {

  @Parameters(index = "0", paramLabel = "FILE.yaml", description = "The program, one of DSPy.")
  private Path file = Path.of("");

  @Option(
      names = "--state",
      paramLabel = "FILE.json",
      description = "The program's state, as `optimize` or DSPy's module.save wrote it.")
  private @Nullable Path state;

  @Option(
      names = "--contexts",
      paramLabel = "N",
      description = "What TERRARIUM_CONTEXTS says when left out, else 1.")
  private @Nullable Integer contexts;

  /** Reads the program's file; a mistake in the file is reported as bad usage. */
  ProgramFile read(CommandLine commandLine) {
    return ProgramFile.read(file, commandLine);
  }

  /** Returns the configuration, in which options take precedence over the environment. */
  TerrariumConfig config(ModelOption model, CommandLine commandLine) {
    TerrariumConfig.Builder config = TerrariumConfig.from(TerrariumConfig.ofEnvironment());
    if (contexts != null && contexts < 1) {
      throw new ParameterException(commandLine, "--contexts: " + contexts + " is below 1.");
    }
    if (contexts != null) {
      config.contexts(contexts);
    } else if (System.getenv("TERRARIUM_CONTEXTS") == null) {
      config.contexts(1);
    }
    model.apply(config);
    return config.build();
  }

  /**
   * Creates the program in its state; when Python refuses one of them, that is a mistake in its
   * file, too.
   */
  UntypedDspyProgram create(Terrarium terrarium, ProgramFile program, CommandLine commandLine) {
    Dspy dspy = terrarium.adapter(Dspy.class);
    UntypedDspyProgram created;
    try {
      created = dspy.program(program.spec());
    } catch (ArgumentException e) {
      throw wrong(commandLine, file, e);
    }
    if (state != null) {
      try {
        created.load(state);
      } catch (ArgumentException e) {
        throw new ParameterException(commandLine, oneLine(e.getMessage()), e);
      } catch (UncheckedIOException e) {
        throw new ParameterException(commandLine, e.getMessage() + ": " + e.getCause(), e);
      }
    }
    return created;
  }

  private static ParameterException wrong(
      CommandLine commandLine, Path file, ArgumentException failure) {
    return new ParameterException(
        commandLine, file + ": " + oneLine(failure.getMessage()), failure);
  }

  /**
   * Replaces the line breaks of a message, such as those of a traceback or an answer, by blanks.
   */
  static String oneLine(@Nullable String message) {
    return String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /**
   * Returns a progress bar on a terminal, which the launcher reports, or else null.
   *
   * @param total the number of steps, or -1
   */
  static @Nullable ProgressBar progressBar(String name, long total) {
    if (!"1".equals(System.getenv("TERRARIUM_TERMINAL"))) {
      return null;
    }
    return new ProgressBarBuilder().setTaskName(name).setInitialMax(total).build();
  }
}
