package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumEvent.SpanEnded;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.testing.GraalPyTest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Spans that a framework of one's own reports from real contexts. */
@GraalPyTest
class SpansTest {

  private static final String NAME = "spanning";

  private static final String SOURCE =
      """
      from terrarium.bridge import BaseBridge, handler, spans


      class Spanning(BaseBridge):
          framework = "spanning"

          @handler
          def work(self, then=None):
              with spans.span("chain", "outer", "Chain", {"q": 1}) as outcome:
                  if then is not None:
                      then()
                  with spans.span("tool", "inner"):
                      outcome.outputs = {"a": 2}
              return spans.detail

          @handler
          def hang(self):
              with spans.span("tool", "endless"):
                  while True: pass

          @handler
          def fail(self):
              with spans.span("tool", "bad"):
                  raise KeyError("x")
      """;

  private final List<TerrariumEvent> events = new CopyOnWriteArrayList<>();
  private final Terrarium terrarium;

  SpansTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  @BeforeEach
  void registered() {
    if (!terrarium.stats().frameworks().contains(NAME)) {
      terrarium.register(Framework.fromSource(NAME, SOURCE, "spanning.py"));
    }
  }

  private Adapter observed(SpanDetail detail) {
    return terrarium.adapter(NAME).with(CallOptions.ofDefaults().withSpans(detail, events::add));
  }

  private List<String> ends() {
    return events.stream()
        .filter(SpanEnded.class::isInstance)
        .map(SpanEnded.class::cast)
        .map(each -> each.kind() + " " + each.name() + " " + each.failure())
        .toList();
  }

  private String parentOf(String name) {
    SpanEnded child = end(name);
    return events.stream()
        .filter(SpanEnded.class::isInstance)
        .map(SpanEnded.class::cast)
        .filter(each -> each.span().equals(child.parent()))
        .map(SpanEnded::name)
        .findAny()
        .orElse("none");
  }

  private SpanEnded end(String name) {
    return events.stream()
        .filter(SpanEnded.class::isInstance)
        .map(SpanEnded.class::cast)
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void observedCallReportsSpansAndTheNextCallDoesNot() {
    Object detail = observed(SpanDetail.TIMES).call("work", Map.of());

    assertThat(detail).isEqualTo("TIMES");
    assertThat(ends()).containsExactly("tool inner null", "chain outer null");
    assertThat(parentOf("inner")).isEqualTo("outer");
    assertThat(end("outer").outputs()).isNull();
    assertThat(events).hasSize(4);
    assertThat(terrarium.call(NAME, "work", Map.of())).isEqualTo("OFF");
    assertThat(events).hasSize(4);
  }

  @Test
  void stoppedCallLeavesNoReportingOfSpansBehind() {
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).build();
    CallOptions observing = CallOptions.ofDefaults().withSpans(SpanDetail.TIMES, events::add);
    try (Terrarium one = Terrarium.start(config)) {
      Adapter adapter =
          one.register(Framework.fromSource(NAME, SOURCE, "spanning.py")).adapter(NAME);
      assertThat(adapter.with(observing).call("work", Map.of())).isEqualTo("TIMES");
      CallOptions soon = observing.withDeadline(Duration.ofMillis(200));
      assertThatThrownBy(() -> adapter.with(soon).call("hang", Map.of()))
          .isInstanceOf(CallTimeoutException.class);
      assertThat(adapter.call("work", Map.of())).isEqualTo("OFF");
    }
  }

  @Test
  void contentIsReportedWhenItIsAskedFor() {
    observed(SpanDetail.CONTENT).call("work", Map.of());

    assertThat(end("outer").outputs()).isEqualTo(Map.of("a", 2L));
    assertThat(end("outer").type()).isEqualTo("Chain");
  }

  @Test
  void failureIsReportedByTheNameOfItsClass() {
    assertThatThrownBy(() -> observed(SpanDetail.TIMES).call("fail", Map.of()))
        .hasMessageContaining("KeyError");
    assertThat(ends()).containsExactly("tool bad KeyError");
  }

  @Test
  void batchAndFutureAndCallWithinACallAreObservedToo() throws Exception {
    Adapter adapter = observed(SpanDetail.TIMES);
    Command<@Nullable Object> work = Command.of("work", Map.of());
    adapter.batch(List.of(work, work));
    assertThat(ends()).hasSize(4);

    assertThat(adapter.batchAsync(List.of(work, work)).get(60, TimeUnit.SECONDS))
        .containsOnly(new CallResult.Success<>("TIMES"))
        .hasSize(2);
    assertThat(adapter.batchAsync(List.<Command<@Nullable Object>>of()).get()).isEmpty();
    assertThat(adapter.callAsync(work).get(60, TimeUnit.SECONDS)).isEqualTo("TIMES");
    assertThat(ends()).hasSize(10);

    events.clear();
    HostFunction then = arguments -> terrarium.call(NAME, "work", Map.of());
    adapter.call("work", Map.of("then", then));
    assertThat(ends()).hasSize(4);
    assertThat(events.stream().filter(TerrariumEvent.SpanStarted.class::isInstance).limit(2))
        .last()
        .isInstanceOfSatisfying(
            TerrariumEvent.SpanStarted.class, within -> assertThat(within.parent()).isNotNull());
  }

  @Test
  void configurationAsksForTheSpansOfAllCalls() {
    TerrariumConfig config = TerrariumConfig.custom().set("spans", "times").build();
    assertThat(config.spans()).isEqualTo(SpanDetail.TIMES);
    assertThat(TerrariumConfig.ofDefaults().spans()).isEqualTo(SpanDetail.OFF);
    assertThatThrownBy(() -> TerrariumConfig.custom().set("spans", "all"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("off, times, content");
    assertThatThrownBy(() -> CallOptions.ofDefaults().withSpans(SpanDetail.OFF, events::add))
        .isInstanceOf(ConfigurationException.class);

    try (Terrarium own =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(1)
                .observer(events::add)
                .spans(SpanDetail.TIMES)
                .build())) {
      own.register(Framework.fromSource(NAME, SOURCE, "spanning.py"));
      assertThat(own.call(NAME, "work", Map.of())).isEqualTo("TIMES");
    }
    assertThat(ends()).containsExactly("tool inner null", "chain outer null");
  }
}
