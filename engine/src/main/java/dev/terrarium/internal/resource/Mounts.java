package dev.terrarium.internal.resource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The mounted file systems of this machine, which decide whether native libraries load. */
final class Mounts {

  /** The pattern by which Linux escapes blanks and backslashes of a mount point. */
  private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");

  private Mounts() {}

  /**
   * Returns whether the kernel refuses to map code from files below the folder. Returns false when
   * the kernel does not say.
   */
  static boolean refuseCode(Path folder) {
    try {
      Path existing = folder.toAbsolutePath().normalize();
      while (!Files.exists(existing) && existing.getParent() != null) {
        existing = existing.getParent();
      }
      return refuseCode(Files.readString(Path.of("/proc/self/mounts")), existing.toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Returns the same for a given table of mounts.
   *
   * @param mounts lines of device, mount point, type and options, as in proc_mounts(5); of two
   *     lines with one mount point, the later one counts
   */
  static boolean refuseCode(String mounts, Path folder) {
    int depth = -1;
    boolean refused = false;
    for (String line : mounts.lines().toList()) {
      String[] columns = line.split(" ", -1);
      if (columns.length >= 4) {
        Path point = Path.of(unescaped(columns[1]));
        if (folder.startsWith(point) && point.getNameCount() >= depth) {
          depth = point.getNameCount();
          refused = List.of(columns[3].split(",", -1)).contains("noexec");
        }
      }
    }
    return refused;
  }

  private static String unescaped(String text) {
    return ESCAPE.matcher(text).replaceAll(Mounts::character);
  }

  private static String character(MatchResult escape) {
    String character = String.valueOf((char) Integer.parseInt(escape.group(1), 8));
    return character.equals("\\") ? "\\\\" : character;
  }
}
