package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Python prints and logs goes to {@link System.Logger} and nowhere else. */
@GraalPyTest
class OutputTest {

  private final Terrarium terrarium;
  private final LogRecords records = LogRecords.of("terrarium.python");
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  OutputTest(Terrarium terrarium) {
    this.terrarium = terrarium;
    PrintStream stream = new PrintStream(printed, true, StandardCharsets.UTF_8);
    System.setOut(stream);
    System.setErr(stream);
  }

  @AfterEach
  void nothingReachedTheProcess() {
    System.setOut(out);
    System.setErr(err);
    records.close();
    assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  private void execute(String source) {
    terrarium.call("probe", "execute", Map.of("source", source));
  }

  @Test
  void printedLinesAreRecordsOfTheFramework() {
    execute("print('one')\nprint('two', 'drei', 'quatre é😀')\nprint('a\\nb')");

    assertThat(records.lines())
        .containsExactly(
            "terrarium.python.probe INFO one",
            "terrarium.python.probe INFO two drei quatre é😀",
            "terrarium.python.probe INFO a",
            "terrarium.python.probe INFO b");
  }

  @Test
  void errorStreamIsAWarning() {
    execute("print('bad', file=sys.stderr)");

    assertThat(records.lines()).containsExactly("terrarium.python.probe WARNING bad");
  }

  @Test
  void loggingAndWarningsAreRecords() {
    execute("import logging\nlogging.getLogger('lib').warning('careful %d', 7)");
    execute("import warnings\nwarnings.warn('old', stacklevel=1)");

    assertThat(records.lines())
        .contains("terrarium.python.probe WARNING careful 7")
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("terrarium.python.probe WARNING ")
                    .endsWith("UserWarning: old"));
  }

  /** One context is held, so that both frameworks are at work in the other one. */
  @Test
  void eachFrameworkHasItsOwnLogger() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestFunctions.onCallWait(held, goOn, "released");
    Task<@Nullable Object> holder =
        Task.of(
            () ->
                terrarium.call(
                    "probe", "call_host", Map.of("name", "test.call", "arguments", List.of())));
    Task.await(held);
    String source =
        """
        from terrarium.bridge import BaseBridge, handler

        class Printer(BaseBridge):
            framework = "printer"

            @handler
            def say(self, text: str) -> None:
                print(text)
        """;
    terrarium.register(Framework.fromSource("printer", source, "printer.py"));
    for (int i = 0; i < 3; i++) {
      terrarium.call("printer", "say", Map.of("text", "printer"));
      execute("print('probe')");
    }
    goOn.countDown();
    holder.result();

    assertThat(records.lines())
        .hasSize(6)
        .containsOnly("terrarium.python.printer INFO printer", "terrarium.python.probe INFO probe");
  }
}
