package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Writes the hashes of a lock file anew, from what the machine's package registry has. */
final class Relock {

  private Relock() {}

  static void run(Path file, String graalPyVersion, Shell shell, Consumer<String> progress)
      throws IOException {
    Lock lock = Lock.readWithoutHashes(file);
    Pip pip = new Pip(shell, file.toString(), graalPyVersion);
    Path downloads = Files.createTempDirectory("terrarium-relock");
    try {
      progress.accept("Fetching " + lock.all().size() + " Python packages...");
      pip.fetch(lock, Requirement::pinned, downloads);
      Lock.rewrite(
          file,
          requirement ->
              requirement.withSha256(Fingerprint.sha256(Wheels.find(downloads, requirement))));
      progress.accept("Wrote " + file + ".");
    } finally {
      FileTrees.delete(downloads);
    }
  }
}
