package dev.terrarium.internal.pool;

/**
 * A limit of the memory that frameworks take in contexts, beside what else is charged to them.
 * Thread-safe.
 */
public interface MemoryLimit {

  /** Returns the bytes that a framework may have in all. */
  long bytes(String framework);

  /**
   * Returns the bytes that a framework needs elsewhere and does not give up for a context. Called
   * under the pool's lock.
   */
  long kept(String framework);

  /** Has a framework give up unused memory, as far as its contexts need it. */
  void makeRoom(String framework, long inContexts);

  /** Returns a limit that bounds nothing. */
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
