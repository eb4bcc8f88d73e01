package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;

/** A factory of contexts, from which the pool gets all its contexts. Thread-safe. */
@FunctionalInterface
public interface ContextFactory {

  /**
   * Creates a context with exactly this access; blocks until the context is ready for use, and may
   * be called from several threads at once.
   */
  PythonContext create(AccessProfile profile);
}
