package dev.terrarium.jmh;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A service on loopback that speaks OpenAI's protocol and gives the same answer to every request,
 * whole or as a stream of ten pieces. Thread-safe; each connection has a virtual thread.
 */
final class StubService implements AutoCloseable {

  static final String TEXT = "{\"answer\": \"Paris, as far as is known\"}";

  private static final int PIECES = 10;
  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: ";

  private final ServerSocket socket;
  private final Duration latency;

  /** When the first piece of the last stream was written, as {@link System#nanoTime}. */
  final AtomicLong firstByte = new AtomicLong();

  /** Starts the service, which waits for a time before each answer. */
  StubService(Duration latency) throws IOException {
    this.latency = latency;
    this.socket = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  String url() {
    return "http://127.0.0.1:" + socket.getLocalPort() + "/v1";
  }

  private void accept() {
    try {
      while (true) {
        Socket client = socket.accept();
        client.setTcpNoDelay(true);
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // The service was closed.
    }
  }

  private void serve(Socket client) {
    try (client;
        InputStream in = new BufferedInputStream(client.getInputStream());
        OutputStream out = client.getOutputStream()) {
      for (String body = request(in); body != null; body = request(in)) {
        if (!latency.isZero()) {
          Thread.sleep(latency);
        }
        if (body.replace(" ", "").contains("\"stream\":true")) {
          stream(out);
        } else {
          whole(out);
        }
      }
    } catch (IOException | InterruptedException e) {
      // The client has closed the connection.
    }
  }

  /** Returns the body of the next request; null at the end of the connection. */
  private static @Nullable String request(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        return null;
      }
      head.append((char) next);
    }
    int length = 0;
    for (String line : head.toString().split("\r\n", -1)) {
      if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    return new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }

  private static void whole(OutputStream out) throws IOException {
    byte[] body =
        """
        {"id": "1", "object": "chat.completion", "created": 1, "model": "stub", "choices": [{
        "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": %s}}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}}
        """
            .formatted(quoted(TEXT))
            .getBytes(StandardCharsets.UTF_8);
    String head = HEAD + "application/json\r\nContent-Length: " + body.length + "\r\n\r\n";
    out.write(concat(head.getBytes(StandardCharsets.UTF_8), body));
    out.flush();
  }

  private void stream(OutputStream out) throws IOException {
    String head = HEAD + "text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    out.write(head.getBytes(StandardCharsets.UTF_8));
    int step = (TEXT.length() + PIECES - 1) / PIECES;
    for (int i = 0; i < TEXT.length(); i += step) {
      String piece = TEXT.substring(i, Math.min(TEXT.length(), i + step));
      byte[] event = event("{\"content\": " + quoted(piece) + "}", "null");
      if (i == 0) {
        firstByte.set(System.nanoTime());
      }
      out.write(event);
      out.flush();
    }
    out.write(event("{}", "\"stop\""));
    out.write(chunk("data: [DONE]\n\n"));
    out.write("0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static byte[] event(String delta, String reason) {
    return chunk(
        "data: {\"id\": \"1\", \"object\": \"chat.completion.chunk\", \"created\": 1, \"model\":"
            + " \"stub\", \"choices\": [{\"index\": 0, \"delta\": "
            + delta
            + ", \"finish_reason\": "
            + reason
            + "}]}\n\n");
  }

  private static byte[] chunk(String data) {
    byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
    String framed = Integer.toHexString(bytes.length) + "\r\n" + data + "\r\n";
    return framed.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] concat(byte[] one, byte[] other) {
    byte[] both = java.util.Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
