package dev.terrarium.jmh;

import dev.terrarium.AdmissionConfig;
import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.AdmissionConfig.Retry;
import dev.terrarium.internal.admission.Admission;
import dev.terrarium.internal.admission.Permit;
import dev.terrarium.internal.pool.Deadline;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What admission costs a call that is let in and ends well, by what is on: one operation is asking
 * for a permit and ending it, without Python and without a context.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Admitted extends Microbenchmark {

  /** What is on. */
  public enum On {
    NOTHING,
    BREAKER,
    ALL;

    AdmissionConfig config() {
      AdmissionConfig.Builder config = AdmissionConfig.custom();
      if (this != NOTHING) {
        config.circuitBreaker(CircuitBreaker.ofDefaults());
      }
      if (this == ALL) {
        config
            .bulkhead(Bulkhead.of(16))
            .retry(Retry.ofDefaults())
            .budget(Budget.ofCalls(Long.MAX_VALUE, Duration.ofHours(1)));
      }
      return config.build();
    }
  }

  @Param({"NOTHING", "BREAKER", "ALL"})
  public On on = On.NOTHING;

  private Admission admission = new Admission(on.config(), Map.of(), null, () -> false);

  @Setup(Level.Trial)
  public void start() {
    admission = new Admission(on.config(), Map.of(), null, () -> false);
  }

  @Benchmark
  public Permit admitted() {
    Permit permit = admission.admit("stub", "key", Deadline.none());
    permit.end(null);
    return permit;
  }
}
