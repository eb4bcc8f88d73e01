package dev.terrarium.spi;

import dev.terrarium.Adapter;
import dev.terrarium.Terrarium;

/**
 * A factory of the typed Java facade of one framework. Factories are found by {@link
 * java.util.ServiceLoader}, so {@link Terrarium#adapter(Class)} knows every facade on the class
 * path. Must be thread-safe.
 *
 * @param <A> the type of the facade
 */
public interface AdapterFactory<A> {

  /** Returns the facade's class. */
  Class<A> type();

  /** Returns the name of the framework that the facade is for. */
  String framework();

  /** Creates the facade; called once for each {@link Terrarium}. */
  A create(Adapter adapter);
}
