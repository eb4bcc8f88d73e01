package dev.terrarium.dspy;

import dev.terrarium.MessageFormat;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an optimization has learnt so far: the answers that its own requests got, by the request,
 * and the results of candidates on examples, by the state and the number of the example. An
 * optimization asks for each of them once, as DSPy does with its cache. Thread-safe.
 *
 * <p>With a file, the same optimization goes on in another process where it had ended. The file has
 * a line of JSON for the optimization, and one for each thing that was learnt, which is written at
 * once. So a process that is killed loses at most the line that it was writing.
 */
final class Checkpoint implements AutoCloseable {

  private static final String RUN = "run";
  private static final String ANSWER = "answer";
  private static final String STATE = "state";
  private static final String NUMBER = "number";
  private static final String VALUE = "value";
  private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  private final @Nullable Path file;
  private final Map<String, @Nullable Object> answers = new LinkedHashMap<>();
  private final Map<String, Map<String, @Nullable Object>> results = new LinkedHashMap<>();

  /**
   * The file; null without one, and at the end. No interruption closes it, as one does a channel.
   */
  private @Nullable RandomAccessFile opened;

  private Checkpoint(@Nullable Path file) {
    this.file = file;
  }

  /** Returns a checkpoint without a file. */
  static Checkpoint inMemory() {
    return new Checkpoint(null);
  }

  /**
   * Opens a checkpoint, which is empty if there is no file yet.
   *
   * @param run what the optimization depends on, as plain data
   * @throws ArgumentException when the file is of another optimization, with what differs; when it
   *     is no checkpoint, with the line; and when another optimization has it open
   */
  static Checkpoint open(Optional<Path> file, Map<String, @Nullable Object> run) {
    Checkpoint checkpoint = new Checkpoint(file.orElse(null));
    try {
      checkpoint.open(run);
    } catch (Throwable e) {
      checkpoint.close();
      throw e;
    }
    return checkpoint;
  }

  private synchronized void open(Map<String, @Nullable Object> run) {
    if (file == null) {
      return;
    }
    try {
      opened = new RandomAccessFile(file.toFile(), "rw");
      if (!isLocked(opened.getChannel())) {
        throw new ArgumentException(
            "checkpoint: another optimization has the file " + file + " open. Name another one.");
      }
      byte[] bytes = Files.readAllBytes(file);
      int whole = read(bytes, run);
      opened.setLength(whole);
      opened.seek(whole);
      if (whole == 0) {
        write(Map.of(RUN, run));
      }
    } catch (IOException e) {
      throw new ArgumentException("checkpoint: the file " + file + " cannot be opened: " + e, e);
    }
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Reads all lines that end, and returns where the last one does. */
  private int read(byte[] bytes, Map<String, @Nullable Object> run) {
    int begin = 0;
    int number = 0;
    for (int end = 0; end < bytes.length; end++) {
      if (bytes[end] == '\n') {
        read(++number, Arrays.copyOfRange(bytes, begin, end), run);
        begin = end + 1;
      }
    }
    if (number == 0 && bytes.length > 0) {
      throw unreadable(1, "it has no end", null);
    }
    return begin;
  }

  private void read(int number, byte[] bytes, Map<String, @Nullable Object> run) {
    Map<String, @Nullable Object> line;
    try {
      line = MessageFormat.JSON.read(bytes, MAX_BYTES);
    } catch (ConversionException e) {
      throw unreadable(number, e.getMessage(), e);
    }
    if (number == 1 && line.get(RUN) instanceof Map<?, ?> found) {
      check(found, run);
    } else if (number > 1 && line.get(ANSWER) instanceof String key) {
      answers.put(key, line.get(VALUE));
    } else if (number > 1
        && line.get(STATE) instanceof String state
        && line.get(NUMBER) instanceof Number example) {
      results(state).put(String.valueOf(example), line.get(VALUE));
    } else {
      throw unreadable(number, "it is of no kind that a checkpoint has there", null);
    }
  }

  private ArgumentException unreadable(
      int line, @Nullable String reason, @Nullable Throwable cause) {
    return new ArgumentException(
        "checkpoint: the file " + file + " cannot be read, line " + line + ": " + reason, cause);
  }

  private void check(Map<?, ?> found, Map<String, @Nullable Object> run) {
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
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put(ANSWER, key);
    line.put(VALUE, answer);
    write(line);
  }

  /** Returns the result of a state on an example, or null. */
  synchronized @Nullable Map<?, ?> result(String state, int number) {
    return (Map<?, ?>) results.getOrDefault(state, Map.of()).get(String.valueOf(number));
  }

  synchronized void putResult(String state, int number, Map<String, @Nullable Object> result) {
    results(state).put(String.valueOf(number), result);
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put(STATE, state);
    line.put(NUMBER, (long) number);
    line.put(VALUE, result);
    write(line);
  }

  private Map<String, @Nullable Object> results(String state) {
    return results.computeIfAbsent(state, each -> new LinkedHashMap<>());
  }

  private void write(Map<String, ?> line) {
    if (opened == null) {
      return;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(MessageFormat.JSON.write(line));
    bytes.write('\n');
    try {
      opened.write(bytes.toByteArray());
    } catch (IOException e) {
      throw new ArgumentException("checkpoint: the file " + file + " cannot be written: " + e, e);
    }
  }

  /** Closes the file; what is learnt after that is not written. */
  @Override
  public synchronized void close() {
    RandomAccessFile open = opened;
    opened = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        throw new ArgumentException("checkpoint: the file " + file + " cannot be closed: " + e, e);
      }
    }
  }
}
