package dev.terrarium.langchain4j;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A service on a socket that answers one request with the beginning of a chunked body, and then
 * either breaks the connection off or waits until the client closes it.
 */
final class SlowService implements AutoCloseable {

  private final ServerSocket socket;
  private final CountDownLatch answered = new CountDownLatch(1);
  private final CountDownLatch clientGone = new CountDownLatch(1);

  /**
   * Starts the service.
   *
   * @param begin the beginning of the body; null sends not even headers
   * @param breaksOff whether the service closes the connection then
   */
  SlowService(String type, byte @Nullable [] begin, boolean breaksOff) throws IOException {
    socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(() -> serve(type, begin, breaksOff));
  }

  private void serve(String type, byte @Nullable [] begin, boolean breaksOff) {
    try (Socket client = socket.accept()) {
      InputStream in = client.getInputStream();
      readRequest(in);
      if (begin != null) {
        String head =
            "HTTP/1.1 200 OK\r\nContent-Type: "
                + type
                + "\r\nTransfer-Encoding: chunked\r\n\r\n"
                + Integer.toHexString(begin.length)
                + "\r\n";
        client.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
        client.getOutputStream().write(begin);
        client.getOutputStream().write("\r\n".getBytes(StandardCharsets.UTF_8));
        client.getOutputStream().flush();
      }
      answered.countDown();
      if (!breaksOff) {
        while (in.read() >= 0) {
          // The client sends nothing more; it closes the connection.
        }
      }
    } catch (IOException e) {
      // The client has reset the connection.
    } finally {
      answered.countDown();
      clientGone.countDown();
    }
  }

  private static void readRequest(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    int length = 0;
    for (String line : head.toString().split("\r\n", -1)) {
      if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    in.readNBytes(length);
  }

  String url() {
    return "http://127.0.0.1:" + socket.getLocalPort();
  }

  void awaitAnswered() throws InterruptedException {
    if (!answered.await(30, TimeUnit.SECONDS)) {
      throw new AssertionError("no request came");
    }
  }

  /** Returns whether the client closes the connection within half a minute. */
  boolean clientLeaves() throws InterruptedException {
    return clientGone.await(30, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
