package dev.terrarium.internal.pool;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;

/** Whether the heap has room for one more framework in a context. Thread-safe. */
final class HeapRoom {

  /** What a large framework took of the heap in one context, at most (docs/benchmarks.md). */
  static final long FRAMEWORK_BYTES = 128L << 20;

  private static final List<MemoryPoolMXBean> POOLS =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .toList();

  private HeapRoom() {}

  /** Judged by what was alive after the last collection. */
  static boolean forOneFramework() {
    long alive = 0;
    for (MemoryPoolMXBean pool : POOLS) {
      MemoryUsage usage = pool.getCollectionUsage();
      alive += usage == null ? 0 : usage.getUsed();
    }
    return Runtime.getRuntime().maxMemory() - alive >= FRAMEWORK_BYTES;
  }
}
