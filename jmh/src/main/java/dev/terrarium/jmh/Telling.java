package dev.terrarium.jmh;

import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * One operation is what a place that has something to tell does around its work, which here is
 * nothing: {@code toNobody} against {@code nothing} is the whole price when nobody observes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Telling extends Microbenchmark {

  private final LongAdder count = new LongAdder();
  private final Events nobody = Events.none();
  private final Events counter = Events.to(List.of(event -> count.increment()));
  private long value;

  @Benchmark
  public long nothing() {
    return value++;
  }

  @Benchmark
  public long toNobody() {
    return tell(nobody);
  }

  @Benchmark
  public long toACounter() {
    return tell(counter);
  }

  private long tell(Events events) {
    long begin = events.now();
    long result = value++;
    if (events.active()) {
      events.emit(
          new TerrariumEvent.CommandExecuted("bench", "nothing", "c", events.since(begin), null));
    }
    return result;
  }
}
