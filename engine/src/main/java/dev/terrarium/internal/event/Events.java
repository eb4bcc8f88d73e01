package dev.terrarium.internal.event;

import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumObserver;
import java.lang.System.Logger.Level;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The observers of one Terrarium. Code that reports an event first checks whether there are
 * observers, so that nothing is measured or created without them:
 *
 * <pre>{@code
 * long begin = events.now();
 * work();
 * if (events.active()) {
 *   events.emit(new TerrariumEvent.ContextCreated(name, events.since(begin)));
 * }
 * }</pre>
 *
 * Thread-safe.
 */
public final class Events {

  private static final Events NONE = new Events(List.of(), SpanDetail.OFF);

  private final TerrariumObserver[] observers;
  private final Map<TerrariumObserver, SpanDetail> ofSpans;

  private Events(List<TerrariumObserver> observers, SpanDetail spans) {
    this.observers = observers.toArray(TerrariumObserver[]::new);
    Map<TerrariumObserver, SpanDetail> details = new LinkedHashMap<>();
    if (spans != SpanDetail.OFF) {
      observers.forEach(each -> details.put(each, spans));
    }
    this.ofSpans = Collections.unmodifiableMap(details);
  }

  /** Returns an instance without observers. */
  public static Events none() {
    return NONE;
  }

  /** Returns an instance that reports events to these observers, in this order. */
  public static Events to(List<TerrariumObserver> observers) {
    return to(observers, SpanDetail.OFF);
  }

  /** Returns an instance that also reports the spans of all calls, with that detail. */
  public static Events to(List<TerrariumObserver> observers, SpanDetail spans) {
    return observers.isEmpty() ? NONE : new Events(observers, spans);
  }

  /** Returns the observers to which the spans of all calls are reported, with their detail. */
  public Map<TerrariumObserver, SpanDetail> ofSpans() {
    return ofSpans;
  }

  /** Returns whether there are observers. */
  public boolean active() {
    return observers.length > 0;
  }

  /** Returns the clock's nanoseconds; without observers returns 0, which costs nothing. */
  public long now() {
    return active() ? System.nanoTime() : 0;
  }

  /** Returns the nanoseconds since {@link #now()} returned {@code begin}. */
  public long since(long begin) {
    return System.nanoTime() - begin;
  }

  /**
   * Reports an event to all observers. Never throws: an exception of an observer, an {@link Error}
   * too, is logged.
   */
  public void emit(TerrariumEvent event) {
    for (TerrariumObserver observer : observers) {
      try {
        observer.on(event);
      } catch (Throwable e) {
        System.getLogger("terrarium.event")
            .log(Level.WARNING, "An observer failed at " + event + ", which changes nothing.", e);
      }
    }
  }
}
