package dev.terrarium.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConnectionException;
import dev.terrarium.error.ToolException;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tools;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real servers over standard streams and over HTTP; each test leaves no process and no thread. */
@Tag("launcher")
@Timeout(120)
class McpToolsTest {

  private static Tool tool(McpTools server, String name) {
    return Tools.of(server.tools()).list().stream()
        .filter(tool -> tool.name().equals(name))
        .findAny()
        .orElseThrow();
  }

  private static @Nullable Object answer(Tool tool, Map<String, Object> arguments) {
    return Objects.requireNonNull(Tools.of(tool).functions().get(tool.name()))
        .call(List.of(arguments));
  }

  @AfterEach
  void noProcessAndNoThreadIsLeft() throws InterruptedException {
    List<ProcessHandle> children = ProcessHandle.current().children().toList();
    assertThat(children).isEmpty();
    for (Thread thread : threads()) {
      thread.join(Duration.ofSeconds(10));
    }
    assertThat(threads()).isEmpty();
  }

  /** Returns the threads that an open connection has. */
  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(
            thread ->
                thread.getName().contains("mcp")
                    || thread.getName().contains("HttpClient")
                    || thread.getName().contains("langchain4j"))
        .collect(Collectors.toSet());
  }

  @Test
  void serverOfARegistryHasTools() {
    try (McpTools time = McpTools.command(Servers.program("mcp-server-time")).connect()) {
      Tool convert = tool(time, "convert_time");
      Map<String, Object> noon =
          Map.of(
              "source_timezone", "Europe/Berlin", "time", "12:00", "target_timezone", "Asia/Tokyo");

      assertThat(convert.description()).isNotBlank();
      assertThat(convert.parameters()).contains("\"source_timezone\"").contains("\"required\"");
      assertThat(String.valueOf(convert.call(noon)))
          .contains("time_difference=+")
          .contains("timezone=Asia/Tokyo");
      assertThat(String.valueOf(answer(convert, Map.of("source_timezone", "Nowhere"))))
          .contains("error=");
    }
  }

  @Test
  void toolsOfAServerGoTogetherWithOthers() {
    String server = Servers.program("mcp-server-time");
    Tool stock = Tool.of("stock", "", "{\"type\":\"object\"}", arguments -> 3);
    // guide: toolMcp
    McpTools time = McpTools.command(server).connect(); // to be closed in the end
    Tools tools = Tools.of(time.tools(), stock);
    // end

    assertThat(tools.list()).hasSizeGreaterThan(2).contains(stock);
    time.close();
  }

  @Test
  void resultsAndErrorsOfAProcess() {
    try (McpTools server = McpTools.command(Servers.command()).connect()) {
      assertThat(server.tools())
          .extracting(Tool::name)
          .containsExactly("add", "say_hello", "fail", "die", "hang");
      assertThat(tool(server, "add").call(Map.of("a", 2, "b", 3))).isEqualTo(Map.of("result", 5));
      assertThat(tool(server, "say_hello").call(Map.of("name", "Ann")))
          .isEqualTo(Map.of("result", "Hello Ann"));
      assertThat(String.valueOf(answer(tool(server, "fail"), Map.of("reason", "no luck"))))
          .contains("error=")
          .contains("no luck");
    }
  }

  @Test
  void serverThatDiesIsReportedByName() {
    try (McpTools server = McpTools.command(Servers.command()).connect()) {
      assertThatThrownBy(() -> tool(server, "die").call(Map.of()))
          .isInstanceOf(ToolException.class)
          .cause()
          .isInstanceOf(ConnectionException.class)
          .hasMessageContaining(
              "server.py' did not answer: its process ended with the exit code 3");
      assertThatThrownBy(() -> tool(server, "add").call(Map.of("a", 1)))
          .isInstanceOf(ToolException.class)
          .hasCauseInstanceOf(ConnectionException.class);
    }
  }

  @Test
  void closedServerIsReportedByName() {
    McpTools server = McpTools.command(Servers.command()).connect();
    server.close();
    server.close();

    assertThatThrownBy(() -> tool(server, "add").call(Map.of("a", 1)))
        .hasCauseInstanceOf(ConnectionException.class);
  }

  @Test
  void interruptedCallEnds() throws Exception {
    try (McpTools server = McpTools.command(Servers.command()).connect()) {
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread caller =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      tool(server, "hang").call(Map.of());
                    } catch (RuntimeException e) {
                      failure.complete(e);
                    }
                  });
      caller.interrupt();
      assertThat(failure.get(1, TimeUnit.MINUTES)).isInstanceOf(CallInterruptedException.class);
      caller.join();
    }
  }

  @Test
  void commandsThatDoNotStartAreReported() {
    assertThatThrownBy(() -> McpTools.command("no-such-program").connect())
        .isInstanceOf(ConnectionException.class)
        .hasMessageContaining("'no-such-program' could not be connected to")
        .hasMessageContaining("No such file");
    assertThatThrownBy(() -> McpTools.command("true").connect())
        .isInstanceOf(ConnectionException.class)
        .hasMessageContaining("its process ended with the exit code 0");
  }

  @Test
  void serverOverHttpHasTools() throws Exception {
    Process process = Servers.http();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      String url = "http://127.0.0.1:" + output.readLine() + "/mcp";
      try (McpTools server = McpTools.url(url).header("X-Team", "search").connect()) {
        assertThat(tool(server, "add").call(Map.of("a", 2))).isEqualTo(Map.of("result", 3));

        process.destroyForcibly().waitFor();
        assertThatThrownBy(() -> tool(server, "add").call(Map.of("a", 2)))
            .hasCauseInstanceOf(ConnectionException.class)
            .hasMessageContaining(url);
      }
      assertThatThrownBy(() -> McpTools.url(url).timeout(Duration.ofSeconds(5)).connect())
          .isInstanceOf(ConnectionException.class)
          .hasMessageContaining(url);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void settingsThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> McpTools.url("localhost:80"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("localhost:80");
    assertThatThrownBy(() -> McpTools.command()).isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> McpTools.command("x").header("a", "b"))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> McpTools.url("http://localhost").environment("a", "b"))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> McpTools.command("x").timeout(Duration.ZERO))
        .isInstanceOf(ConfigurationException.class);
  }
}
