package dev.terrarium.llamacpp;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * A bridge from llama.cpp's log to the {@link System.Logger} {@code dev.terrarium.llamacpp}, line
 * by line. Thread-safe. The log is for those who look for it: failures are reported by exceptions,
 * which contain the library's own words.
 */
final class NativeLog {

  private static final Logger LOGGER = System.getLogger("dev.terrarium.llamacpp");

  /** The level {@code DEBUG} of {@code ggml_log_level}. */
  private static final int DEBUG = 1;

  private static final int ERROR = 4;
  private static final int CONTINUES = 5;

  private static final int LONGEST = 4096;

  private final StringBuilder line = new StringBuilder();
  private final ThreadLocal<StringBuilder> errors = ThreadLocal.withInitial(StringBuilder::new);
  private int level = DEBUG;

  /** Receives a message from llama.cpp; must not throw into native code. */
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

  /** Returns the errors logged on this thread since the last call, and forgets them. */
  String takeErrors() {
    StringBuilder mine = errors.get();
    String text = mine.toString();
    mine.setLength(0);
    return text;
  }
}
