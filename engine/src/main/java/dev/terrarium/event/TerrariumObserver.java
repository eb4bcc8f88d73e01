package dev.terrarium.event;

/**
 * An observer of the events of a {@link dev.terrarium.Terrarium}. An observer is called on the
 * thread on which the event happens, so it must return quickly and never block. It must be
 * thread-safe: the events of one thread come in their order, those of several threads concurrently.
 * No lock is held during the call, so an observer may ask for figures. An observer must not make
 * calls, since each of them would be reported to that observer again. An exception that an observer
 * throws is logged and changes nothing.
 *
 * <p>Observers are given in the configuration, or found by {@link java.util.ServiceLoader}: a jar
 * on the class path that offers an observer observes each Terrarium of the process, after the
 * observers of its configuration.
 */
@FunctionalInterface
public interface TerrariumObserver {

  /** Receives an event after it has happened; called once for each event. */
  void on(TerrariumEvent event);
}
