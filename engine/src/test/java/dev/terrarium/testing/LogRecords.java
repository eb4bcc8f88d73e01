package dev.terrarium.testing;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a {@link System.Logger} of this JVM was given, whose back end is {@code java.logging}. */
public final class LogRecords implements AutoCloseable {

  private final Logger logger;
  private final List<LogRecord> records = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private LogRecords(String name) {
    logger = Logger.getLogger(name);
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
  }

  /** Collects, and keeps off the console, what the loggers of that name and below it are given. */
  public static LogRecords of(String name) {
    return new LogRecords(name);
  }

  /** {@code logger level message} of each record, in order. */
  public List<String> lines() {
    return records.stream()
        .map(each -> each.getLoggerName() + " " + each.getLevel() + " " + each.getMessage())
        .toList();
  }

  /** What was thrown, of those records that carry it. */
  public List<Throwable> thrown() {
    return records.stream().map(LogRecord::getThrown).filter(Objects::nonNull).toList();
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }
}
