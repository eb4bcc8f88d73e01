package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumEvent.SpanEnded;
import dev.terrarium.event.TerrariumEvent.SpanStarted;
import dev.terrarium.event.TerrariumObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SpanWatchTest {

  private final List<TerrariumEvent> events = new ArrayList<>();

  private SpanWatch watch(SpanDetail detail, @Nullable SpanWatch outer) {
    return new SpanWatch("words", Map.of(events::add, detail), outer);
  }

  private List<String> ends() {
    return events.stream()
        .filter(SpanEnded.class::isInstance)
        .map(SpanEnded.class::cast)
        .map(each -> each.span() + " in " + each.parent() + ": " + each.failure())
        .toList();
  }

  @Test
  void spanIsReportedAtItsStartAndAtItsEnd() {
    SpanWatch watch = watch(SpanDetail.CONTENT, null);
    watch.started("1", null, "tool", "add", "Tool", Map.of("a", 2L));
    watch.ended("1", null, 5L);

    assertThat(events.getFirst())
        .isEqualTo(new SpanStarted("words", "tool", "add", "Tool", "1", null, Map.of("a", 2L)));
    SpanEnded end = (SpanEnded) events.getLast();
    assertThat(end.outputs()).isEqualTo(5L);
    assertThat(end.nanos()).isPositive();
  }

  @Test
  void observerOfTimesReceivesNoContentThoughAnotherOneDoes() {
    List<TerrariumEvent> times = new ArrayList<>();
    TerrariumObserver ofTimes = times::add;
    SpanWatch watch =
        new SpanWatch(
            "words", Map.of(ofTimes, SpanDetail.TIMES, events::add, SpanDetail.CONTENT), null);
    watch.started("1", null, "tool", "add", "Tool", "in");
    watch.ended("1", null, "out");

    assertThat(watch.detail()).isEqualTo(SpanDetail.CONTENT);
    assertThat(times.toString()).doesNotContain("inputs=in", "outputs=out");
    assertThat(events.toString()).contains("inputs=in", "outputs=out");
  }

  @Test
  void endOfTheCallEndsOpenSpansFromInsideOutAndNoSpanLater() {
    SpanWatch watch = watch(SpanDetail.TIMES, null);
    watch.started("1", null, "module", "self", "Predict", null);
    watch.started("2", "1", "lm", "default", "LM", null);
    watch.end(new IllegalStateException("stopped"));
    watch.ended("2", null, null);
    watch.started("3", "1", "lm", "default", "LM", null);

    assertThat(ends())
        .containsExactly("2 in 1: IllegalStateException", "1 in null: IllegalStateException");
    assertThat(events).hasSize(4);
  }

  @Test
  void spanWithoutAParentIsWithinTheOneThatIsOpen() {
    SpanWatch watch = watch(SpanDetail.TIMES, null);
    watch.started("1", null, "module", "self", "Rag", null);
    watch.started("2", null, "lm", "default", "LM", null);
    watch.end(null);

    assertThat(ends()).containsExactly("2 in 1: null", "1 in null: null");
  }

  @Test
  void spansOfACallWithinACallAreWithinItsOpenSpan() {
    SpanWatch outer = watch(SpanDetail.TIMES, null);
    outer.started("1", null, "module", "self", "Rag", null);
    SpanWatch inner = watch(SpanDetail.TIMES, outer);
    inner.started("2", "left behind by a stopped call", "module", "query", "Predict", null);
    inner.started("3", "1", "tool", "add", "Tool", null);
    inner.started("4", "3", "lm", "default", "LM", null);
    inner.end(null);

    assertThat(ends()).containsExactly("4 in 3: null", "3 in 1: null", "2 in 1: null");
  }
}
