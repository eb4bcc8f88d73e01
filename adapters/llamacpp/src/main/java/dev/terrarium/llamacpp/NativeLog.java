package dev.terrarium.llamacpp;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * What llama.cpp logs, line by line, on the {@link System.Logger} {@code dev.terrarium.llamacpp}.
 * Thread-safe. All of it is for those who look for it: what fails is told by exceptions, with the
 * library's own words in them.
 */
final class NativeLog {

  private static final Logger LOGGER = System.getLogger("dev.terrarium.llamacpp");

  /** {@code ggml_log_level}. */
  private static final int DEBUG = 1;

  private static final int ERROR = 4;
  private static final int CONTINUES = 5;

  private static final int LONGEST = 4096;

  private final StringBuilder line = new StringBuilder();
  private final ThreadLocal<StringBuilder> errors = ThreadLocal.withInitial(StringBuilder::new);
  private int level = DEBUG;

  /** The call-back; nothing may be thrown into native code. */
  @SuppressWarnings("restricted")
  void accept(int newLevel, MemorySegment text, MemorySegment userData) {
    try {
      append(newLevel, text.reinterpret(Long.MAX_VALUE).getString(0));
    } catch (RuntimeException e) {
      // A line that cannot be logged is not worth the process.
    }
  }

  synchronized void append(int newLevel, String text) {
    if (newLevel != CONTINUES) {
      level = newLevel;
    }
    line.append(text);
    if (text.endsWith("\n") || line.length() > LONGEST) {
      String whole = line.toString().strip();
      line.setLength(0);
      if (whole.isEmpty()) {
        return;
      }
      if (level == ERROR && errors.get().length() < LONGEST) {
        errors.get().append(errors.get().isEmpty() ? "" : "; ").append(whole);
      }
      LOGGER.log(level <= DEBUG ? Level.TRACE : Level.DEBUG, whole);
    }
  }

  /** The errors logged on this thread since the last time. */
  String takeErrors() {
    StringBuilder mine = errors.get();
    String text = mine.toString();
    mine.setLength(0);
    return text;
  }
}
