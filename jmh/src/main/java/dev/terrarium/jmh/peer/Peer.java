package dev.terrarium.jmh.peer;

import java.io.IOException;

/**
 * One way to run Python from Java, with the echo that is measured. Thread-safe; callers wait when
 * there are fewer workers than callers.
 */
public interface Peer extends AutoCloseable {

  /**
   * Returns what the Python handler returns for a text or an array of doubles, which is the same
   * value.
   *
   * @param value a {@code String} or a {@code double[]}
   */
  Object echo(Object value);

  @Override
  void close() throws IOException;
}
