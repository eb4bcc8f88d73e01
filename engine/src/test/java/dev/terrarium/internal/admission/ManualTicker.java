package dev.terrarium.internal.admission;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A ticker whose time a test advances; it begins below zero, as the system's may. */
final class ManualTicker implements Ticker {

  private final AtomicLong now = new AtomicLong(-Duration.ofSeconds(45).toNanos());

  @Override
  public long read() {
    return now.get();
  }

  void advance(Duration time) {
    now.addAndGet(time.toNanos());
  }
}
