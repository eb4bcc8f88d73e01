package dev.terrarium.internal.context;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * What Python prints, line by line, to a {@link Logger}; never to the process's own streams.
 * Thread-safe.
 */
final class LineLog extends OutputStream {

  /** A line without an end is logged in pieces of whole characters, of up to this many bytes. */
  private static final int MAX_LINE = 64 * 1024;

  private final Supplier<Logger> logger;
  private final Level level;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  /**
   * @param logger asked for each line: the framework at work changes
   */
  LineLog(Supplier<Logger> logger, Level level) {
    this.logger = logger;
    this.level = level;
  }

  @Override
  public synchronized void write(int b) {
    if (b == '\n') {
      log();
    } else {
      boolean startsCharacter = (b & 0xC0) != 0x80; // of UTF-8, which has up to 4 bytes
      if (line.size() >= MAX_LINE || (startsCharacter && line.size() > MAX_LINE - 4)) {
        log();
      }
      line.write(b);
    }
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      write(bytes[i]);
    }
  }

  @Override
  public synchronized void close() {
    if (line.size() > 0) {
      log();
    }
  }

  private void log() {
    logger.get().log(level, line.toString(StandardCharsets.UTF_8));
    line.reset();
  }
}
