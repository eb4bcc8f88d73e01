package dev.terrarium.internal.context;

import com.sun.management.ThreadMXBean;
import dev.terrarium.Stats.HeapUse;
import java.lang.management.ManagementFactory;
import java.util.OptionalLong;

/**
 * What the load of a framework leaves on the heap: measured where the runtime can, as what the
 * context holds more than before; and by estimate, as a share of what the loading thread allocated,
 * which costs nothing to know and does not mix with what other threads do. The share is measured by
 * {@code dev.terrarium.jmh.ContextMemory}; docs/decisions/016 says how well it fits. What calls
 * leave later is in neither.
 */
final class LoadCost {

  private static final double SHARE_KEPT = 0.1;

  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

  private final HeapMeter meter;
  private final OptionalLong heldBefore;
  private final long allocatedBefore;

  /** Begins with the load, on its thread, inside the context. */
  LoadCost(HeapMeter meter) {
    this.meter = meter;
    heldBefore = meter.bytes();
    allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
  }

  /** What the load left; on its thread, inside the context, when it is over. */
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
