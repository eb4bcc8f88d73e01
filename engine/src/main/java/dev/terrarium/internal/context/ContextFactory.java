package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;

/** Makes contexts; the pool knows no other way to get one. Thread-safe. */
@FunctionalInterface
public interface ContextFactory {

  /**
   * A context ready for use, with exactly this access; blocks until it is, and may be called from
   * several threads at once.
   */
  PythonContext create(AccessProfile profile);
}
