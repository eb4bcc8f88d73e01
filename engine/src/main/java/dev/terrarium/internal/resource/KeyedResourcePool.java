package dev.terrarium.internal.resource;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.Stats;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import dev.terrarium.spi.ResourcePool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The resource pool of a Terrarium. One {@link DecisionLock} guards its slots; resources are made,
 * checked and closed without it. Thread-safe.
 */
public final class KeyedResourcePool implements ResourcePool, AutoCloseable {

  private static final String NAME = "resources";

  private static final Stats.Resource HIT = new Stats.Resource(0, 0, 1, 0, 0, 0);
  private static final Stats.Resource MADE = new Stats.Resource(0, 0, 0, 1, 0, 0);
  private static final Stats.Resource FAILED = new Stats.Resource(0, 0, 0, 0, 1, 0);
  private static final Stats.Resource CLOSED = new Stats.Resource(0, 0, 0, 0, 0, 1);

  private final ToIntFunction<String> connectionLimits;
  private final Events events;
  private final Ticker ticker;
  private final ExpirySweeper sweep;

  private final DecisionLock lock = new DecisionLock(System.getLogger("terrarium.resource"));
  private final Condition changed = lock.newCondition();

  /** All slots, least recently used first. */
  @GuardedBy("lock")
  private final List<Slot<?>> slots = new ArrayList<>();

  /** The counters by the kind's name; {@link #stats} adds the present slots. */
  @GuardedBy("lock")
  private final Map<String, Stats.Resource> counted = new HashMap<>();

  @GuardedBy("lock")
  private boolean closed;

  /**
   * Creates the pool of one Terrarium.
   *
   * @param connectionLimits maximum number of exclusive resources by framework
   */
  public KeyedResourcePool(ToIntFunction<String> connectionLimits, Events events) {
    this(
        connectionLimits,
        events,
        Ticker.systemTicker(),
        Scheduler.systemScheduler(),
        sweep -> Thread.ofPlatform().daemon().name("terrarium-resource-sweep").start(sweep));
  }

  KeyedResourcePool(
      ToIntFunction<String> connectionLimits,
      Events events,
      Ticker ticker,
      Scheduler scheduler,
      Executor executor) {
    this.connectionLimits = connectionLimits;
    this.events = events;
    this.ticker = ticker;
    this.sweep = new ExpirySweeper(ticker, scheduler, executor, this::dropExpired);
  }

  @Override
  public <R> Lease<R> borrow(Kind<R> kind, String key) {
    String framework = CallScope.current().map(CallScope::framework).orElse(null);
    int limit = framework == null ? Integer.MAX_VALUE : connectionLimits.applyAsInt(framework);
    while (true) {
      Slot<R> slot = claim(kind, key, framework, limit);
      boolean reused = slot.isMade();
      if (!slot.busy || isFit(slot)) {
        if (reused && events.active()) {
          events.emit(new TerrariumEvent.CacheHit(NAME, slot.toString()));
        }
        return new SlotLease<>(slot);
      }
    }
  }

  /**
   * Makes or checks the resource of a slot that the caller has busy; a slot with an unfit resource
   * leaves the pool.
   */
  private boolean isFit(Slot<?> slot) {
    boolean fit = false;
    try {
      fit = slot.isMade() ? slot.isHealthy() : make(slot);
    } finally {
      if (fit) {
        ready(slot);
      } else {
        discard(slot);
      }
    }
    return fit;
  }

  private boolean make(Slot<?> slot) {
    long begin = events.now();
    try {
      slot.make();
    } catch (RuntimeException | Error e) {
      tellMade(slot, begin, e.getClass().getSimpleName());
      throw e;
    }
    tellMade(slot, begin, null);
    return true;
  }

  private void tellMade(Slot<?> slot, long begin, @Nullable String failure) {
    if (events.active()) {
      events.emit(
          new TerrariumEvent.CacheLoaded(NAME, slot.toString(), events.since(begin), failure));
    }
  }

