import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Runs tests by pytest in a context with a set of packages, for {@code packages.py}, which starts
 * it: {@code java PackagesOnGraalPy.java FRAMEWORK SET FOLDER TOOLS OPTIONS FILE...}, where OPTIONS
 * of pytest are one argument with spaces between them. Prints what the framework returns.
 */
final class PackagesOnGraalPy {
  private PackagesOnGraalPy() {}

  public static void main(String[] args) {
    try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
      terrarium.register(Framework.fromPath(Path.of(args[0])).withPackages(args[1]));
      List<String> options =
          Arrays.stream(args[4].split(" ")).filter(each -> !each.isEmpty()).toList();
      List<String> files = List.of(args).subList(5, args.length);
      System.out.println(
          terrarium.call(
              "package_suite",
              "run",
              Map.of("folder", args[2], "tools", args[3], "files", files, "options", options)));
    }
    System.exit(0);
  }
}
