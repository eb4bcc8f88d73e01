package dev.terrarium.jmh.peer;

import java.io.IOException;

/**
 * One way to run Python from Java, with the echo that is measured. Thread-safe; where there are
 * fewer workers than callers, callers wait.
 */
public interface Peer extends AutoCloseable {

  /**
   * What the Python handler returns for a text or an array of doubles: the same.
   *
   * @param value a {@code String} or a {@code double[]}
   */
  Object echo(Object value);

  @Override
  void close() throws IOException;
}
