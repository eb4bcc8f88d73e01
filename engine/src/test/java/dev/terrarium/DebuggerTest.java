package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.testing.Task;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Python code stops at a breakpoint that a client of the Debug Adapter Protocol has set, as
 * docs/guides/frameworks.md says.
 */
@Tag("graalpy")
class DebuggerTest {

  private static final String SOURCE =
      """
      from terrarium.bridge import BaseBridge, handler


      class Greet(BaseBridge):
          framework = "greet"

          @handler
          def hello(self, name: str) -> str:
              text = "Hello, " + name
              return text
      """;
  private static final int LINE = 10;

  @Test
  void codeStopsAtABreakpointAndShowsItsVariables(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("greet.py"), SOURCE);
    int port = freePort();
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-Dpolyglot.dap=localhost:" + port,
                "-Dpolyglot.dap.Suspend=false",
                "-cp",
                System.getProperty("java.class.path"),
                DebuggedMain.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader output = java.inputReader()) {
      assertThat(lineWith(output, "ready")).isTrue();
      try (Client client = new Client(port)) {
        client.request("initialize", Map.of("adapterID", "test"));
        client.request("attach", Map.of());
        JsonNode set =
            client.request(
                "setBreakpoints",
                Map.of(
                    "source",
                    Map.of("path", file.toString()),
                    "breakpoints",
                    List.of(Map.of("line", LINE))));
        assertThat(set.at("/breakpoints/0/verified").asBoolean()).isTrue();
        client.request("configurationDone", Map.of());
        java.outputWriter().append("go\n").flush();

        int thread =
            client.until(m -> m.path("event").asText().equals("stopped")).path("threadId").asInt();
        JsonNode frame =
            client.request("stackTrace", Map.of("threadId", thread)).at("/stackFrames/0");
        assertThat(frame.path("line").asInt()).isEqualTo(LINE);
        assertThat(frame.at("/source/path").asText()).isEqualTo(file.toString());
        JsonNode value =
            client.request(
                "evaluate",
                Map.of("expression", "text.upper()", "frameId", frame.path("id").asInt()));
        assertThat(value.path("result").asText()).isEqualTo("'HELLO, ANN'");
        client.request("continue", Map.of("threadId", thread));
      }
      assertThat(lineWith(output, "Hello, Ann")).isTrue();
      assertThat(Task.of(java::waitFor).result()).isZero();
    } finally {
      java.destroyForcibly();
    }
  }

  private static boolean lineWith(BufferedReader output, String text) throws Exception {
    return Task.of(() -> output.lines().anyMatch(line -> line.contains(text))).result();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** A client that sends one request at a time. */
  private static final class Client implements AutoCloseable {

    private static final String LENGTH = "Content-Length: ";

    private final ObjectMapper json = new ObjectMapper();
    private final Socket socket;
    private int requests;

    Client(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(30_000);
    }

    JsonNode request(String command, Map<String, ?> arguments) throws IOException {
      int id = ++requests;
      byte[] body =
          json.writeValueAsBytes(
              Map.of("seq", id, "type", "request", "command", command, "arguments", arguments));
      String head = LENGTH + body.length + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(body);
      return until(message -> message.path("request_seq").asInt() == id);
    }

    /** The body of the first message of a kind. */
    JsonNode until(Predicate<JsonNode> kind) throws IOException {
      JsonNode message = read();
      while (!kind.test(message)) {
        message = read();
      }
      return message.path("body");
    }

    private JsonNode read() throws IOException {
      InputStream in = socket.getInputStream();
      int length = 0;
      for (String line = line(in); !line.isEmpty(); line = line(in)) {
        if (line.startsWith(LENGTH)) {
          length = Integer.parseInt(line.substring(LENGTH.length()));
        }
      }
      return json.readTree(in.readNBytes(length));
    }

    private static String line(InputStream in) throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int each = in.read(); each != '\n'; each = in.read()) {
        if (each < 0) {
          throw new EOFException("the debugger has closed the connection");
        }
        line.write(each);
      }
      return line.toString(StandardCharsets.US_ASCII).strip();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
