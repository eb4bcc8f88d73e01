package dev.terrarium.packaging;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/** A hash over everything that some piece of work depends on. */
final class Fingerprint {

  private final DigestOutputStream digest =
      new DigestOutputStream(OutputStream.nullOutputStream(), newSha256());
  private final DataOutputStream out = new DataOutputStream(digest);

  Fingerprint add(String value) throws IOException {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
    return this;
  }

  /** Adds names and contents of files. */
  Fingerprint add(Map<String, Path> files) throws IOException {
    out.writeInt(files.size());
    for (Map.Entry<String, Path> file : files.entrySet()) {
      add(file.getKey());
      add(sha256(file.getValue()));
    }
    return this;
  }

  String hex() {
    return HexFormat.of().formatHex(digest.getMessageDigest().digest());
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest = newSha256();
    try (InputStream in = Files.newInputStream(file);
        OutputStream sink = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      in.transferTo(sink);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
