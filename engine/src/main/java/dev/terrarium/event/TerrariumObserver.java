package dev.terrarium.event;

/**
 * Is told what happens in a {@link dev.terrarium.Terrarium}, on the thread on which it happens, and
 * so must return quickly and never block. Must be thread-safe: events of one thread come in their
 * order, those of several at once. No lock is held, so that it may ask for figures; calls it may
 * not make, each of which would tell it of itself. What it throws is logged and changes nothing.
 *
 * <p>Given in the configuration, or found by {@link java.util.ServiceLoader}: a jar on the class
 * path that offers one observes each Terrarium of the process, after those that were given.
 */
@FunctionalInterface
public interface TerrariumObserver {

  /** Called once for each event, after what it tells of. */
  void on(TerrariumEvent event);
}
