package dev.terrarium.internal.resource;

import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.event.Events;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The spans of one call that is observed, which reports their starts and ends. Spans that are open
 * when the call ends are ended by it, so each start has an end. Thread-safe.
 */
public final class SpanWatch {

  private record Span(String kind, String name, String type, @Nullable String parent, long begin) {}

  private final String framework;
  private final Map<TerrariumObserver, SpanDetail> observers;
  private final Events ofTimes;
  private final Events ofContent;
  private final @Nullable SpanWatch outer;

  /** The innermost open span of the outer call when this one began. */
  private final @Nullable String parent;

  private final LinkedHashMap<String, Span> open = new LinkedHashMap<>();
  private boolean over;

  /**
   * Creates the watch of a call.
   *
   * @param observers the observers, with how much is reported to each; at least one
   * @param outer the watch of the call around this one, or null
   */
  public SpanWatch(
      String framework, Map<TerrariumObserver, SpanDetail> observers, @Nullable SpanWatch outer) {
    this.framework = framework;
    this.observers = observers;
    this.ofTimes = with(SpanDetail.TIMES);
    this.ofContent = with(SpanDetail.CONTENT);
    this.outer = outer;
    this.parent = outer == null ? null : outer.innermost();
  }

  private Events with(SpanDetail detail) {
    return Events.to(
        observers.entrySet().stream()
            .filter(each -> each.getValue() == detail)
            .map(Map.Entry::getKey)
            .toList());
  }

  /** Returns the most that is reported to an observer. */
  public SpanDetail detail() {
    return ofContent.active() ? SpanDetail.CONTENT : SpanDetail.TIMES;
  }

  /** Returns the observers, with how much is reported to each. */
  public Map<TerrariumObserver, SpanDetail> observers() {
    return observers;
  }

  /**
   * Reports that a span begins. A parent that is no open span, as one that a stopped call left
   * behind, is replaced by the span that began last and is open.
   */
  public void started(
      String span,
      @Nullable String within,
      String kind,
      String name,
      String type,
      @Nullable Object inputs) {
    Span started;
    synchronized (open) {
      if (over) {
        return;
      }
      String around = isOpen(within) ? within : innermost();
      started = new Span(kind, name, type, around, System.nanoTime());
      open.put(span, started);
    }
    report(
        inputs,
        content ->
            new TerrariumEvent.SpanStarted(
                framework, kind, name, type, span, started.parent(), content));
  }

  /** Reports that a span ended; does nothing for one that is not open. */
  public void ended(String span, @Nullable String failure, @Nullable Object outputs) {
    Span ended;
    synchronized (open) {
      ended = open.remove(span);
    }
    if (ended != null) {
      emit(span, ended, failure, outputs);
    }
  }

  /** Ends the spans that are still open, the innermost first; later ones are not reported. */
  public void end(@Nullable Throwable failure) {
    List<Map.Entry<String, Span>> left;
    synchronized (open) {
      over = true;
      left = new ArrayList<>(open.entrySet());
      open.clear();
    }
    for (Map.Entry<String, Span> each : left.reversed()) {
      emit(
          each.getKey(),
          each.getValue(),
          failure == null ? null : failure.getClass().getSimpleName(),
          null);
    }
  }

  private void emit(String id, Span span, @Nullable String failure, @Nullable Object outputs) {
    long nanos = System.nanoTime() - span.begin();
    report(
        outputs,
        content ->
            new TerrariumEvent.SpanEnded(
                framework,
                span.kind(),
                span.name(),
                span.type(),
                id,
                span.parent(),
                nanos,
                failure,
                content));
  }

  private void report(@Nullable Object content, Function<@Nullable Object, TerrariumEvent> event) {
    if (ofTimes.active()) {
      ofTimes.emit(event.apply(null));
    }
    if (ofContent.active()) {
      ofContent.emit(event.apply(content));
    }
  }

  private boolean isOpen(@Nullable String span) {
    if (span == null) {
      return false;
    }
    synchronized (open) {
      if (open.containsKey(span)) {
        return true;
      }
    }
    return outer != null && outer.isOpen(span);
  }

  /** Returns the span that began last and is open, or that within which the call began. */
  private @Nullable String innermost() {
    synchronized (open) {
      return open.isEmpty() ? parent : open.lastEntry().getKey();
    }
  }
}
