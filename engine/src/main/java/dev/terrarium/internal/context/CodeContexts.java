package dev.terrarium.internal.context;

import dev.terrarium.error.LimitExceededException;
import dev.terrarium.internal.resource.CacheFolder;
import java.util.concurrent.Semaphore;

/**
 * The code contexts of one Terrarium, whose number is bounded (docs/decisions/041). Thread-safe.
 */
public final class CodeContexts {

  private final PythonPackages packages;
  private final CacheFolder cache;
  private final CodeLimits limits;
  private final Semaphore free;

  /** Creates no context yet. */
  public CodeContexts(PythonPackages packages, CacheFolder cache, CodeLimits limits) {
    this.packages = packages;
    this.cache = cache;
    this.limits = limits;
    free = new Semaphore(limits.sessions());
  }

  /**
   * Starts a session in a new context.
   *
   * @throws LimitExceededException when there are as many contexts as there may be. The call does
   *     not wait for one: calls that hold a session each, and want another, would wait for each
   *     other
   */
  public CodeSession start() {
    if (!free.tryAcquire()) {
      throw new LimitExceededException(
          "There are %d code contexts, the limit of codeSessions. A context is free when its session is closed and its code has stopped."
              .formatted(limits.sessions()));
    }
    boolean started = false;
    try {
      CodeSession session =
          CodeSession.start(PolyglotRuntime.of(packages, cache), limits, free::release);
      started = true;
      return session;
    } finally {
      if (!started) {
        free.release();
      }
    }
  }
}
