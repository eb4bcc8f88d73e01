package dev.terrarium.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Traced;
import dev.terrarium.dspy.UntypedDspyProgram;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.model.ChatResponse.FinishReason;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code run}, which runs a program over lines of JSON, from stdin to stdout. */
@Command(
    name = "run",
    description = {
      "Runs a program over lines of JSON: terrarium run FILE.yaml < in.jsonl > out.jsonl",
      "Each line is an object with the program's inputs, each result an object of its outputs."
    },
    mixinStandardHelpOptions = true)
final class Run implements Callable<Integer> {

  /**
   * The number of lines in progress for each context: enough that no context waits for the reader.
   */
  private static final int LINES_PER_CONTEXT = 4;

  @Spec private CommandSpec spec;

  @Mixin private ModelOption model;

  @Mixin private ProgramOptions program;

  /** The result of one line: outputs, or an error; both when a text was cut off. */
  private record LineResult(
      long line,
      @Nullable Map<String, @Nullable Object> outputs,
      @Nullable String error,
      @Nullable Boolean agrees) {}

  /** One line of the input that is not blank. */
  private record Line(long number, String text) {}

  /** The lines of the input, read on demand. */
  private static final class Lines {

    private final BufferedReader in;
    private long number;
    private @Nullable String next;

    Lines(InputStream in) {
      this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    boolean hasNext() throws IOException {
      while (next == null || next.isBlank()) {
        next = in.readLine();
        if (next == null) {
          return false;
        }
        number++;
      }
      return true;
    }

    Line next() throws IOException {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Line line = new Line(number, Objects.requireNonNull(next));
      next = null;
      return line;
    }
  }

  private long failed;
  private long compared;
  private long agreed;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ProgramFile file = program.read(spec.commandLine());
    TerrariumConfig config = program.config(model, spec.commandLine());
    Lines lines = new Lines(System.in);
    if (!lines.hasNext()) {
      return 0;
    }
    try (Terrarium terrarium = Terrarium.start(config);
        ExecutorService callers = Executors.newFixedThreadPool(config.contexts());
        ProgressBar progress = ProgramOptions.progressBar("lines", -1)) {
      CompletableFuture<?> opened =
          CompletableFuture.supplyAsync(
              () -> terrarium.shared().languageModel(file.model()), callers);
      UntypedDspyProgram runnable = program.create(terrarium, file, spec.commandLine());
      Ask.join(opened); // otherwise each line would fail for this reason
      Deque<Future<LineResult>> underWay = new ArrayDeque<>();
      while (lines.hasNext()) {
        if (underWay.size() >= config.contexts() * LINES_PER_CONTEXT) {
          write(underWay.removeFirst(), progress);
        }
        Line line = lines.next();
        underWay.add(callers.submit(() -> runLine(file, runnable, line.number(), line.text())));
      }
      while (!underWay.isEmpty()) {
        write(underWay.removeFirst(), progress);
      }
    }
    if (compared > 0) {
      System.err.printf(
          "agreement: %d of %d (%.1f %%)%n", agreed, compared, 100.0 * agreed / compared);
    }
    if (failed > 0) {
      System.err.println("terrarium: " + failed + " lines failed");
      return 1;
    }
    return 0;
  }

  private static LineResult runLine(
      ProgramFile program, UntypedDspyProgram runnable, long number, String text) {
    try {
      Map<String, @Nullable Object> inputs = fields(text);
      if (inputs == null) {
        return new LineResult(number, null, "not a JSON object: null", null);
      }
      Object expected = program.takeExpected(inputs);
      Traced<Map<String, @Nullable Object>> traced = runnable.trace(inputs);
      return new LineResult(
          number, traced.outputs(), cutOff(traced), program.agrees(traced.outputs(), expected));
    } catch (JsonProcessingException e) {
      return new LineResult(number, null, "not a JSON object: " + e.getOriginalMessage(), null);
    } catch (TerrariumException e) {
      return new LineResult(number, null, e.getMessage(), null);
    }
  }

  private static @Nullable String cutOff(Traced<?> traced) {
    return traced.finishReason() == FinishReason.LENGTH
        ? "the last text of the answer was cut off at the limit of tokens; raise max_tokens"
        : null;
  }

  /** Returns the fields of a line, or null for the line {@code null}. */
  @SuppressWarnings("unchecked") // Jackson makes objects with text keys
  private static @Nullable Map<String, @Nullable Object> fields(String text)
      throws JsonProcessingException {
    return ProgramFile.JSON.readValue(text, LinkedHashMap.class);
  }

  private void write(Future<LineResult> pending, @Nullable ProgressBar progress)
      throws IOException, InterruptedException {
    LineResult outcome;
    try {
      outcome = pending.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    if (outcome.error() != null) {
      failed++;
      System.err.println("line " + outcome.line() + ": " + ProgramOptions.oneLine(outcome.error()));
    }
    if (outcome.outputs() != null) {
      System.out.println(ProgramFile.JSON.writeValueAsString(outcome.outputs()));
      Main.checkOutput();
    }
    if (outcome.agrees() != null) {
      compared++;
      agreed += outcome.agrees() ? 1 : 0;
    }
    if (progress != null) {
      progress.step();
    }
  }
}
