package dev.terrarium.jmh.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of processes, in MB: resident, and the proportional share, in which what several have
 * counts once in all.
 */
record Memory(double rss, double pss) {

  private static final double KIB_PER_MB = 1024;

  /** Of this process and all that it started. */
  static Memory ofAll() throws IOException {
    List<ProcessHandle> processes = new ArrayList<>(ProcessHandle.current().descendants().toList());
    processes.add(ProcessHandle.current());
    Memory sum = new Memory(0, 0);
    for (ProcessHandle process : processes) {
      Memory one = of(process);
      sum = new Memory(sum.rss + one.rss, sum.pss + one.pss);
    }
    return sum;
  }

  static Memory of(ProcessHandle process) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps_rollup"));
    return new Memory(value(lines, "Rss:"), value(lines, "Pss:"));
  }

  private static double value(List<String> lines, String key) {
    return lines.stream()
            .filter(line -> line.startsWith(key))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .sum()
        / KIB_PER_MB;
  }
}
