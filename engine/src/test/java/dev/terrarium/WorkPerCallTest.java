package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.terrarium.testing.GraalPyTest;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How much a warm call does, by counts that no clock blurs. A figure that has become smaller is
 * lowered here; think twice before raising one.
 */
@GraalPyTest
class WorkPerCallTest {

  private static final int CALLS = 200;

  /**
   * A third above what was seen, which other tests before it change a little. Most of it is
   * GraalPy's, for the frames of Python functions.
   */
  private static final long BYTES_IN_A_BATCH = 14_500;

  private static final long BYTES_OF_A_CALL = 20_700;

  private static final Map<String, ?> SMALL = Map.of("v", Map.of("text", "to be", "n", 6));
  private static final String NAME = "workpercall";

  /** Counts the Python functions that its context's thread calls between two commands. */
  private static final String SOURCE =
      """
      import sys
      from terrarium.bridge import BaseBridge, handler


      class Counting(BaseBridge):
          framework = "workpercall"

          @handler
          def echo(self, v=None):
              return v

          @handler
          def annotated(self, text: str, n: int = 0, names: list[str] = (), by: dict[str, object] = None):
              return n

          @handler
          def start(self):
              self.calls = []
              sys.setprofile(self._count)

          @handler
          def stop(self):
              sys.setprofile(None)
              return self.calls

          def _count(self, frame, event, argument):
              if event == "call":
                  self.calls.append(frame.f_code.co_name)
      """;

  private final Terrarium terrarium;

  WorkPerCallTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  @BeforeEach
  void registered() {
    if (!terrarium.stats().frameworks().contains(NAME)) {
      terrarium.register(Framework.fromSource(NAME, SOURCE, "workpercall.py"));
    }
  }

  /** Each function is a crossing into Python, or part of the command's handler. */
  @Test
  void pythonFunctionsThatACallRuns() {
    List<Command<@Nullable Object>> commands = new ArrayList<>();
    commands.add(Command.of("start", Map.of()));
    commands.add(Command.of("echo", SMALL));
    commands.add(Command.of("stop", Map.of()));
    assertThat(terrarium.adapter(NAME).batch(commands).get(2).value())
        .isEqualTo(
            List.of(
                "make_dict", // of the value
                "call",
                "__call__",
                "echo",
                "container", // of the result
                "call",
                "__call__",
                "stop"));
  }

  /** Arguments that need no conversion cost no function. */
  @Test
  void pythonFunctionsThatAnnotationsRun() {
    Command<@Nullable Object> annotated =
        Command.of(
            "annotated", Map.of("text", "to be", "names", List.of("a", "b"), "by", Map.of("a", 1)));
    List<Command<@Nullable Object>> commands = new ArrayList<>();
    commands.add(annotated); // compiles them
    commands.add(Command.of("start", Map.of()));
    commands.add(annotated);
    commands.add(Command.of("stop", Map.of()));
    assertThat(terrarium.adapter(NAME).batch(commands).get(3).value())
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .filteredOn(each -> !each.equals("make_dict") && !each.equals("make_list"))
        .containsExactly("call", "__call__", "annotated", "call", "__call__", "stop");
  }

  @Test
  void bytesThatACallAllocates() {
    Adapter adapter = terrarium.adapter(NAME);
    List<Command<@Nullable Object>> commands =
        Collections.nCopies(CALLS, Command.of("echo", SMALL));

    assertThat(leastAllocated(() -> adapter.batch(commands)))
        .as("bytes of a command in a batch")
        .isBetween(1L, BYTES_IN_A_BATCH);
    assertThat(leastAllocated(() -> commands.forEach(each -> adapter.call("echo", SMALL))))
        .as("bytes of a call")
        .isBetween(1L, BYTES_OF_A_CALL);
  }

  /**
   * Returns the least number of bytes that all threads allocate for a call, of several rounds,
   * since other threads allocate, too.
   */
  private static long leastAllocated(Runnable calls) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 10; round++) {
      long before = threads.getTotalThreadAllocatedBytes();
      calls.run();
      least = Math.min(least, threads.getTotalThreadAllocatedBytes() - before);
    }
    return least / CALLS;
  }
}
