package dev.terrarium.dspy;

import dev.terrarium.MessageFormat;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an optimization has learnt so far: the answers that its own requests got, by the request,
 * and the results of candidates on examples, by the state and the number of the example. An
 * optimization asks for each of them once, as DSPy does with its cache. With a file, the same
 * optimization goes on in another process where it had ended. Thread-safe.
 */
final class Checkpoint {

  private static final String RUN = "run";
  private static final String ANSWERS = "answers";
  private static final String RESULTS = "results";
  private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  private final @Nullable Path file;
  private final Map<String, @Nullable Object> run;
  private final Map<String, @Nullable Object> answers;
  private final Map<String, Map<String, @Nullable Object>> results = new LinkedHashMap<>();

  private Checkpoint(
      @Nullable Path file,
      Map<String, @Nullable Object> run,
      Map<String, @Nullable Object> answers) {
    this.file = file;
    this.run = run;
    this.answers = answers;
  }

  /**
   * Opens a checkpoint, which is empty if there is no file yet.
   *
   * @param run what the optimization depends on, as plain data
   * @throws ArgumentException when the file is of another optimization, with what differs, or is no
   *     checkpoint
   */
  static Checkpoint open(Optional<Path> given, Map<String, @Nullable Object> run) {
    Path file = given.orElse(null);
    if (file == null || !Files.exists(file)) {
      return new Checkpoint(file, run, new LinkedHashMap<>());
    }
    try {
      Map<String, @Nullable Object> all =
          MessageFormat.JSON.read(Files.readAllBytes(file), MAX_BYTES);
      check(file, UntypedDspyProgram.named(all.get(RUN)), run);
      Checkpoint checkpoint = new Checkpoint(file, run, UntypedDspyProgram.named(all.get(ANSWERS)));
      UntypedDspyProgram.named(all.get(RESULTS))
          .forEach((state, each) -> checkpoint.results.put(state, UntypedDspyProgram.named(each)));
      return checkpoint;
    } catch (IOException | ConversionException e) {
      throw new ArgumentException(
          "checkpoint: the file " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static void check(
      Path file, Map<String, @Nullable Object> found, Map<String, @Nullable Object> run) {
    for (String key : run.keySet()) {
      if (!Objects.equals(found.get(key), run.get(key))) {
        throw new ArgumentException(
            "checkpoint: the file "
                + file
                + " is of another optimization: its "
                + key
                + " is "
                + found.get(key)
                + ", and that of this one "
                + run.get(key)
                + ". Name another file, or delete this one.");
      }
    }
  }

  synchronized @Nullable Object answer(String key) {
    return answers.get(key);
  }

  synchronized void putAnswer(String key, @Nullable Object answer) {
    answers.put(key, answer);
  }

  /** Returns the result of a state on an example, or null. */
  synchronized @Nullable Map<?, ?> result(String state, int number) {
    return (Map<?, ?>) results.getOrDefault(state, Map.of()).get(String.valueOf(number));
  }

  synchronized void putResult(String state, int number, Map<String, @Nullable Object> result) {
    results
        .computeIfAbsent(state, each -> new LinkedHashMap<>())
        .put(String.valueOf(number), result);
  }

  /** Writes the file, at once or not at all. */
  synchronized void save() {
    if (file == null) {
      return;
    }
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put(RUN, run);
    all.put(ANSWERS, answers);
    all.put(RESULTS, results);
    try {
      AtomicFile.write(file, MessageFormat.JSON.write(all));
    } catch (IOException e) {
      throw new ArgumentException("checkpoint: the file " + file + " cannot be written: " + e, e);
    }
  }
}
