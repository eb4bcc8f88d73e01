package dev.terrarium.internal.admission;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes when the test says so; it begins below zero, as the system's may. */
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
