package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.terrarium.Stats;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConnectionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.internal.event.Events;
import dev.terrarium.testing.ManualTime;
import dev.terrarium.testing.Task;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests to a server of the JDK's in this process. */
class HttpConnectionsTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final int MAX_BODY = 1_000;

  private final ManualTime time = new ManualTime();
  private final KeyedResourcePool pool =
      new KeyedResourcePool(framework -> 2, Events.none(), time, time, Runnable::run);
  private final HttpConnections http = new HttpConnections(pool, MAX_BODY, SHORT);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch gate = new CountDownLatch(1);

  /** The client's port of each request's connection. */
  private final List<Integer> ports = new CopyOnWriteArrayList<>();

  private final HttpServer server;

  HttpConnectionsTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() {
    server.setExecutor(threads);
    server.createContext(
        "/echo", exchange -> answer(exchange, 201, exchange.getRequestBody().readAllBytes()));
    server.createContext("/large", exchange -> answer(exchange, 200, new byte[MAX_BODY + 1]));
    server.createContext("/fits", exchange -> answer(exchange, 200, new byte[MAX_BODY]));
    server.createContext(
        "/moved",
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/echo");
          answer(exchange, 302, new byte[0]);
        });
    server.createContext(
        "/cut",
        exchange -> {
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().write(1);
          exchange.close();
        });
    server.createContext(
        "/slow",
        exchange -> {
          Task.await(gate);
          answer(exchange, 200, new byte[0]);
        });
    server.start();
  }

  @AfterEach
  void stop() {
    gate.countDown();
    pool.close();
    server.stop(0);
    threads.close();
  }

  /** Answers with the request's method and a header that stands twice; chunked. */
  private void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    ports.add(exchange.getRemoteAddress().getPort());
    exchange.getResponseHeaders().add("X-Seen", exchange.getRequestMethod());
    exchange
        .getResponseHeaders()
        .add("X-Seen", String.valueOf(exchange.getRequestHeaders().getFirst("X-Given")));
    exchange.sendResponseHeaders(status, 0);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private HttpResponse<byte[]> get(String path) {
    return http.send("GET", url(path), Map.of(), new byte[0], MINUTE);
  }

  private static <T> T in(String framework, Supplier<T> call) {
    List<T> result = new ArrayList<>();
    new CallScope(framework, null).run(() -> result.add(call.get()));
    return result.getFirst();
  }

  private Stats.Resource stats() {
    return Objects.requireNonNull(pool.stats().get(HttpConnections.KIND));
  }

  @Test
  void answerHasStatusHeadersAndBody() {
    byte[] body = "to be".getBytes(StandardCharsets.UTF_8);
    HttpResponse<byte[]> answer =
        http.send("POST", url("/echo"), Map.of("X-Given", "or not"), body, MINUTE);

    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(answer.headers().allValues("x-seen")).containsExactly("POST", "or not");
    assertThat(answer.body()).isEqualTo(body);
    assertThat(get("/fits").body()).hasSize(MAX_BODY);
  }

  @Test
  void redirectionsAndErrorsAreAnswers() {
    assertThat(get("/moved").statusCode()).isEqualTo(302);
    assertThat(get("/nowhere").statusCode()).isEqualTo(404);
  }

  @Test
  void connectionIsUsedAgain() {
    get("/echo");
    get("/echo");

    assertThat(ports).hasSize(2);
    assertThat(ports.getFirst()).isEqualTo(ports.getLast());
    assertThat(stats()).isEqualTo(new Stats.Resource(1, 0, 1, 1, 0, 0));
  }

  @Test
  void eachFrameworkHasItsOwn() {
    in("one", () -> get("/echo"));
    in("two", () -> get("/echo"));
    in("one", () -> get("/echo"));

    assertThat(ports.getFirst()).isEqualTo(ports.getLast()).isNotEqualTo(ports.get(1));
    assertThat(pool.connections("one")).isEqualTo(1);
    assertThat(pool.connections("two")).isEqualTo(1);
  }

  @Test
  void connectionIsNotReusedAfterAFailedExchange() {
    get("/echo");
    assertThatThrownBy(() -> get("/cut"))
        .isInstanceOf(ConnectionException.class)
        .hasMessageStartingWith("The exchange with " + url("") + " broke off: ");
    assertThat(get("/echo").statusCode()).isEqualTo(201);

    assertThat(stats().made()).isEqualTo(2);
    assertThat(stats().closed()).isEqualTo(1);
  }

  @Test
  void connectionIsClosedWhenItIsUnusedForAMinute() {
    get("/echo");
    time.pass(MINUTE);
    time.runDue();

    assertThat(stats()).isEqualTo(new Stats.Resource(0, 0, 0, 1, 0, 1));
    assertThat(get("/echo").statusCode()).isEqualTo(201);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET|ftp://example.org/a|url: the scheme 'ftp' is not http or https",
        "GET|file:///etc/passwd|url: the scheme 'file' is not http or https",
        "GET|example.org|url: the scheme 'null' is not http or https",
        "GET|http:///a|url: names no host",
        "GET|http:a|url: names no host",
        "GET|http://a b/|url: is no URL",
        "GE T|http://127.0.0.1/|request: ",
      })
  void invalidRequestIsRefused(String method, String url, String message) {
    assertThatThrownBy(() -> http.send(method, url, Map.of(), new byte[0], MINUTE))
        .isInstanceOf(ArgumentException.class)
        .hasMessageStartingWith(message);
    assertThat(pool.size()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"Host, a", "Content-Length, 7", "a b, c", "'', c", "a, 'c\nd: e'"})
  void headersThatMayNotBeSetAreRefused(String name, String value) {
    assertThatThrownBy(
            () -> http.send("GET", url("/echo"), Map.of(name, value), new byte[0], MINUTE))
        .isInstanceOf(ArgumentException.class)
        .hasMessageStartingWith("request: ");
  }

  @Test
  void timeoutIsAboveZero() {
    assertThatThrownBy(() -> http.send("GET", url("/echo"), Map.of(), new byte[0], Duration.ZERO))
        .isInstanceOf(ArgumentException.class)
        .hasMessage("timeout: PT0S is not above zero");
  }

  @Test
  void bodiesAreBounded() {
    assertThatThrownBy(
            () -> http.send("POST", url("/echo"), Map.of(), new byte[MAX_BODY + 1], MINUTE))
        .isInstanceOf(LimitExceededException.class)
        .hasMessage(
            "The body of the request to "
                + url("")
                + " has 1001 bytes or more, and may have 1000; see TerrariumConfig.maxMessage.");
    assertThatThrownBy(() -> get("/large"))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageStartingWith("The body of the answer of " + url("") + " has 1001 bytes or more");
    assertThat(get("/echo").statusCode()).isEqualTo(201);
  }

  @Test
  void answerThatDoesNotComeInTimeIsGivenUp() {
    assertThatThrownBy(() -> http.send("GET", url("/slow"), Map.of(), new byte[0], SHORT))
        .isInstanceOf(ConnectionException.class)
        .hasMessage(url("") + " did not answer within PT0.05S.");
    assertThat(get("/echo").statusCode()).isEqualTo(201);
    assertThat(stats().closed()).isEqualTo(1);
  }

  @Test
  void failedConnectionNamesTheMachineButNotTheRequest() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    assertThatThrownBy(
            () ->
                http.send(
                    "GET",
                    "http://127.0.0.1:" + port + "/a?key=secret",
                    Map.of(),
                    new byte[0],
                    MINUTE))
        .isInstanceOf(ConnectionException.class)
        .hasMessage(
            "http://127.0.0.1:"
                + port
                + " could not be reached; is its address right, and does it"
                + " run?");
  }

  @Test
  void refusalOfAConnectionHasTheFigures() throws Exception {
    List<Task<HttpResponse<byte[]>>> slow = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      slow.add(Task.of(() -> in("one", () -> get("/slow"))));
    }
    Task.until("both have a connection", () -> pool.connections("one") == 2);

    assertThatThrownBy(() -> in("one", () -> get("/echo")))
        .isInstanceOf(LimitExceededException.class)
        .hasMessage(
            "No HTTP connection of one "
                + url("")
                + " became free in PT0.05S: there are 2 of 64; framework 'one' has 2 of 2"
                + " connections, all in use. Give them back sooner, or raise the limit.");
    assertThat(in("two", () -> get("/echo")).statusCode()).isEqualTo(201);
    gate.countDown();
    for (Task<HttpResponse<byte[]>> each : slow) {
      assertThat(each.result().statusCode()).isEqualTo(200);
    }
    assertThat(in("one", () -> get("/echo")).statusCode()).isEqualTo(201);
  }

  @Test
  void waitingForAnAnswerCanBeInterrupted() throws Exception {
    Task<HttpResponse<byte[]>> waiting = Task.of(() -> get("/slow"));
    Task.until("it has a connection", () -> pool.size() == 1);
    waiting.interrupt();

    assertThat(waiting.failure())
        .isInstanceOf(CallInterruptedException.class)
        .hasMessage("Interrupted while waiting for " + url("") + ".");
    assertThat(stats().inUse()).isZero();
  }
}
