package dev.terrarium.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.terrarium.CallOptions;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.testkit.FakeLanguageModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of LangSmith's own client in a real context, which sends to a service on this machine. */
@Tag("graalpy")
class TracingTest {

  private static final Framework HANGING =
      Framework.fromSource(
          "hanging",
          """
          from terrarium.bridge import BaseBridge, handler

          class Hanging(BaseBridge):
              framework = "hanging"

              @handler
              def hang(self):
                  while True:
                      pass
          """,
          "hanging.py");

  /** A request to the service: the key, and the bodies as texts. */
  private record Sent(@Nullable String key, String body) {}

  private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
  private HttpServer service;

  @BeforeEach
  void startService() throws IOException {
    service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    service.createContext("/", this::answer);
    service.start();
  }

  @AfterEach
  void stopService() {
    service.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      if (!body.isEmpty()) {
        sent.add(new Sent(exchange.getRequestHeaders().getFirst("x-api-key"), body));
      }
      exchange.sendResponseHeaders(200, 2);
      exchange.getResponseBody().write("{}".getBytes(StandardCharsets.UTF_8));
    }
  }

  private Terrarium terrarium(Map<String, String> environment) {
    return Terrarium.start(
        TerrariumConfig.custom()
            .contexts(1)
            .environment(environment)
            .environment(
                Map.of("LANGSMITH_ENDPOINT", "http://127.0.0.1:" + service.getAddress().getPort()))
            .languageModel(FakeLanguageModel.answering("Paris", "Paris"))
            .build());
  }

  private static String ask(Terrarium terrarium, String question) {
    return terrarium.adapter(LangChain.class).prompt(question).text().call(Map.of());
  }

  private void awaitTraceOf(String question, String key) throws InterruptedException {
    Sent each;
    do {
      each = sent.poll(1, TimeUnit.MINUTES);
      assertThat(each).as("trace of " + question).isNotNull();
      assertThat(each.key()).isEqualTo(key);
    } while (!each.body().contains(question));
  }

  @Test
  void tracesAreSentToTheConfiguredService() throws Exception {
    Map<String, String> said = Map.of("LANGSMITH_TRACING", "true", "LANGSMITH_API_KEY", "mine");
    try (Terrarium terrarium = terrarium(said)) {
      terrarium.register(HANGING);
      assertThat(ask(terrarium, "first question")).isEqualTo("Paris");
      awaitTraceOf("first question", "mine");

      // What stops a call stops all threads of its context.
      assertThatThrownBy(
              () ->
                  terrarium
                      .adapter("hanging")
                      .with(CallOptions.ofDefaults().withDeadline(Duration.ofMillis(200)))
                      .call("hang", Map.of()))
          .isInstanceOf(TerrariumException.class);
      assertThat(ask(terrarium, "second question")).isEqualTo("Paris");
      awaitTraceOf("second question", "mine");
    }
    sent.clear();

    Map<String, String> others =
        Map.of("LANGCHAIN_TRACING_V2", "true", "LANGSMITH_API_KEY", "theirs");
    try (Terrarium terrarium = terrarium(others)) { // in the same context, when that was parked
      ask(terrarium, "third question");
      awaitTraceOf("third question", "theirs");
    }
    sent.clear();

    try (Terrarium terrarium = terrarium(Map.of())) {
      ask(terrarium, "fourth question");
    }
    assertThat(sent).isEmpty();
  }
}
