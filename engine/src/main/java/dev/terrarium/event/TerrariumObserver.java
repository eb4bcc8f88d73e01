package dev.terrarium.event;

/**
 * Is told what happens in a {@link dev.terrarium.Terrarium}, on the thread on which it happens, and
 * so must return quickly and never block. What it throws is logged and changes nothing. Must be
 * thread-safe.
 */
@FunctionalInterface
public interface TerrariumObserver {

  /** Called once for each event, after what it tells of. */
  void on(TerrariumEvent event);
}
