package dev.terrarium.context;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What the load of a framework leaves on the heap, by estimate: a share of what its thread
 * allocated meanwhile, which costs nothing to know and does not mix with what other threads do. The
 * share is measured by {@code dev.terrarium.jmh.ContextMemory}; docs/decisions/012 says how well it
 * fits. What calls leave later is not in it.
 */
final class LoadCost {

  private static final double SHARE_KEPT = 0.1;

  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

  private final long before = THREADS.getCurrentThreadAllocatedBytes();

  /** Begins with the load, on its thread. */
  LoadCost() {}

  /** By estimate, what the load left; on its thread, when it is over. */
  long bytes() {
    return (long) ((THREADS.getCurrentThreadAllocatedBytes() - before) * SHARE_KEPT);
  }
}
