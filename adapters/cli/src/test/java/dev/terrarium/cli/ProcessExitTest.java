package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.cli.Launcher.Finished;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Processes that ran native extensions in two contexts end without a crash, 20 of 20. */
@Tag("graalpy")
class ProcessExitTest {

  private static final int PROCESSES = 20;

  /** The program of such a process. */
  static final class Program {

    private static final String BRIDGE =
        """
        from terrarium.bridge import BaseBridge, handler

        class Native(BaseBridge):
            framework = "native"

            def _load_framework(self) -> None:
                import pyexpat, _cpython_unicodedata

            @handler
            def parse(self, text: str) -> list[str]:
                import pyexpat
                names: list[str] = []
                parser = pyexpat.ParserCreate()
                parser.StartElementHandler = lambda name, attributes: names.append(name)
                parser.Parse(text, True)
                return names
        """;

    public static void main(String[] args) throws Exception {
      try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(2).build());
          ExecutorService callers = Executors.newFixedThreadPool(2)) {
        terrarium.register(Framework.fromSource("native", BRIDGE, "native.py"));
        List<Future<?>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          calls.add(
              callers.submit(
                  () -> terrarium.call("native", "parse", Map.of("text", "<a><b/></a>"))));
        }
        for (Future<?> call : calls) {
          System.out.println(call.get());
        }
      }
    }
  }

  @Test
  void twentyOfTwentyProcessesExitCleanly() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        List.of(
            java,
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName());
    List<Finished> ends = new ArrayList<>();
    try (ExecutorService pair = Executors.newFixedThreadPool(2)) {
      List<Future<Finished>> running = new ArrayList<>();
      for (int i = 0; i < PROCESSES; i++) {
        running.add(pair.submit(() -> new Launcher().run(command)));
      }
      for (Future<Finished> each : running) {
        ends.add(each.get());
      }
    }
    assertThat(ends)
        .hasSize(PROCESSES)
        .allSatisfy(
            end -> {
              assertThat(end.exitCode()).as(end.err()).isZero();
              assertThat(end.out().lines()).hasSize(4).allMatch("[a, b]"::equals);
            });
  }
}
