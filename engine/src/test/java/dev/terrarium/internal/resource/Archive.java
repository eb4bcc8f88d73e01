package dev.terrarium.internal.resource;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A package archive as a jar carries it, made in memory. */
public final class Archive {

  private final byte[] bytes;

  private Archive(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Returns a zip of these files and the {@code MANIFEST} that lists them. */
  public static Archive of(Map<String, String> files) {
    return of(files, manifest(files));
  }

  static Archive of(Map<String, String> files, String manifest) {
    SortedMap<String, String> entries = new TreeMap<>(files);
    entries.put("MANIFEST", manifest);
    return zip(entries);
  }

  static Archive zip(Map<String, String> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, String> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Archive(bytes.toByteArray());
  }

  static String manifest(Map<String, String> files) {
    StringBuilder manifest = new StringBuilder();
    new TreeMap<>(files)
        .forEach(
            (path, text) -> {
              byte[] content = text.getBytes(StandardCharsets.UTF_8);
              manifest.append("%d %s %s\n".formatted(content.length, sha256(content), path));
            });
    return manifest.toString();
  }

  static String sha256(byte[] bytes) {
    return Sha256.hex(bytes);
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  public String sha256() {
    return sha256(bytes);
  }

  Callable<InputStream> source() {
    return () -> new ByteArrayInputStream(bytes);
  }
}
