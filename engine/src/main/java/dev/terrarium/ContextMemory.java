package dev.terrarium;

import dev.terrarium.internal.model.LruModelCache;
import dev.terrarium.internal.pool.MemoryLimit;

/**
 * The memory limit of the frameworks that contexts have loaded, which takes their models into
 * account. Thread-safe.
 */
record ContextMemory(LruModelCache models, TerrariumConfig config) implements MemoryLimit {

  @Override
  public long bytes(String framework) {
    return config.limits(framework).memory();
  }

  @Override
  public long kept(String framework) {
    return models.bytesKept(framework);
  }

  @Override
  public void makeRoom(String framework, long inContexts) {
    models.makeRoom(framework, inContexts);
  }
}
