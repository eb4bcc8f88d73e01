package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * How well the estimate of what a framework takes in a context fits: for each framework named on
 * the command line, what the heap holds more after a collection once one more context has it,
 * beside the estimate of {@code stats()}. The factor of the two corrects {@code
 * LoadCost.SHARE_KEPT}.
 */
final class ContextMemory {

  private static final int CONTEXTS = 2;
  private static final double MEGABYTE = 1 << 20;

  private ContextMemory() {}

  public static void main(String[] frameworks) {
    System.out.println("framework   context  heap MB  estimate MB  factor");
    for (String framework : frameworks) {
      try (Terrarium terrarium =
          Terrarium.start(TerrariumConfig.custom().contexts(CONTEXTS).build())) {
        terrarium.register(Bench.framework());
        terrarium.ready().join();
        for (int context = 1; context <= CONTEXTS; context++) {
          measure(terrarium, framework, context);
        }
      }
    }
  }

  private static void measure(Terrarium terrarium, String framework, int context) {
    long heapBefore = heap();
    long estimateBefore = terrarium.stats().pool().bytesOf(framework);
    terrarium.prewarm(framework, context).join();
    long kept = heap() - heapBefore;
    long estimate = terrarium.stats().pool().bytesOf(framework) - estimateBefore;
    System.out.printf(
        Locale.ROOT,
        "%-10s %8d %8.1f %12.1f %7.2f%n",
        framework,
        context,
        kept / MEGABYTE,
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
