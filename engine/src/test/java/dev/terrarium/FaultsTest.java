package dev.terrarium;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Tests with handlers that do all they can to break the pool, each followed by calls that must
 * succeed.
 */
@GraalPyTest
@Isolated("it counts the threads and the native slots of the process")
class FaultsTest {

  private static final int CALLERS = 2;
  private static final Duration LONG = Duration.ofMinutes(3);
  private static final int ROUNDS = 1_000 / CALLERS;

  /** The faults, after each of which the next caller must notice nothing. */
  private enum Fault {
    NONE("pass", null),
    EXCEPTION("raise ProbeError('boom')", PythonException.class),
    ENDLESS_LOOP("while True: pass", CallTimeoutException.class),
    LOOP_THAT_SWALLOWS(
        """
        while True:
            try:
                while True: pass
            except: pass
        """,
        CallTimeoutException.class),
    RECURSION(
        """
        def down(): return down() + 1
        down()
        """,
        PythonException.class),
    SYS_EXIT("sys.exit(3)", PythonException.class),
    OS_EXIT("import os\nos._exit(3)", PythonException.class),
    /**
     * Also ends by its deadline: in GraalPy 25.0 a thread that spins may never pass the
     * interpreter's lock on, when the periodic request for that meets its start
     * (docs/CONCURRENCY.md).
     */
    THREAD_LEFT_BEHIND(
        """
        import threading
        def forever():
            while True: pass
        threading.Thread(target=forever).start()
        raise ProbeError('with a thread')
        """,
        PythonException.class),
    PATCHED_BUILTIN(
        "import builtins\nbuiltins.len = lambda of: 41\nraise ProbeError('patched')",
        PythonException.class),
    BROKEN_BUILTINS(
        "import builtins\ndel builtins.isinstance\nbuiltins.dict = None\n[].x",
        PythonException.class),
    DELETED_MODULE(
        "import json\ndel sys.modules['json']\nraise ProbeError('deleted')", PythonException.class),
    PATCHED_MODULE(
        "import json\njson.loads = None\nraise ProbeError('patched')", PythonException.class),
    REDIRECTED_STDOUT(
        "import io\nsys.stdout = io.StringIO()\nraise ProbeError('redirected')",
        PythonException.class),
    CLEARED_PATH("sys.path.clear()\nraise ProbeError('cleared')", PythonException.class),
    ENVIRONMENT(
        "import os\nos.environ['TERRARIUM_PROBE'] = 'x'\nraise ProbeError('set')",
        PythonException.class);

    final String source;
    final @Nullable Class<? extends TerrariumException> ends;

    Fault(String source, @Nullable Class<? extends TerrariumException> ends) {
      this.source = source;
      this.ends = ends;
    }
  }

  /** An expression that uses everything which the faults above break. */
  private static final String PROOF =
      """
      [len([1, 2]), isinstance(1, int), dict(a=1), __import__('json').loads('[5]'),
       type(sys.stdout).__name__, len(sys.path) > 0,
       __import__('os').environ.get('TERRARIUM_PROBE'), decimal.Decimal('1.5') * 2]
      """;

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void poolIsSoundAfterAThousandRoundsOfFaults() throws Exception {
    Set<Fault> seen = ConcurrentHashMap.newKeySet();
    TerrariumConfig config = TerrariumConfig.custom().contexts(2).borrowTimeout(LONG).build();
    try (LogRecords log = LogRecords.of("terrarium");
        Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
      terrarium.prewarm("probe", 2).join();
      Object right = proof(terrarium, "start");
      int slots = terrarium.stats().nativeSlotsTaken();
      int carriers = threads("terrarium-context-");
      List<Task<@Nullable Void>> callers = new ArrayList<>();
      for (int caller = 0; caller < CALLERS; caller++) {
        Random random = new Random(20_261_124 + caller);
        callers.add(
            Task.running(
                () -> {
                  for (int round = 0; round < ROUNDS; round++) {
                    Fault fault = next(random);
                    seen.add(fault);
                    commit(terrarium, fault);
                    for (int call = 0; call < 2; call++) {
                      assertThat(proof(terrarium, round + " after " + fault + log.lines()))
                          .isEqualTo(right);
                    }
                  }
                }));
      }
      for (Task<@Nullable Void> caller : callers) {
        caller.result(Duration.ofMinutes(10));
      }
      Task.until("two contexts are idle", () -> isWhole(terrarium));

      assertThat(seen).containsExactlyInAnyOrder(Fault.values());
      assertThat(terrarium.stats().pool().retired())
          .as("retired, see %s", log.lines().stream().filter(FaultsTest::isWarning).toList())
          .isZero();
      assertThat(terrarium.stats().pool().restored()).isPositive();
      assertThat(terrarium.stats().nativeSlotsTaken() - slots).isLessThanOrEqualTo(2);
      assertThat(threads("terrarium-context-") - carriers).isLessThanOrEqualTo(2);
      assertThat(log.lines()).noneMatch(line -> line.contains("beyond repair"));
    }
    Task.until("no interrupter is left", () -> threads("-interrupt") == 0);
  }

  private static boolean isWarning(String line) {
    return line.contains(" WARNING ");
  }

  /** Returns each fault as often as the others, except the slow ones, which take seconds. */
  private static Fault next(Random random) {
    Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
    boolean slow = fault == Fault.THREAD_LEFT_BEHIND || fault == Fault.RECURSION;
    return slow && random.nextInt(8) > 0 ? Fault.NONE : fault;
  }

  private static boolean isWhole(Terrarium terrarium) {
    return terrarium.stats().pool().idle() == 2 && terrarium.stats().pool().total() == 2;
  }

  private static Object proof(Terrarium terrarium, String round) {
    try {
      return requireNonNull(
          terrarium.call("probe", "evaluate", Map.of("expression", PROOF.strip())));
    } catch (TerrariumException e) {
      throw new AssertionError("wrong in round " + round, e);
    }
  }

  private static void commit(Terrarium terrarium, Fault fault) {
    CallOptions options = CallOptions.deadline(deadline(fault));
    TerrariumException failure = null;
    try {
      terrarium.adapter("probe").with(options).call("execute", Map.of("source", fault.source));
    } catch (TerrariumException e) {
      failure = e;
    }
    Class<?> ended = failure == null ? null : failure.getClass();
    boolean spins = fault == Fault.THREAD_LEFT_BEHIND && failure instanceof CallTimeoutException;
    if (ended != fault.ends && !spins) {
      throw new AssertionError(fault + " ended with " + ended, failure);
    }
  }

  /** Returns a deadline: no call may miss one because it waits for a context that spins. */
  private static Duration deadline(Fault fault) {
    if (fault.ends == CallTimeoutException.class) {
      return Duration.ofMillis(50);
    }
    return fault == Fault.THREAD_LEFT_BEHIND ? Duration.ofSeconds(10) : LONG;
  }

  private static int threads(String part) {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().contains(part))
            .count();
  }
}
