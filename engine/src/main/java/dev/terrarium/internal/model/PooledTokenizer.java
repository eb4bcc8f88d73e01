package dev.terrarium.internal.model;

import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.ResourcePool;
import java.util.function.Function;

/** A tokenizer of the pool, borrowed for the duration of each use. Thread-safe. */
record PooledTokenizer(ResourcePool pool, ResourcePool.Kind<Tokenizer> kind, String key)
    implements Tokenizer {

  @Override
  public int[] encode(String text) {
    return using(tokenizer -> tokenizer.encode(text));
  }

  @Override
  public String decode(int[] tokens) {
    return using(tokenizer -> tokenizer.decode(tokens));
  }

  @Override
  public int count(String text) {
    return using(tokenizer -> tokenizer.count(text));
  }

  private <T> T using(Function<Tokenizer, T> work) {
    try (ResourcePool.Lease<Tokenizer> lease = pool.borrow(kind, key)) {
      return work.apply(lease.resource());
    }
  }

  @Override
  public void close() {
    // The pool closes the tokenizer.
  }
}
