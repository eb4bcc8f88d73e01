package dev.terrarium.langchain4j;

import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP client of one model, by which LangChain4j's clients send requests. Thread-safe.
 *
 * <p>All happens on the calling thread, streams included: a reader that is slow makes the service
 * wait, and interrupting the thread closes the connection. A failure is thrown as the {@link
 * ModelException} that the caller of the model gets, since LangChain4j's own exceptions have lost
 * the headers of the answer.
 */
final class HttpCalls implements dev.langchain4j.http.client.HttpClient, AutoCloseable {

  static final String INTERRUPTED =
      "Interrupted while waiting for the language model; its answer was given up.";

  /** The header with a secret of the AWS SDK, which AWS quotes in answers about signatures. */
  private static final String SESSION_TOKEN = "X-Amz-Security-Token";

  private static final int LEAST_ERROR = 300;
  private static final int MOST_ERROR_BYTES = 1 << 16;

  private final String name;
  private final Map<String, String> headers;
  private final Secrets secrets;
  private final Duration timeout;
  private final HttpClient client;
  private volatile boolean closed;

  /**
   * Creates the client.
   *
   * @param name the model's name in messages
   * @param headers sent with each request, in place of LangChain4j's of the same names
   */
  HttpCalls(
      String name, Map<String, String> headers, Secrets secrets, Connection.Settings settings) {
    this.name = name;
    this.headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    this.headers.putAll(headers);
    this.secrets = secrets;
    this.timeout = settings.timeout();
    HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(settings.connectTimeout());
    if (settings.proxy() != null) {
      builder.proxy(ProxySelector.of(settings.proxy()));
    }
    this.client = builder.build();
  }

  /** Returns a builder that always builds this client; its time-outs are set already. */
  HttpClientBuilder builder() {
    return new HttpClientBuilder() {
      @Override
      public Duration connectTimeout() {
        return client.connectTimeout().orElseThrow();
      }

      @Override
      public HttpClientBuilder connectTimeout(Duration ignored) {
        return this;
      }

      @Override
      public Duration readTimeout() {
        return timeout;
      }

      @Override
      public HttpClientBuilder readTimeout(Duration ignored) {
        return this;
      }

      @Override
      public dev.langchain4j.http.client.HttpClient build() {
        return HttpCalls.this;
      }
    };
  }

  @Override
  public SuccessfulHttpResponse execute(HttpRequest request) {
    HttpResponse<InputStream> response = send(request);
    try (InputStream body = body(response)) {
      String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
      if (Failures.isWithheld(text)) {
        throw Failures.withheld(name);
      }
      return success(response, text);
    } catch (IOException e) {
      throw cutOff(e);
    }
  }

  @Override
  public void execute(
      HttpRequest request, ServerSentEventParser parser, ServerSentEventListener listener) {
    HttpResponse<InputStream> response = send(request);
    CheckedEvents events = new CheckedEvents(name, secrets, listener, this::cutOff);
    try (InputStream body = body(response)) {
      events.onOpen(success(response, null));
      parser.parse(body, events);
      events.onClose();
    } catch (IOException e) {
      events.onError(e);
    }
  }

  /** Reads the body of an answer on the thread that sent the request. */
  interface Reader {

    /**
     * Reads an answer.
     *
     * @param head the answer without its body, which is closed afterwards
     */
    void read(SuccessfulHttpResponse head, InputStream body) throws IOException;
  }

  /** Sends a request, and has its answer read as it comes. */
  void execute(HttpRequest request, Reader reader) {
    HttpResponse<InputStream> response = send(request);
    try (InputStream body = body(response)) {
      reader.read(success(response, null), body);
    } catch (IOException e) {
      throw cutOff(e);
    }
  }

  private HttpResponse<InputStream> send(HttpRequest request) {
    HttpResponse<InputStream> response;
    try {
      response = client.send(translated(request), BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (IOException e) {
      throw wasInterrupted() ? interrupted(e) : notReached(e);
    }
    int status = response.statusCode();
    if (status < 200 || status >= LEAST_ERROR) {
      String text;
      try (InputStream body = body(response)) {
        text = new String(body.readNBytes(MOST_ERROR_BYTES), StandardCharsets.UTF_8);
      } catch (IOException e) {
        if (wasInterrupted()) {
          throw interrupted(e);
        }
        text = "";
      }
      Secrets sent = secrets.and(response.request().headers().allValues(SESSION_TOKEN).stream());
      throw Failures.ofStatus(name, status, response.headers(), text, sent);
    }
    return response;
  }

  private java.net.http.HttpRequest translated(HttpRequest request) {
    URI url = URI.create(request.url());
    java.net.http.HttpRequest.Builder translated =
        java.net.http.HttpRequest.newBuilder(url)
            .timeout(timeout)
            .method(
                request.method().name(),
                request.body() == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString(request.body()));
    if ("http".equalsIgnoreCase(url.getScheme())) {
      translated.version(Version.HTTP_1_1); // some local servers stumble over the offer of HTTP/2
    }
    request
        .headers()
        .forEach(
            (header, values) -> {
              if (!headers.containsKey(header)) {
                values.forEach(value -> translated.header(header, value));
              }
            });
    headers.forEach(translated::header);
    return translated.build();
  }

  private InputStream body(HttpResponse<InputStream> response) {
    return new TimedBody(response.body(), timeout);
  }

  private static SuccessfulHttpResponse success(
      HttpResponse<InputStream> response, @Nullable String body) {
    return SuccessfulHttpResponse.builder()
        .statusCode(response.statusCode())
        .headers(response.headers().map())
        .body(body)
        .build();
  }

  private RuntimeException notReached(IOException e) {
    return closed ? closedModel() : Failures.notReached(name, timeout, e, secrets);
  }

  /** Returns the exception for an answer whose rest does not come. */
  private RuntimeException cutOff(Throwable e) {
    if (wasInterrupted()) {
      return interrupted(e);
    }
    return closed ? closedModel() : Failures.cutOff(name, timeout, e, secrets);
  }

  private ModelException closedModel() {
    return Failures.closed(name);
  }

  private static boolean wasInterrupted() {
    return Thread.currentThread().isInterrupted();
  }

  private static CallInterruptedException interrupted(Throwable cause) {
    Thread.currentThread().interrupt();
    return new CallInterruptedException(INTERRUPTED, cause);
  }

  /** Closes the connections; requests that are being answered fail. */
  @Override
  public void close() {
    closed = true;
    client.shutdownNow();
  }

  @Override
  public String toString() {
    return "HttpCalls[" + name + "]";
  }
}
