package dev.terrarium.jmh;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.MessageFormat;
import dev.terrarium.Terrarium;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A warm call that echoes a value, by the value's shape and size and by how it is given: as Java
 * values, or as a message that is read, and answered by one that is written. One operation is the
 * way there and back.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class Marshalling extends Microbenchmark {

  /** What is echoed, of so many elements: entries, records, numbers, characters or bytes. */
  public enum Shape {
    MAP,
    NESTED_RECORDS,
    TEXT,
    LIST_OF_FLOATS,
    LIST_OF_INTS,
    DOUBLE_ARRAY,
    BYTES;

    Object value(int size) {
      return switch (this) {
        case MAP ->
            IntStream.range(0, size)
                .boxed()
                .collect(Collectors.toMap(i -> "key-" + i, i -> "to be or not to be"));
        case NESTED_RECORDS ->
            IntStream.range(0, size)
                .mapToObj(i -> new Review("a review", i, List.of(new Score("style", i / 2.0))))
                .toList();
        case TEXT -> "0123456789".repeat(size / 10);
        case LIST_OF_FLOATS -> IntStream.range(0, size).mapToObj(i -> i / 2.0).toList();
        case LIST_OF_INTS -> IntStream.range(0, size).mapToObj(Long::valueOf).toList();
        case DOUBLE_ARRAY -> IntStream.range(0, size).mapToDouble(i -> i / 2.0).toArray();
        case BYTES -> new byte[size];
      };
    }
  }

  record Score(String name, double value) {}

  record Review(String text, int stars, List<Score> scores) {}

  /** How it is given. */
  public enum Given {
    DIRECT,
    JSON,
    MSGPACK
  }

  @Param public Shape shape = Shape.MAP;

  @Param({"10", "1000", "100000"})
  public int size = 10;

  @Param public Given given = Given.DIRECT;

  private Map<String, @Nullable Object> arguments = Map.of();
  private MessageFormat format = MessageFormat.JSON;
  private byte[] message = {};
  private @Nullable Terrarium terrarium;
  private @Nullable Adapter bench;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started = Bench.start(1);
    bench = started.adapter(Bench.NAME);
    terrarium = started;
    arguments = Map.of("v", shape.value(size));
    if (given != Given.DIRECT) {
      format = MessageFormat.valueOf(given.name());
      Object plain = started.call(Bench.NAME, "echo", arguments);
      message = format.write(Collections.singletonMap("v", plain));
    }
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  public @Nullable Object echo() {
    if (bench == null) {
      return null;
    }
    return given == Given.DIRECT
        ? bench.call("echo", arguments)
        : bench.call(Command.of("echo", message, format));
  }
}
