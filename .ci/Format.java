import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks (or, with {@code fix}, rewrites) every Java source below a folder with google-java-format.
 */
final class Format {
  public static void main(String[] args) throws Exception {
    boolean fix = args[0].equals("fix");
    List<Path> wrong = new ArrayList<>();
    List<Path> sources;
    try (var files = Files.walk(Path.of(args[1]))) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.toString().contains("/target/"))
              .toList();
    }
    for (Path source : sources) {
      String text = Files.readString(source);
      String formatted =
          new Formatter().formatSourceAndFixImports(RemoveUnusedImports.removeUnusedImports(text));
      if (formatted.equals(text)) {
        continue;
      }
      wrong.add(source);
      if (fix) {
        Files.writeString(source, formatted);
      }
    }
    wrong.forEach(source -> System.err.println((fix ? "formatted " : "not formatted: ") + source));
    if (!fix && !wrong.isEmpty()) {
      System.err.println("Run `mvn validate -Dformat=fix` to format " + wrong.size() + " files.");
      System.exit(1);
    }
  }
}
