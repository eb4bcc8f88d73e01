package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.error.ArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A metric that is a function in a Python file, of which contexts get the text. Immutable. */
record PythonMetric<I, O>(String file, String source, String function) implements Metric<I, O> {

  /** The beginning of the name of such a metric. */
  static final String PREFIX = "python:";

  static <I, O> PythonMetric<I, O> of(String name) {
    int colon = name.lastIndexOf(':');
    if (colon < PREFIX.length()) {
      throw new ArgumentException(
          "metric: '" + name + "' names no function. Write python:FILE.py:FUNCTION.");
    }
    return of(Path.of(name.substring(PREFIX.length(), colon)), name.substring(colon + 1));
  }

  static <I, O> PythonMetric<I, O> of(Path file, String function) {
    try {
      return new PythonMetric<>(file.toString(), Files.readString(file), function);
    } catch (IOException e) {
      throw new ArgumentException("metric: the file " + file + " cannot be read: " + e, e);
    }
  }

  @Override
  public Score score(Example<I, O> example, O output, Optional<MetricTrace> trace) {
    throw new ArgumentException(
        "metric " + this + ": a function in Python is called by dspy.evaluate and dspy.optimize");
  }

  /** Returns what the function says of an output. */
  Score score(Adapter adapter, Example<I, O> example, O output) {
    Object result =
        adapter.call(
            "score_prediction",
            Map.of(
                "metric", toMap(),
                "inputs", PlainData.fields(example.input()),
                "expected", PlainData.fields(example.expected()),
                "outputs", PlainData.fields(output)));
    return read(result);
  }

  /** Returns the function in the form that the bridge's commands take. */
  Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("file", file);
    map.put("source", source);
    map.put("function", function);
    return map;
  }

  private static Score read(@Nullable Object result) {
    Map<?, ?> map = (Map<?, ?>) Objects.requireNonNull(result);
    Number score = (Number) Objects.requireNonNull(map.get("score"));
    return new Score(score.doubleValue(), Optional.ofNullable((String) map.get("feedback")));
  }

  @Override
  public String toString() {
    return PREFIX + file + ":" + function;
  }
}
