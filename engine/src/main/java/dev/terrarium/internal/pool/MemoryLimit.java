package dev.terrarium.internal.pool;

/**
 * What bounds the memory that frameworks take in contexts, beside what else is charged to them.
 * Thread-safe.
 */
public interface MemoryLimit {

  /** Bytes that a framework may have in all. */
  long bytes(String framework);

  /**
   * Bytes of that which it needs elsewhere and does not give up for a context. Asked under the
   * pool's lock.
   */
  long kept(String framework);

  /**
   * Has the framework give up what it does not use, as far as needed for so many bytes in contexts.
   */
  void makeRoom(String framework, long inContexts);

  /** No limit. */
  static MemoryLimit none() {
    return new MemoryLimit() {
      @Override
      public long bytes(String framework) {
        return Long.MAX_VALUE;
      }

      @Override
      public long kept(String framework) {
        return 0;
      }

      @Override
      public void makeRoom(String framework, long inContexts) {}
    };
  }
}
