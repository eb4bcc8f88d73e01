package dev.terrarium.spi;

import dev.terrarium.Adapter;
import dev.terrarium.Terrarium;

/**
 * Makes the typed Java facade of one framework. Found by {@link java.util.ServiceLoader}, so that
 * {@link Terrarium#adapter(Class)} knows every facade on the class path. Must be thread-safe.
 *
 * @param <A> the facade
 */
public interface AdapterFactory<A> {

  /** The facade's class. */
  Class<A> type();

  /** The framework that it is for. */
  String framework();

  /** Makes the facade; called once for each {@link Terrarium}. */
  A create(Adapter adapter);
}
