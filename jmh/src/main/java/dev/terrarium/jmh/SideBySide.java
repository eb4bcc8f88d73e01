package dev.terrarium.jmh;

import dev.terrarium.jmh.peer.Peer;
import dev.terrarium.jmh.peer.PeerKind;
import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
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
 * One operation is one value that goes to a Python handler and comes back, by each peer. {@code
 * terrarium bench echo} runs it for all of them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
public class SideBySide extends Microbenchmark {

  /** The value that is echoed. */
  public enum Payload {
    TEXT_100_B("100 B"),
    TEXT_1_KB("1 kB"),
    TEXT_100_KB("100 kB"),
    TEXT_10_MB("10 MB"),
    FLOATS_100_000("100,000 floats");

    private final String title;

    Payload(String title) {
      this.title = title;
    }

    /** Returns the payload's name in reports. */
    public String title() {
      return title;
    }

    Object value() {
      return switch (this) {
        case TEXT_100_B -> "0123456789".repeat(10);
        case TEXT_1_KB -> "0123456789".repeat(100);
        case TEXT_100_KB -> "0123456789".repeat(10_000);
        case TEXT_10_MB -> "0123456789".repeat(1_000_000);
        case FLOATS_100_000 -> IntStream.range(0, 100_000).mapToDouble(Math::sqrt).toArray();
      };
    }
  }

  @Param({"TERRARIUM", "BARE", "PROCESSES"})
  public PeerKind peer = PeerKind.TERRARIUM;

  @Param({"TEXT_100_B", "TEXT_1_KB"})
  public Payload payload = Payload.TEXT_100_B;

  /** The number of contexts or processes. */
  @Param("2")
  public int workers = 2;

  private @Nullable Peer opened;
  private Object value = "";

  @Setup(Level.Trial)
  public void start() throws IOException {
    Peer started = peer.open(PythonSide.find(), workers);
    opened = started;
    value = payload.value();
    Object echoed = started.echo(value);
    boolean same =
        value instanceof double[] numbers
            ? echoed instanceof double[] others && Arrays.equals(numbers, others)
            : value.equals(echoed);
    if (!same) {
      throw new IllegalStateException(peer + " did not echo " + payload);
    }
  }

  @TearDown(Level.Trial)
  public void stop() throws IOException {
    if (opened != null) {
      opened.close();
    }
  }

  @Benchmark
  public Object echo() {
    return Objects.requireNonNull(opened).echo(value);
  }
}
