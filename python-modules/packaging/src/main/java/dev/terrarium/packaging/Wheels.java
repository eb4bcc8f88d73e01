package dev.terrarium.packaging;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Downloaded files, and what of a wheel is laid out. */
final class Wheels {

  /** What nothing reads when Python runs. */
  private static final Pattern NEVER_NEEDED =
      Pattern.compile(
          "(.*/)?(tests|benchmarks|__pycache__)/.*"
              + "|[^/]+-stubs/.*"
              + "|.*\\.(pyi|pyc|h|c|cpp|pyx|pxd)"
              + "|[^/]+\\.dist-info/(RECORD|INSTALLER|REQUESTED|WHEEL|direct_url\\.json)");

  /** A wheel's files for other places than the site folder. */
  private static final Pattern DATA = Pattern.compile("[^/]+\\.data/(?:(?:pure|plat)lib/(.*)|.*)");

  private Wheels() {}

  static boolean isNeeded(String name) {
    return !NEVER_NEEDED.matcher(name).matches();
  }

  /** Lays out what a program needs of a wheel. */
  static void unpack(Path wheel, Path site) throws IOException {
    unpackAll(
        wheel,
        site,
        name -> {
          Matcher data = DATA.matcher(name);
          String placed = data.matches() ? data.group(1) : name;
          return placed != null && isNeeded(placed) ? placed : "";
        });
  }

  /** Lays out all of a wheel as it is. */
  static void unpackTool(Path wheel, Path folder) throws IOException {
    unpackAll(wheel, folder, name -> name);
  }

  /** The file of a distribution in a folder of downloads. */
  static Path find(Path downloads, Requirement requirement) throws IOException {
    try (Stream<Path> files = Files.list(downloads)) {
      return files
          .filter(file -> requirement.names(String.valueOf(file.getFileName())))
          .findFirst()
          .orElseThrow(
              () -> new PackagingException("pip did not fetch " + requirement.pinned() + "."));
    }
  }

  private interface Placing {
    /** The name to lay a file out as, or an empty one. */
    String place(String name);
  }

  private static void unpackAll(Path wheel, Path folder, Placing placing) throws IOException {
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        String name = entry.isDirectory() ? "" : placing.place(entry.getName());
        if (!name.isEmpty()) {
          try (InputStream in = zip.getInputStream(entry)) {
            FileTrees.write(in, folder, name);
          }
        }
      }
    }
  }
}
