package dev.terrarium.internal.context;

import com.sun.management.ThreadMXBean;
import dev.terrarium.Stats.HeapUse;
import java.lang.management.ManagementFactory;
import java.util.OptionalLong;

/**
 * The heap that a framework's load takes. It is measured where the runtime can, as the growth of
 * what the context holds. And it is estimated, as a share of what the loading thread allocated,
 * which costs nothing to know and is not mixed with what other threads allocate. The share is
 * measured by {@code dev.terrarium.jmh.ContextMemory}; docs/decisions/016 says how well it fits.
 * Objects that calls leave later are in neither figure.
 */
final class LoadCost {

  private static final double SHARE_KEPT = 0.1;

  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

  private final HeapMeter meter;
  private final OptionalLong heldBefore;
  private final long allocatedBefore;

  /**
   * Begins the measurement; called at the start of the load, on the loading thread, inside the
   * context.
   */
  LoadCost(HeapMeter meter) {
    this.meter = meter;
    heldBefore = meter.bytes();
    allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
  }

  /**
   * Returns the heap that the load took; called at the end of the load, on the loading thread,
   * inside the context.
   */
  HeapUse end() {
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore;
    OptionalLong growth = growth();
    long estimate = (long) (allocated * SHARE_KEPT);
    return new HeapUse(growth.orElse(estimate), growth.isPresent(), estimate);
  }

  private OptionalLong growth() {
    OptionalLong held = heldBefore.isPresent() ? meter.bytes() : OptionalLong.empty();
    return held.isPresent()
        ? OptionalLong.of(Math.max(0, held.getAsLong() - heldBefore.getAsLong()))
        : held;
  }
}
