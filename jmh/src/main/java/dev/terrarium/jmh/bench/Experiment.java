package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One experiment while it runs: collects its rows and says on stderr how far it is. Not
 * thread-safe.
 */
final class Experiment {

  private static final PrintStream PROGRESS = System.err;
  private static final Pattern CPU = Pattern.compile("model name\\s*:\\s*(.*)");
  private static final Pattern GRAALPY = Pattern.compile("polyglot-([\\d.]+)\\.jar");
  private static final Pattern PIN =
      Pattern.compile("(?m)^(dspy|langchain-core|grpcio|py4j|jep|xllamacpp)==(\\S+)");

  private final String name;
  private final String command;
  private final Instant began = Instant.now();
  private final double loadBefore = loadAverage();
  private final PythonSide python;
  private final Map<String, Object> settings;
  private final Map<String, Object> summary = new LinkedHashMap<>();
  private final List<Map<String, Object>> rows = new ArrayList<>();
  private boolean failed;

  Experiment(String name, String command, PythonSide python, Map<String, Object> settings) {
    this.name = name;
    this.command = command;
    this.python = python;
    this.settings = settings;
  }

  /** Names and values in turn. */
  static Map<String, Object> row(Object... namesAndValues) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      Object value = namesAndValues[i + 1];
      row.put((String) namesAndValues[i], value instanceof Double number ? rounded(number) : value);
    }
    return row;
  }

  /** To four digits: no measurement here is as exact. */
  private static double rounded(double value) {
    return value == 0 || !Double.isFinite(value)
        ? 0
        : Double.parseDouble(String.format(Locale.ROOT, "%.4g", value));
  }

  void add(Map<String, Object> row) {
    rows.add(row);
    say(row.toString());
  }

  /** Adds a row that needs no telling. */
  void addQuietly(Map<String, Object> row) {
    rows.add(row);
  }

  /** Something of the whole, such as what could not be had and why. */
  void remark(String key, Object value) {
    summary.put(key, value);
    say(key + ": " + value);
  }

  /** A row that could not be measured though all it needs was there. */
  void failed(String key, Object reason) {
    failed = true;
    remark(key, "failed: " + reason);
  }

  /** Whether something is there, which is remarked if not. */
  boolean has(String variant, Optional<String> missing) {
    missing.ifPresent(reason -> remark(variant, reason));
    return missing.isEmpty();
  }

  void say(String line) {
    PROGRESS.println(name + ": " + line);
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  /** Whether all that could be measured was. */
  boolean isWhole() {
    return !failed && !isEmpty();
  }

  /** The results so far. */
  Results results() throws IOException {
    return new Results(
        name,
        command,
        began.truncatedTo(ChronoUnit.SECONDS).toString(),
        machine(),
        versions(),
        settings,
        summary,
        rows);
  }

  private Map<String, Object> machine() throws IOException {
    Matcher cpu = CPU.matcher(Files.readString(Path.of("/proc/cpuinfo")));
    long memory =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
            .getTotalMemorySize();
    return row(
        "cpu",
        cpu.find() ? cpu.group(1) : System.getProperty("os.arch"),
        "cores",
        Runtime.getRuntime().availableProcessors(),
        "memoryGiB",
        Math.round((double) memory / (1 << 30)),
        "os",
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        "harnessFlags",
        flags(),
        "loadAverageBefore",
        loadBefore,
        "loadAverageAfter",
        loadAverage());
  }

  /** Those of this JVM that name no place on the machine. */
  private static String flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> !flag.contains("/"))
        .collect(Collectors.joining(" "));
  }

  private static double loadAverage() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  private Map<String, Object> versions() throws IOException {
    Map<String, Object> versions =
        row("jdk", System.getProperty("java.vm.vendor") + " " + Runtime.version());
    Matcher graalPy = GRAALPY.matcher(System.getProperty("java.class.path"));
    if (graalPy.find()) {
      versions.put("graalpy", graalPy.group(1));
    }
    versions.put("cpython", cpython());
    for (String lock :
        List.of("../../python-modules/requirements-dev.lock", "requirements.lock", "jep.lock")) {
      Matcher pin = PIN.matcher(Files.readString(python.sources().resolve(lock)));
      while (pin.find()) {
        versions.put(pin.group(1), pin.group(2));
      }
    }
    return versions;
  }

  private String cpython() throws IOException {
    Process process =
        new ProcessBuilder(
                python.python().toString(),
                "-c",
                "import platform; print(platform.python_version())")
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      return String.valueOf(output.readLine());
    }
  }
}
