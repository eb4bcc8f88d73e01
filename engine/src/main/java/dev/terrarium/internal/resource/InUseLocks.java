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
 * The locks on entries of a cache folder that processes use: each process holds a shared lock on a
 * file beside the entry, until the process ends in any way. Thread-safe.
 *
 * <p>The lock files stay: a process that had just opened a file that is then deleted would hold a
 * lock that nobody sees. And a process never closes a file on which it holds a lock, since closing
 * would release the lock.
 */
final class InUseLocks {

  private static final Map<Path, FileChannel> OPEN = new HashMap<>();

  /** An action on an entry that no process uses. */
  interface EntryAction {
    void run() throws IOException;
  }

  private InUseLocks() {}

  /**
   * Locks the entry as used from now on; waits while the entry is being removed. In a folder that
   * cannot be written, nothing is locked, and nothing removed.
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
        // This process holds the lock through another class loader.
      }
      return channel;
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * Runs the action while no process can begin to use the entry, unless a process uses it,
   * including this one.
   */
  static synchronized void ifUnused(Path entry, EntryAction action) throws IOException {
    if (OPEN.containsKey(entry)) {
      return;
    }
    FileChannel channel = open(entry);
    try {
      FileLock lock = channel.tryLock();
      try {
        if (lock != null) {
          action.run();
        }
      } finally {
        channel.close();
      }
    } catch (OverlappingFileLockException e) {
      OPEN.put(entry, channel); // this process holds the lock through another class loader
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
