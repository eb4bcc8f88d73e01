package dev.terrarium.jmh;

import dev.terrarium.Callback;
import dev.terrarium.Terrarium;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What each further code context takes: the time of its start, that of a first piece of code, which
 * imports some modules, and of one more, and what the heap holds more after a collection.
 */
final class CodeContextCost {

  private static final int SESSIONS = 6;
  private static final double MEGABYTE = 1 << 20;

  private CodeContextCost() {}

  public static void main(String[] arguments) {
    try (Terrarium terrarium = Terrarium.start(Bench.config(1).build())) {
      terrarium.register(Bench.framework());
      terrarium.call(Bench.NAME, "plain", Map.of("n", 1));
      System.out.println("context  start ms  imports ms  execute ms  heap MB");
      long[] before = {heap()};
      terrarium.call(
          Bench.NAME,
          "hold_code",
          Map.of(
              "times",
              SESSIONS,
              "report",
              Callback.of(
                  List.class,
                  figures -> {
                    long now = heap();
                    System.out.printf(
                        "%7s %9s %11s %11s %8.1f%n",
                        figures.get(0),
                        rounded(figures.get(1)),
                        rounded(figures.get(2)),
                        rounded(figures.get(3)),
                        (now - before[0]) / MEGABYTE);
                    before[0] = now;
                    return null;
                  })));
    }
  }

  private static String rounded(Object milliseconds) {
    return String.format(Locale.ROOT, "%.2f", ((Number) milliseconds).doubleValue());
  }

  private static long heap() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
