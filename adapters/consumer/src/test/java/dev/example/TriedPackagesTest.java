package dev.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.PythonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Packages of many kinds on GraalPy, one after the other in one context. With {@code
 * -Dterrarium.draw=true} the table of docs/compatibility.md is written anew; otherwise its packages
 * and versions are compared.
 */
@Tag("packages")
class TriedPackagesTest {

  private static final Path TABLE = Path.of("../../docs/compatibility.md");
  private static final Path LOCK = Path.of("src/packages/tried.lock");
  private static final Pattern MARKED =
      Pattern.compile("(?s)(<!-- tried packages -->\n).*?(<!-- end -->)");
  private static final String HEAD =
      """
      | package | version | had as | import, s | tried |
      |---|---|---|---|---|
      """;

  @Test
  void allPackagesOfTheTableWork() throws Exception {
    StringBuilder rows = new StringBuilder(HEAD);
    List<String> failures = new ArrayList<>();
    try (var terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
      terrarium.register(Framework.fromResource("/tried.py").withPackages("tried"));
      List<?> names = (List<?>) terrarium.call("tried", "names", Map.of());
      assertTrue(names.size() >= 12, names.toString());
      for (Object name : names) {
        try {
          String row = row((String) name, (Map<?, ?>) attempt(terrarium, name));
          System.out.print(row);
          rows.append(row);
        } catch (PythonException e) {
          failures.add(name + ": " + e.getMessage() + " at " + e.getStackTrace()[0]);
        }
      }
    }
    assertTrue(failures.isEmpty(), String.join("\n", failures));
    String document = Files.readString(TABLE);
    Matcher table = MARKED.matcher(document);
    assertTrue(table.find(), "there is no table");
    if (Boolean.getBoolean("terrarium.draw")) {
      Files.writeString(
          TABLE, document.substring(0, table.end(1)) + rows + document.substring(table.start(2)));
    } else {
      assertEquals(withoutTimes(rows.toString()), withoutTimes(table.group()));
    }
  }

  private static Object attempt(Terrarium terrarium, Object name) {
    return terrarium.call("tried", "attempt", Map.of("name", name));
  }

  private static String row(String name, Map<?, ?> found) throws IOException {
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %.2f | %s |%n",
        name,
        found.get("version"),
        origin(name, (Boolean) found.get("native")),
        found.get("seconds"),
        found.get("tried"));
  }

  /** How the package came, by its line in the lock. */
  private static String origin(String name, boolean isNative) throws IOException {
    String start = name.toLowerCase(Locale.ROOT).replace('-', '_') + "==";
    String line =
        Files.readAllLines(LOCK).stream()
            .filter(each -> each.toLowerCase(Locale.ROOT).replace('-', '_').startsWith(start))
            .findFirst()
            .orElseThrow();
    if (line.contains("extension=")) {
      return "source, extension compiled";
    }
    if (line.contains("python=")) {
      return "source, Python files";
    }
    return isNative ? "wheel for GraalPy" : "pure wheel";
  }

  /** The package, version and origin of each row. */
  private static List<String> withoutTimes(String table) {
    return table
        .lines()
        .filter(line -> line.startsWith("| "))
        .map(line -> line.split("\\|", -1))
        .map(cells -> cells[1] + cells[2] + cells[3])
        .toList();
  }
}
