package dev.terrarium.internal.event;

import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumObserver;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * The observers of one Terrarium. Whoever has something to tell asks first whether anybody listens,
 * so that nothing is measured or made for nobody:
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

  private static final Events NONE = new Events(List.of());

  private final TerrariumObserver[] observers;

  private Events(List<TerrariumObserver> observers) {
    this.observers = observers.toArray(TerrariumObserver[]::new);
  }

  /** Nobody listens. */
  public static Events none() {
    return NONE;
  }

  /** These are told, in this order. */
  public static Events to(List<TerrariumObserver> observers) {
    return observers.isEmpty() ? NONE : new Events(observers);
  }

  /** Whether anybody listens. */
  public boolean active() {
    return observers.length > 0;
  }

  /** The clock's nanoseconds when anybody listens, else 0, which costs nothing. */
  public long now() {
    return active() ? System.nanoTime() : 0;
  }

  /** Nanoseconds since {@link #now()} gave that. */
  public long since(long begin) {
    return System.nanoTime() - begin;
  }

  /** Tells all. Never throws: what an observer throws, an {@link Error} too, is logged. */
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
