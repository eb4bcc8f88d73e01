package dev.terrarium.internal.context;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * A stream that logs what Python prints, line by line, to a {@link Logger}, and never to the
 * process's own streams. Thread-safe.
 */
final class LineLog extends OutputStream {

  /**
   * The maximum number of bytes of a line; a longer line is logged in pieces of complete
   * characters.
   */
  private static final int MAX_LINE = 64 * 1024;

  private final Supplier<Logger> logger;
  private final Level level;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  /**
   * Creates a stream.
   *
   * @param logger called for each line, since the framework at work changes
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
      boolean startsCharacter = (b & 0xC0) != 0x80; // a character has up to 4 bytes in UTF-8
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
