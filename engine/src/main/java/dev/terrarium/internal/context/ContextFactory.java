package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import org.jspecify.annotations.Nullable;

/** A factory of contexts, from which the pool gets all its contexts. Thread-safe. */
@FunctionalInterface
public interface ContextFactory {

  /**
   * Creates a context with exactly this access; blocks until the context is ready for use, and may
   * be called from several threads at once.
   */
  PythonContext create(AccessProfile profile);

  /**
   * Creates a context as {@link #create(AccessProfile)} does, which can have these packages.
   *
   * @param packages what will be loaded in the context first; null when that is not known
   */
  default PythonContext create(AccessProfile profile, @Nullable PackageSet packages) {
    return create(profile);
  }
}
