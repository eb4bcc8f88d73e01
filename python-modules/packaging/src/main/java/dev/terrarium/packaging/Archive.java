package dev.terrarium.packaging;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A zip of files whose bytes depend on nothing but their names and contents. Its first entry,
 * {@code MANIFEST}, has a line {@code <size> <sha256> <path>} for each other one.
 */
final class Archive {

  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private final SortedMap<String, Path> files = new TreeMap<>();

  /** Adds all files of a folder below a path of the archive. */
  Archive add(String path, Path folder) throws IOException {
    for (var file : FileTrees.list(folder).entrySet()) {
      String name = path + "/" + file.getKey();
      if (files.put(name, file.getValue()) != null) {
        throw new PackagingException("Two files want to be " + name + " in the archive.");
      }
    }
    return this;
  }

  void write(Path zip) throws IOException {
    StringBuilder manifest = new StringBuilder();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      manifest
          .append(Files.size(file.getValue()))
          .append(' ')
          .append(Fingerprint.sha256(file.getValue()))
          .append(' ')
          .append(file.getKey())
          .append('\n');
    }
    FileTrees.createParent(zip);
    try (ZipOutputStream out =
        new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(zip)))) {
      begin(out, "MANIFEST");
      out.write(manifest.toString().getBytes(StandardCharsets.UTF_8));
      for (Map.Entry<String, Path> file : files.entrySet()) {
        begin(out, file.getKey());
        Files.copy(file.getValue(), out);
      }
    }
  }

  private static void begin(ZipOutputStream out, String name) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTimeLocal(NO_TIME);
    out.putNextEntry(entry);
  }
}