  /**
   * Returns a slot that the caller now has busy or, if the slot is shared and in use, has one more
   * user.
   */
  private <R> Slot<R> claim(Kind<R> kind, String key, @Nullable String framework, int limit) {
    lock.lock();
    try {
      long left = TimeUnit.NANOSECONDS.convert(kind.waitTimeout());
      while (true) {
        if (closed) {
          throw new ClosedException("This Terrarium is closed, and its resources with it.");
        }
        takeExpired();
        Slot<R> slot = free(kind, key, framework);
        if (slot == null && count(kind, key) < kind.maxPerKey()) {
          slot = new Slot<>(kind, key);
        }
        if (slot != null && hasRoom(slot, framework, limit)) {
          take(slot, framework);
          return slot;
        }
        if (left <= 0) {
          throw exceeded(kind, key, framework, limit);
        }
        left = lock.awaitNanos(changed, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(
          "Interrupted while waiting for the resource " + kind.name() + ":" + key + ".", e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Starts the caller's use of a resource that it made or checked; a shared resource may be used by
   * others from now on.
   */
  private void ready(Slot<?> slot) {
    lock.lock();
    try {
      count(slot, slot.isNew() ? MADE : HIT);
      slot.ready(ticker.read());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Removes a slot whose resource could not be made, or was found unfit. */
  private void discard(Slot<?> slot) {
    lock.lock();
    try {
      slots.remove(slot);
      count(slot, slot.isMade() ? CLOSED : FAILED);
      if (slot.isMade()) {
        slot.cause = "REPLACED";
        lock.afterUnlock(() -> close(slot));
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void release(Slot<?> slot) {
    long timeLeft;
    lock.lock();
    try {
      long now = ticker.read();
      slot.users--;
      slot.used(now);
      slots.remove(slot);
      slots.add(slot);
      if (closed) {
        drop(idle(), "EXPLICIT");
      }
      takeExpired();
      timeLeft = slot.timeLeft(now);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    sweep.in(timeLeft);
  }

  /** Drops expired resources, and schedules the next sweep. */
  private void dropExpired() {
    long timeLeft;
    lock.lock();
    try {
      takeExpired();
      long now = ticker.read();
      timeLeft = idle().stream().mapToLong(slot -> slot.timeLeft(now)).min().orElse(Long.MAX_VALUE);
    } finally {
      lock.unlock();
    }
    sweep.in(timeLeft);
  }

  /** Returns the number of exclusive resources that are charged to a framework. */
  public int connections(String framework) {
    lock.lock();
    try {
      return chargedTo(framework).size();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the number of resources, in use or not. */
  public int size() {
    lock.lock();
    try {
      return slots.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Map<String, Stats.Resource> stats() {
    lock.lock();
    try {
      Map<String, Stats.Resource> all = new HashMap<>(counted);
      slots.forEach(slot -> all.merge(slot.kind.name(), slot.stats(), Stats.Resource::plus));
      return Map.copyOf(all);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Closes the idle resources, and the others when they are released. Closing a second time does
   * nothing.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      drop(idle(), "EXPLICIT");
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void take(Slot<?> slot, @Nullable String framework) {
    if (!slots.contains(slot)) {
      slots.add(slot);
    } else if (slot.isIdle()) {
      slot.busy = true;
    } else {
      slot.users++;
      count(slot, HIT);
    }
    slot.framework = framework;
  }

  @GuardedBy("lock")
  private void count(Slot<?> slot, Stats.Resource one) {
    counted.merge(slot.kind.name(), one, Stats.Resource::plus);
  }

  /**
   * Returns the most recently used slot that is available at once, preferably one charged to the
   * framework.
   */
  @GuardedBy("lock")
  private <R> @Nullable Slot<R> free(Kind<R> kind, String key, @Nullable String framework) {
    Slot<R> found = null;
    for (Slot<?> slot : slots) {
      if (slot.isOf(kind, key) && (slot.isIdle() || (kind.isShared() && !slot.busy))) {
        @SuppressWarnings("unchecked") // isOf has checked the kind
        Slot<R> candidate = (Slot<R>) slot;
        if (found == null || isCharged(slot, framework) || !isCharged(found, framework)) {
          found = candidate;
        }
      }
    }
    return found;
  }

  private static boolean isCharged(Slot<?> slot, @Nullable String framework) {
    return framework != null && framework.equals(slot.framework);
  }

  @GuardedBy("lock")
  private int count(Kind<?> kind, String key) {
    return (int) slots.stream().filter(slot -> slot.isOf(kind, key)).count();
  }

  /**
   * Returns whether the framework has room for one more resource; an idle one of its own is dropped
   * to make room.
   */
  @GuardedBy("lock")
  private boolean hasRoom(Slot<?> slot, @Nullable String framework, int limit) {
    if (framework == null || slot.kind.isShared() || isCharged(slot, framework)) {
      return true;
    }
    List<Slot<?>> charged = chargedTo(framework);
    if (charged.size() < limit) {
      return true;
    }
    List<Slot<?>> unused = charged.stream().filter(Slot::isIdle).limit(1).toList();
    drop(unused, "SIZE");
    return !unused.isEmpty();
  }

  @GuardedBy("lock")
  private List<Slot<?>> chargedTo(String framework) {
    return slots.stream()
        .filter(slot -> !slot.kind.isShared() && isCharged(slot, framework))
        .toList();
  }

  @GuardedBy("lock")
  private List<Slot<?>> idle() {
    return slots.stream().filter(Slot::isIdle).toList();
  }

  @GuardedBy("lock")
  private void takeExpired() {
    long now = ticker.read();
    drop(idle().stream().filter(slot -> slot.timeLeft(now) <= 0).toList(), "EXPIRED");
  }

  @GuardedBy("lock")
  private void drop(List<Slot<?>> which, String cause) {
    for (Slot<?> slot : which) {
      slot.cause = cause;
      count(slot, CLOSED);
      lock.afterUnlock(() -> close(slot));
    }
    slots.removeAll(which);
  }

  @GuardedBy("lock")
  private LimitExceededException exceeded(
      Kind<?> kind, String key, @Nullable String framework, int limit) {
    String ofFramework =
        framework == null
            ? ""
            : "; framework '"
                + framework
                + "' has "
                + chargedTo(framework).size()
                + " of "
                + limit
                + " connections";
    return new LimitExceededException(
        "No "
            + kind.name()
            + " of "
            + key
            + " became free in "
            + kind.waitTimeout()
            + ": there are "
            + count(kind, key)
            + " of "
            + kind.maxPerKey()
            + ofFramework
            + ", all in use. Give them back sooner, or raise the limit.");
  }

  private void close(Slot<?> slot) {
    slot.close();
    if (events.active()) {
      events.emit(new TerrariumEvent.CacheEvicted(NAME, slot.toString(), slot.cause));
    }
  }

  private final class SlotLease<R> implements Lease<R> {

    private final Slot<R> slot;
    private final AtomicBoolean ended = new AtomicBoolean();

    SlotLease(Slot<R> slot) {
      this.slot = slot;
    }

    @Override
    public R resource() {
      if (ended.get()) {
        throw new IllegalStateException("The lease of " + slot + " has ended.");
      }
      return slot.resource();
    }

    @Override
    public void close() {
      if (ended.compareAndSet(false, true)) {
        release(slot);
      }
    }
  }
}
