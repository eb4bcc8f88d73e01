package dev.terrarium.internal.context;

import dev.terrarium.error.NativeSlotsExhaustedException;
import dev.terrarium.error.PackageException;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.internal.resource.UnpackedArchive;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The process's native slots. A context that loads native extensions takes a slot for good, closing
 * the context does not release the slot, and there are 64 (system property {@code
 * python.MaximumNumberOfCextCopies}). Only a context whose creation failed releases its slot.
 * Thread-safe.
 *
 * <p>For slot N the runtime loads {@code X.so.dupN} instead of {@code X.so}, and would call {@code
 * patchelf} to make that file. Package archives therefore contain a template {@code X.so.slot}
 * beside each library, prepared at build, in which only the number is missing; this class fills the
 * number in. The runtime numbers the slots by first use, so every context needs the copies of all
 * slots that the contexts made so far may have.
 */
final class NativeSlots {

  static final int LIMIT = Integer.getInteger("python.MaximumNumberOfCextCopies", 64);

  private static final String TEMPLATE = ".slot";
  private static final byte[] PLACEHOLDER = "dup@@".getBytes(StandardCharsets.US_ASCII);

  private static int taken;

  /**
   * The templates of the prepared folders: a context that uses such a folder may come to have any
   * slot.
   */
  private static final Set<Path> TEMPLATES = new LinkedHashSet<>();

  private NativeSlots() {}

  /** Returns the number of slots that contexts of this process have, or may come to have. */
  static synchronized int taken() {
    return taken;
  }

  /**
   * Takes a slot for a context that is about to be created.
   *
   * @throws NativeSlotsExhaustedException when no slot is left
   */
  static synchronized void take() {
    if (taken >= LIMIT) {
      throw new NativeSlotsExhaustedException(LIMIT);
    }
    TEMPLATES.removeIf(template -> !Files.exists(template));
    TEMPLATES.forEach(template -> copy(template, taken));
    taken++;
  }

  /** Releases the slot of a context whose creation failed: it ran no native code. */
  static synchronized void giveBack() {
    taken--;
  }

  /** Writes the libraries of a package folder for all slots taken so far. */
  static synchronized void prepare(Path folder) {
    List<Path> templates =
        UnpackedArchive.manifest(folder).stream()
            .filter(entry -> entry.path().endsWith(TEMPLATE))
            .map(entry -> folder.resolve(entry.path()))
            .toList();
    for (Path template : templates) {
      for (int slot = 0; slot < taken; slot++) {
        copy(template, slot);
      }
    }
    TEMPLATES.addAll(templates);
  }

  private static void copy(Path template, int slot) {
    String name = template.getFileName().toString();
    String library = name.substring(0, name.length() - TEMPLATE.length());
    Path target = template.resolveSibling(library + ".dup" + Integer.toHexString(slot));
    if (target.toFile().length() == template.toFile().length()) {
      return;
    }
    Path partial = template.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
    try {
      byte[] bytes = Files.readAllBytes(template);
      fill(bytes, slot);
      try {
        Files.write(partial, bytes);
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(partial);
      }
    } catch (IOException e) {
      throw new PackageException(
          "Cannot lay out the native library "
              + target
              + " ("
              + e
              + "). Each context that a process makes has copies of its own of them, so the cache"
              + " folder must stay writable; "
              + CacheFolder.ANOTHER_ONE,
          e);
    }
  }

  /** Replaces every placeholder by the slot's number, in two hexadecimal digits. */
  static void fill(byte[] library, int slot) {
    byte[] number = "dup%02x".formatted(slot).getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i <= library.length - PLACEHOLDER.length; i++) {
      if (library[i] == PLACEHOLDER[0] && matches(library, i)) {
        System.arraycopy(number, 0, library, i, number.length);
      }
    }
  }

  private static boolean matches(byte[] library, int at) {
    for (int i = 0; i < PLACEHOLDER.length; i++) {
      if (library[at + i] != PLACEHOLDER[i]) {
        return false;
      }
    }
    return true;
  }
}
