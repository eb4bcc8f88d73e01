package dev.terrarium.internal.value;

import java.io.InputStream;

/**
 * The standard input of a context. To Python code it is empty; the engine hands many bytes over by
 * it, since reading is the one way in which GraalPy makes its own bytes of the host's in bulk
 * (docs/decisions/032). What is handed over is read by the thread that did so, and by no other.
 * Thread-safe.
 */
public final class BulkInput extends InputStream {

  private static final int END = -1;

  private byte[] bytes = {};
  private int position;
  private Thread owner = Thread.currentThread();

  /** Has the calling thread read these next. */
  synchronized void hand(byte[] over) {
    bytes = over;
    position = 0;
    owner = Thread.currentThread();
  }

  /**
   * Leaves nothing to be read.
   *
   * @return whether all was read before
   */
  synchronized boolean end() {
    boolean all = position == bytes.length;
    bytes = new byte[0];
    position = 0;
    return all;
  }

  @Override
  public synchronized int available() {
    return Thread.currentThread() == owner ? bytes.length - position : 0;
  }

  @Override
  public synchronized int read() {
    return available() == 0 ? END : Byte.toUnsignedInt(bytes[position++]);
  }

  @Override
  public synchronized int read(byte[] into, int offset, int length) {
    int count = Math.min(length, available());
    if (count == 0) {
      return length == 0 ? 0 : END;
    }
    System.arraycopy(bytes, position, into, offset, count);
    position += count;
    return count;
  }
}
