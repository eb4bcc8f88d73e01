package dev.terrarium.internal.resource;

import dev.terrarium.ResourceLimits;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConnectionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.spi.ResourcePool;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client of HTTP requests. Each request holds an exclusive connection of the {@link
 * ResourcePool}, which is kept for the framework and the origin (scheme, host and port).
 * Thread-safe.
 *
 * <p>A framework's calls have at most {@link ResourceLimits#connections} connections, and {@value
 * #MOST_PER_ORIGIN} to one origin; a caller that finds all of them in use waits, and gets a {@link
 * LimitExceededException} at the end of its wait. A connection is closed when it was idle for a
 * minute or is 10 minutes old, and is never used again after an exchange that failed. The protocol
 * is HTTP/1.1, without cookies; redirections are answers like others.
 */
public final class HttpConnections {

  /** The connections' kind in {@link ResourcePool#stats}. */
  public static final String KIND = "HTTP connection";

  private static final int MOST_PER_ORIGIN = 64;
  private static final Duration WAIT = Duration.ofSeconds(10);
  private static final Duration UNUSED = Duration.ofMinutes(1);
  private static final Duration OLD = Duration.ofMinutes(10);

  /** The framework's name outside of calls, as on threads that Python code starts. */
  private static final String NO_FRAMEWORK = "-";

  private final ResourcePool pool;
  private final int maxBody;
  private final ResourcePool.Kind<Connection> connections;

  /**
   * Creates a client.
   *
   * @param maxBody maximum number of bytes of the body of a request, and of an answer
   */
  public HttpConnections(ResourcePool pool, int maxBody) {
    this(pool, maxBody, WAIT);
  }

  HttpConnections(ResourcePool pool, int maxBody, Duration wait) {
    this.pool = pool;
    this.maxBody = maxBody;
    this.connections =
        ResourcePool.Kind.<Connection>exclusive(KIND, key -> new Connection())
            .check(Connection::isSound)
            .closer(Connection::close)
            .maxPerKey(MOST_PER_ORIGIN)
            .waitTimeout(wait)
            .expireAfterUse(UNUSED)
            .expireAfterMake(OLD)
            .build();
  }

  /**
   * Sends a request and waits for the complete answer, whatever its status.
   *
   * @param url of the scheme http or https
   * @param timeout above zero; begins when there is a connection
   * @throws ArgumentException when the request is not valid
   * @throws LimitExceededException when a body is too large, or no connection became free
   * @throws ConnectionException when there is no answer, or none in time
   * @throws CallInterruptedException when interrupted while waiting
   */
  public HttpResponse<byte[]> send(
      String method, String url, Map<String, String> headers, byte[] body, Duration timeout) {
    URI uri = uri(url);
    checkBody("request to ", origin(uri), body.length);
    if (!timeout.isPositive()) {
      throw new ArgumentException("timeout: " + timeout + " is not above zero");
    }
    HttpRequest request = request(method, uri, headers, body);
    String framework = CallScope.current().map(CallScope::framework).orElse(NO_FRAMEWORK);
    try (ResourcePool.Lease<Connection> lease =
        pool.borrow(connections, framework + " " + origin(uri))) {
      return lease.resource().send(request, () -> new Body(origin(uri)), timeout);
    }
  }

  private static URI uri(String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw new ArgumentException("url: is no URL: " + e.getReason(), e);
    }
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new ArgumentException("url: the scheme '" + uri.getScheme() + "' is not http or https");
    }
    if (uri.getHost() == null) {
      throw new ArgumentException("url: names no host");
    }
    return uri;
  }

  /** Returns the origin of a URI, without user, path and query, which may contain secrets. */
  private static String origin(URI uri) {
    return uri.getScheme().toLowerCase(Locale.ROOT)
        + "://"
        + uri.getHost().toLowerCase(Locale.ROOT)
        + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }

  private static HttpRequest request(
      String method, URI uri, Map<String, String> headers, byte[] body) {
    try {
      HttpRequest.Builder builder =
          HttpRequest.newBuilder(uri)
              .method(
                  method,
                  body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
      headers.forEach(builder::setHeader);
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new ArgumentException("request: " + e.getMessage(), e);
    }
  }

  private void checkBody(String whose, String origin, long bytes) {
    if (bytes > maxBody) {
      throw new LimitExceededException(
          "The body of the "
              + whose
              + origin
              + " has "
              + bytes
              + " bytes or more, and may have "
              + maxBody
              + "; see TerrariumConfig.maxMessage.");
    }
  }

  /** A client with one connection, since it has one exchange at a time. */
  private static final class Connection {

    private static final Executor EXECUTOR =
        task -> Thread.ofVirtual().name("terrarium-http").start(task);

    private final HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .executor(EXECUTOR)
            .build();

    private volatile boolean failed;

    boolean isSound() {
      return !failed && !client.isTerminated();
    }

    void close() {
      client.shutdownNow();
    }

    HttpResponse<byte[]> send(HttpRequest request, Supplier<Body> body, Duration timeout) {
      CompletableFuture<HttpResponse<byte[]>> answer =
          client.sendAsync(request, info -> body.get());
      boolean answered = false;
      try {
        HttpResponse<byte[]> whole =
            answer.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        answered = true;
        return whole;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CallInterruptedException(
            "Interrupted while waiting for " + origin(request.uri()) + ".", e);
      } catch (TimeoutException e) {
        throw new ConnectionException(
            origin(request.uri()) + " did not answer within " + timeout + ".", e);
      } catch (ExecutionException e) {
        throw failure(origin(request.uri()), e);
      } finally {
        if (!answered) {
          failed = true;
          answer.cancel(true);
        }
      }
    }

    private static RuntimeException failure(String origin, ExecutionException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof LimitExceededException exceeded) {
          return exceeded;
        }
        if (cause instanceof ConnectException) {
          return new ConnectionException(
              origin + " could not be reached; is its address right, and does it run?", e);
        }
      }
      return new ConnectionException(
          "The exchange with " + origin + " broke off: " + e.getCause(), e);
    }
  }

  /** A subscriber that takes an answer's body up to its maximum size. */
  private final class Body implements HttpResponse.BodySubscriber<byte[]> {

    private final HttpResponse.BodySubscriber<byte[]> whole =
        HttpResponse.BodySubscribers.ofByteArray();

    private final String origin;
    private final CompletableFuture<byte[]> refused = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;
    private long bytes;

    Body(String origin) {
      this.origin = origin;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return refused.applyToEither(whole.getBody(), body -> body);
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      whole.onSubscribe(given);
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
      bytes += pieces.stream().mapToLong(ByteBuffer::remaining).sum();
      try {
        checkBody("answer of ", origin, bytes);
        whole.onNext(pieces);
      } catch (LimitExceededException e) {
        if (subscription != null) {
          subscription.cancel();
        }
        refused.completeExceptionally(e);
      }
    }

    @Override
    public void onError(Throwable failure) {
      whole.onError(failure);
    }

    @Override
    public void onComplete() {
      whole.onComplete();
    }
  }
}
