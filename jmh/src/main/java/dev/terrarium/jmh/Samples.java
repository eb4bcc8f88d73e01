package dev.terrarium.jmh;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Heap after a collection, and resident memory, over time; in MB. Not thread-safe. */
final class Samples {

  private static final double MB = 1 << 20;
  private static final int BARS = 60;

  private record Sample(double seconds, double heap, double rss) {}

  private final List<Sample> samples = new ArrayList<>();

  /** Collects garbage and takes one. */
  void take(double seconds) throws IOException {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    samples.add(new Sample(seconds, heap / MB, rss()));
  }

  private static double rss() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .sum()
        / 1024.0;
  }

  double lastHeap() {
    return samples.getLast().heap;
  }

  double lastRss() {
    return samples.getLast().rss;
  }

  /** Growth from the end of the first fifth on, and the course as bars or in an SVG file. */
  void print(@Nullable Path plot) throws IOException {
    if (samples.size() < 2) {
      return;
    }
    Sample warm = samples.get(samples.size() / 5);
    Sample last = samples.getLast();
    System.out.printf(
        "from %.0f s to %.0f s: heap %.1f -> %.1f MB (%+.1f), RSS %.1f -> %.1f MB (%+.1f);"
            + " slope of heap %+.2f MB/min, of RSS %+.2f MB/min%n",
        warm.seconds,
        last.seconds,
        warm.heap,
        last.heap,
        last.heap - warm.heap,
        warm.rss,
        last.rss,
        last.rss - warm.rss,
        slope(Sample::heap),
        slope(Sample::rss));
    bars("heap after GC", Sample::heap);
    bars("RSS", Sample::rss);
    if (plot != null) {
      Files.writeString(plot, svg());
    }
  }

  /** Least squares over all after the first fifth, per minute. */
  private double slope(ToDoubleFunction<Sample> figure) {
    List<Sample> warm = samples.subList(samples.size() / 5, samples.size());
    double x = warm.stream().mapToDouble(Sample::seconds).average().orElse(0);
    double y = warm.stream().mapToDouble(figure).average().orElse(0);
    double products = 0;
    double squares = 0;
    for (Sample each : warm) {
      products += (each.seconds - x) * (figure.applyAsDouble(each) - y);
      squares += (each.seconds - x) * (each.seconds - x);
    }
    return squares == 0 ? 0 : products / squares * 60;
  }

  private void bars(String name, ToDoubleFunction<Sample> figure) {
    double most = most(figure);
    System.out.printf("%s, MB%n", name);
    for (Sample each : samples) {
      double value = figure.applyAsDouble(each);
      System.out.printf(
          "%5.0f s %8.1f %s%n", each.seconds, value, "#".repeat((int) (value / most * BARS)));
    }
  }

  private double most(ToDoubleFunction<Sample> figure) {
    return Math.max(1, samples.stream().mapToDouble(figure).max().orElse(1));
  }

  private String svg() {
    return """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 360" font-family="sans-serif" font-size="12">
    <rect width="720" height="360" fill="white"/>
    <path d="M60 20V320H700" fill="none" stroke="black"/>
    %s%s<text x="60" y="345">0 s</text><text x="640" y="345">%.0f s</text>
    </svg>
    """
        .formatted(
            line("heap after GC", "steelblue", 35, Sample::heap),
            line("RSS", "firebrick", 52, Sample::rss),
            samples.getLast().seconds);
  }

  private String line(String name, String colour, int y, ToDoubleFunction<Sample> figure) {
    double width = 640 / samples.getLast().seconds;
    double height = 300 / Math.max(most(Sample::rss), most(Sample::heap));
    StringBuilder points = new StringBuilder();
    for (Sample each : samples) {
      points.append(
          "%.1f,%.1f "
              .formatted(60 + each.seconds * width, 320 - figure.applyAsDouble(each) * height));
    }
    return """
    <polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>
    <text x="70" y="%d" fill="%s">%s, at most %.0f MB</text>
    """
        .formatted(points.toString().strip(), colour, y, colour, name, most(figure));
  }
}
