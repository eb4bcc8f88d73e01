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

/** Functions on downloaded files that find a distribution and unpack what is needed of a wheel. */
final class Wheels {

  /** The files that nothing reads when Python runs. */
  private static final Pattern NEVER_NEEDED =
      Pattern.compile(
          "(.*/)?(tests|benchmarks|__pycache__)/.*"
              + "|[^/]+-stubs/.*"
              + "|.*\\.(pyi|pyc|h|c|cpp|pyx|pxd)"
              + "|[^/]+\\.dist-info/(RECORD|INSTALLER|REQUESTED|WHEEL|direct_url\\.json)");

  /** The files of a wheel that belong elsewhere than in the site folder. */
  private static final Pattern DATA = Pattern.compile("[^/]+\\.data/(?:(?:pure|plat)lib/(.*)|.*)");

  private Wheels() {}

  static boolean isNeeded(String name) {
    return !NEVER_NEEDED.matcher(name).matches();
  }

  /** Unpacks the files of a wheel that a program needs. */
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

  /** Unpacks all files of a wheel as they are. */
  static void unpackTool(Path wheel, Path folder) throws IOException {
    unpackAll(wheel, folder, name -> name);
  }

  /** Returns the file of a distribution in a folder of downloads. */
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
    /** Returns the name under which a file is unpacked, or an empty name to leave the file out. */
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
