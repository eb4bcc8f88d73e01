package dev.terrarium.langchain4j;

import dev.langchain4j.http.client.HttpMethod;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.reactivestreams.Publisher;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;
import software.amazon.awssdk.utils.BinaryUtils;

/**
 * The HTTP client of the AWS SDK, which sends by {@link HttpCalls}. Thread-safe; a request runs on
 * the thread that makes it, also of the SDK's asynchronous client. The SDK sees successful answers
 * alone, since {@link HttpCalls} throws the exceptions of the others.
 */
record BedrockHttp(Connection connection) implements SdkHttpClient, SdkAsyncHttpClient {

  /** What the JDK's client sets itself, with the values that the SDK has signed. */
  private static final Set<String> SET_BY_THE_CLIENT =
      Set.of("host", "content-length", "expect", "connection");

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() {
        return answered(request);
      }

      /** Does nothing: an interruption of the calling thread ends the exchange. */
      @Override
      public void abort() {}
    };
  }

  private HttpExecuteResponse answered(HttpExecuteRequest request) {
    String sent = request.contentStreamProvider().map(BedrockHttp::text).orElse("");
    SuccessfulHttpResponse response =
        connection.calls().execute(translated(request.httpRequest(), sent));
    if (!Failures.json(response.body()).isObject()) {
      throw Failures.unreadable(connection.name(), "it is no JSON object");
    }
    byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
    return HttpExecuteResponse.builder()
        .response(head(response))
        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
        .build();
  }

  /** Sends a request whose answer is streamed, and returns when all of it was read. */
  @Override
  public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
    SdkAsyncHttpResponseHandler handler = request.responseHandler();
    try {
      connection
          .calls()
          .execute(
              translated(request.request(), text(request.requestContentPublisher())),
              (head, stream) -> {
                BedrockBody body = new BedrockBody(connection, stream);
                handler.onHeaders(head(head));
                handler.onStream(body);
                body.check();
              });
      return CompletableFuture.completedFuture(null);
    } catch (RuntimeException e) {
      handler.onError(e);
      return CompletableFuture.failedFuture(e);
    }
  }

  private static HttpRequest translated(SdkHttpRequest request, String body) {
    return HttpRequest.builder()
        .method(HttpMethod.valueOf(request.method().name()))
        .url(request.getUri().toString())
        .headers(sent(request.headers()))
        .body(body)
        .build();
  }

  private static SdkHttpResponse head(SuccessfulHttpResponse response) {
    return SdkHttpResponse.builder()
        .statusCode(response.statusCode())
        .headers(response.headers())
        .build();
  }

  private static Map<String, List<String>> sent(Map<String, List<String>> headers) {
    return headers.entrySet().stream()
        .filter(header -> !SET_BY_THE_CLIENT.contains(header.getKey().toLowerCase(Locale.ROOT)))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static String text(ContentStreamProvider body) {
    try (InputStream stream = body.newStream()) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the bytes are in memory
    }
  }

  /** Returns the body of a request, which is in memory, so that all of it comes at once. */
  private static String text(Publisher<ByteBuffer> body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SdkPublisher.adapt(body)
        .subscribe(piece -> bytes.writeBytes(BinaryUtils.copyBytesFrom(piece)))
        .join();
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public String clientName() {
    return "Terrarium";
  }

  /** Does nothing: the connections are closed with the model. */
  @Override
  public void close() {}
}
