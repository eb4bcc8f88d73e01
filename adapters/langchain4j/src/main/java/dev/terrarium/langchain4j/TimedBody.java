package dev.terrarium.langchain4j;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer, whose reader fails when nothing comes for a time. For one reading thread;
 * any thread may close it.
 */
final class TimedBody extends FilterInputStream {

  private final Duration timeout;
  private volatile boolean waiting;
  private volatile long waitingSince;
  private volatile boolean expired;
  private volatile boolean closed;
  private volatile CompletableFuture<@Nullable Void> ring = new CompletableFuture<>();

  TimedBody(InputStream body, Duration timeout) {
    super(body);
    this.timeout = timeout;
    checkAfter(timeout);
  }

  private void checkAfter(Duration time) {
    CompletableFuture<@Nullable Void> next = new CompletableFuture<>();
    ring = next;
    CompletableFuture<?> unused = next.thenRun(this::check);
    next.completeOnTimeout(null, time.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void check() {
    if (closed) {
      return;
    }
    Duration left = waiting ? timeout.minusNanos(System.nanoTime() - waitingSince) : timeout;
    if (left.isPositive()) {
      checkAfter(left);
      return;
    }
    expired = true;
    try {
      in.close();
    } catch (IOException e) {
      // The reader learns of the end by the flag.
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    waitingSince = System.nanoTime();
    waiting = true;
    try {
      int count = super.read(bytes, offset, length);
      if (count < 0 && expired) {
        throw new HttpTimeoutException("nothing came in time");
      }
      return count;
    } catch (IOException e) {
      throw expired ? new HttpTimeoutException("nothing came in time") : e;
    } finally {
      waiting = false;
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    ring.cancel(false);
    super.close();
  }
}
