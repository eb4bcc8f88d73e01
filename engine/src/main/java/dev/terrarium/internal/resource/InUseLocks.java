package dev.terrarium.internal.resource;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What processes have in use of a cache folder: each holds a shared lock on a file beside the
 * entry, until it ends in any way. Thread-safe.
 *
 * <p>The lock files stay: who had just opened one that is deleted would hold a lock that nobody
 * sees. And a process never closes one on which it holds a lock, since that would give the lock
 * back.
 */
final class InUseLocks {

  private static final Map<Path, FileChannel> OPEN = new HashMap<>();

  /** What is done with an entry that nobody uses. */
  interface Work {
    void run() throws IOException;
  }

  private InUseLocks() {}

  /**
   * Has the entry in use from now on; waits while it is being removed. In a folder that cannot be
   * written nothing is claimed, nor removed.
   */
  static synchronized void hold(Path entry) {
    FileChannel unused = OPEN.computeIfAbsent(entry, InUseLocks::shared);
  }

  private static @Nullable FileChannel shared(Path entry) {
    try {
      FileChannel channel = open(entry);
      try {
        FileLock unused = channel.lock(0, Long.MAX_VALUE, true);
      } catch (OverlappingFileLockException e) {
        // held by this process through another class loader
      }
      return channel;
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * Does the work while nobody can begin to use the entry, unless somebody does, this process too.
   */
  static synchronized void ifUnused(Path entry, Work work) throws IOException {
    if (OPEN.containsKey(entry)) {
      return;
    }
    FileChannel channel = open(entry);
    try {
      FileLock lock = channel.tryLock();
      try {
        if (lock != null) {
          work.run();
        }
      } finally {
        channel.close();
      }
    } catch (OverlappingFileLockException e) {
      OPEN.put(entry, channel); // held by this process through another class loader
    }
  }

  private static FileChannel open(Path entry) throws IOException {
    Path parent = CacheFolder.parentOf(entry);
    Files.createDirectories(parent);
    return FileChannel.open(
        parent.resolve("." + entry.getFileName() + ".use.lock"),
        StandardOpenOption.CREATE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }
}
