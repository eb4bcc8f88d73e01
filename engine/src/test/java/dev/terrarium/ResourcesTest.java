package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.terrarium.error.AccessException;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConnectionException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.TestFunctions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests of frameworks' shares of caches and pools, seen through real calls. */
@GraalPyTest
class ResourcesTest {

  private final Terrarium terrarium;

  ResourcesTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  private Object evaluate(String expression) {
    Object result = terrarium.call("probe", "evaluate", Map.of("expression", expression));
    return result == null ? "None" : result;
  }

  @Test
  void modelLoadedByACallIsChargedToItsFramework() {
    int before = probe().models();
    long bytes = probe().modelBytes();
    TestFunctions.onCall(
        arguments -> {
          AutoCloseable model = () -> {};
          try (ModelCache.Use<AutoCloseable> use =
              terrarium
                  .shared()
                  .modelCache()
                  .acquire("resources", "one", () -> model, loaded -> 1000)) {
            return use.model() == model;
          }
        });

    assertThat(evaluate("host.call('test.call')")).isEqualTo(true);
    assertThat(probe().models()).isEqualTo(before + 1);
    assertThat(probe().modelBytes()).isEqualTo(bytes + 1000);
    assertThat(terrarium.shared().modelCache().evict("resources", "one")).isTrue();
    assertThat(probe().models()).isEqualTo(before);
  }

  @Test
  void heapOfAFrameworkIsReportedAsAnEstimate() {
    evaluate("1");

    assertThat(probe().heap().measured()).isFalse();
    assertThat(probe().heap().estimate()).isPositive();
    assertThat(probe().heap().bytes()).isEqualTo(probe().heap().estimate());
    assertThat(probe().memory()).isEqualTo(probe().heap().bytes() + probe().modelBytes());
    assertThat(probe().limits()).isEqualTo(ResourceLimits.ofDefaults());
  }

  @Test
  void onThisRuntimeNoContextIsMeasured() {
    assertThat(terrarium.measureContexts().join()).isEmpty();
  }

  @Test
  void frameworkWithoutMemoryForAFurtherContextServesAllCallsFromItsFirst() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(2)
            .limits("probe", ResourceLimits.custom().memory(1).build())
            .build();
    try (Terrarium small = Terrarium.start(config).register(SharedTerrarium.probe())) {
      small.prewarm("probe", 1).join();

      assertThatThrownBy(() -> small.prewarm("probe", 2).join())
          .hasCauseInstanceOf(LimitExceededException.class)
          .hasMessageContaining("Framework 'probe' is loaded in no further context");
      assertThat(
              Stream.generate(() -> Map.of("expression", "6 * 7"))
                  .limit(8)
                  .parallel()
                  .map(arguments -> small.call("probe", "evaluate", arguments)))
          .containsOnly(42L);
      assertThat(small.stats().pool().with("probe")).isOne();
    }
  }

  @Test
  void pythonGetsVectorsThatAreMadeOnce() {
    long misses = terrarium.stats().embeddings().misses();

    assertThat(evaluate("[list(v) for v in host.embed(['ab', 'abc', 'ab'])]"))
        .isEqualTo(List.of(List.of(2.0, 1.0), List.of(3.0, 1.0), List.of(2.0, 1.0)));
    assertThat(evaluate("sum(host.embed(['abc'], 'lengths')[0])")).isEqualTo(4.0);
    assertThat(terrarium.stats().embeddings().misses() - misses).isEqualTo(2);
  }

  @Test
  void missingEmbeddingModelIsReportedThroughPython() {
    assertThatThrownBy(() -> evaluate("host.embed(['a'], 'none')"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("There is no embedding model 'none'. Known: [lengths]");
  }

  @Test
  void pythonCountsReadsAndWritesTokens() {
    assertThat(evaluate("host.count_tokens('abc')")).isEqualTo(3L);
    assertThat(evaluate("host.encode_tokens('ab', 'shared')")).isEqualTo(List.of(97L, 98L));
    assertThat(evaluate("host.decode_tokens(host.encode_tokens('hé'))")).isEqualTo("hé");
    assertThat(terrarium.shared().tokenizer(Optional.empty()).count("abc")).isEqualTo(3);
    assertThatThrownBy(() -> evaluate("host.count_tokens('abc', 'counting')"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("'counting' does not tell how it splits texts into tokens");
  }

  @Test
  void pythonSendsRequestsByAConnectionOfItsFramework() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange
              .getResponseHeaders()
              .add("X-Given", exchange.getRequestHeaders().getFirst("X-Given"));
          exchange.sendResponseHeaders(418, 0);
          exchange.getRequestBody().transferTo(exchange.getResponseBody());
          exchange.close();
        });
    server.start();
    int before = probe().connections();
    String request =
        "host.http('PUT', 'http://127.0.0.1:%d/a', {'X-Given': 'yes'}, 'hé')"
            .formatted(server.getAddress().getPort());
    try {
      assertThat(evaluate("[[s, h['x-given'], b.decode()] for s, h, b in [" + request + "]]"))
          .isEqualTo(List.of(List.of(418L, "yes", "hé")));
      assertThat(evaluate(request + "[0]")).isEqualTo(418L);
    } finally {
      server.stop(0);
    }

    assertThat(probe().connections()).isEqualTo(before + 1);
    assertThat(terrarium.stats().pooled().get("HTTP connection"))
        .satisfies(stats -> assertThat(stats.hits()).isPositive());
    assertThatThrownBy(() -> evaluate(request)).isInstanceOf(ConnectionException.class);
    assertThatThrownBy(() -> evaluate("host.http('GET', 'ftp://x/')"))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("'ftp'");
    assertThatThrownBy(() -> evaluate("host.call('http.request', 'GET', 'http://x/')"))
        .isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> evaluate("host.http('GET', 'http://x/', {'a': 1})"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("http.request.headers.a");
    assertThatThrownBy(() -> evaluate("host.http('GET', 'http://x/', seconds=float('nan'))"))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("timeout");
  }

  @Test
  void profileWithoutNetworkIsRefusedByName() {
    try (Terrarium restricted =
        Terrarium.start(
            TerrariumConfig.custom().contexts(1).access(AccessProfile.RESTRICTED).build())) {
      Adapter probe = restricted.register(SharedTerrarium.probe()).adapter("probe");

      assertThatThrownBy(
              () ->
                  probe.call(
                      "evaluate", Map.of("expression", "host.http('GET', 'http://127.0.0.1/')")))
          .isInstanceOf(AccessException.class)
          .hasMessage(
              "The access profile restricted grants no network, and so no http.request. Declare"
                  + " trusted for the framework, if it is to have one.");
    }
  }

  private Stats.FrameworkUse probe() {
    return Objects.requireNonNull(terrarium.stats().resources().get("probe"));
  }
}
