package dev.terrarium.jmh;

import dev.terrarium.Stats.HeapUse;
import dev.terrarium.Terrarium;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * How well what {@code stats()} says of a framework's memory fits: for each framework named on the
 * command line, what the heap holds more after a collection once one more context has it, beside
 * the measured figure, where the runtime has one, and the estimate. The factor of heap and estimate
 * corrects {@code LoadCost.SHARE_KEPT}. Also how long it takes to measure all contexts.
 */
final class ContextMemory {

  private static final int CONTEXTS = 2;
  private static final double MEGABYTE = 1 << 20;
  private static final double NANOS_PER_MILLI = 1e6;

  private ContextMemory() {}

  public static void main(String[] frameworks) {
    System.out.println("framework   context  heap MB  measured MB  estimate MB  factor");
    for (String framework : frameworks) {
      try (Terrarium terrarium = Terrarium.start(Bench.config(CONTEXTS).build())) {
        terrarium.register(Bench.framework());
        terrarium.ready().join();
        for (int context = 1; context <= CONTEXTS; context++) {
          measure(terrarium, framework, context);
        }
        long begin = System.nanoTime();
        int measured = terrarium.measureContexts().join().size();
        System.out.printf(
            Locale.ROOT,
            "%d contexts measured at once in %.0f ms%n",
            measured,
            (System.nanoTime() - begin) / NANOS_PER_MILLI);
      }
    }
  }

  private static void measure(Terrarium terrarium, String framework, int context) {
    long heapBefore = heap();
    HeapUse before = terrarium.stats().pool().heapOf(framework);
    terrarium.prewarm(framework, context).join();
    long kept = heap() - heapBefore;
    HeapUse after = terrarium.stats().pool().heapOf(framework);
    long estimate = after.estimate() - before.estimate();
    System.out.printf(
        Locale.ROOT,
        "%-10s %8d %8.1f %12s %12.1f %7.2f%n",
        framework,
        context,
        kept / MEGABYTE,
        after.measured() ? "%.1f".formatted((after.bytes() - before.bytes()) / MEGABYTE) : "-",
        estimate / MEGABYTE,
        (double) kept / estimate);
  }

  /** What is alive; twice, because the first collection only finds what has to be cleaned up. */
  private static long heap() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
