package dev.terrarium.internal.admission;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.AdmissionConfig;
import dev.terrarium.Stats;
import dev.terrarium.Stats.Admission.BreakerState;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.internal.pool.Deadline;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The admission to one framework. A call passes its budget, the circuit breaker, the bulkhead with
 * its queue, and the circuit breaker again, which may have opened meanwhile. Thread-safe.
 */
final class Gate {

  private final String framework;
  private final @Nullable Breaker breaker;
  private final @Nullable BulkheadQueue places;
  private final AdmissionConfig.@Nullable Retry retry;
  private final @Nullable Budgets budgets;
  private final LongAdder rejected = new LongAdder();

  /**
   * Creates the gate of one framework.
   *
   * @param budgets the budgets that the framework shares with others, or null
   */
  Gate(String framework, AdmissionConfig config, @Nullable Budgets budgets, Ticker ticker) {
    this.framework = framework;
    this.breaker =
        config.circuitBreaker().map(part -> new Breaker(framework, part, ticker)).orElse(null);
    this.places = config.bulkhead().map(part -> new BulkheadQueue(framework, part)).orElse(null);
    this.retry = config.retry().orElse(null);
    this.budgets = budgets;
  }

  /** Admits a call, or throws. */
  Permit admit(@Nullable String key, Deadline deadline) {
    boolean metered = budgets != null && key != null;
    if (breaker == null && places == null && retry == null && !metered) {
      return Permit.open();
    }
    Ticket ticket = new Ticket(key, deadline);
    try {
      ticket.begin();
    } catch (RuntimeException e) {
      rejected.increment();
      throw e;
    }
    return ticket;
  }

  /** Admits a call within another call: it waits for nothing, and its tokens count. */
  Permit admitNested(@Nullable String key) {
    return budgets == null || key == null ? Permit.open() : new Metered(budgets, key);
  }

  Stats.Admission stats() {
    return new Stats.Admission(
        breaker == null ? BreakerState.OFF : breaker.state(),
        places == null ? 0 : places.running(),
        places == null ? 0 : places.queued(),
        rejected.sum());
  }

  /** The permit where every rule is off. */
  enum Open implements Permit {
    PERMIT;

    @Override
    public void accept(long tokens) {}

    @Override
    public void end(@Nullable Throwable failure) {}

    @Override
    public boolean again(Throwable failure) {
      return false;
    }
  }

  /**
   * The permit of a call within another call, which was admitted for both: only the inner call's
   * tokens count.
   */
  record Metered(Budgets budgets, String key) implements Permit {

    @Override
    public void accept(long tokens) {
      budgets.charge(key, tokens);
    }

    @Override
    public void end(@Nullable Throwable failure) {}

    @Override
    public boolean again(Throwable failure) {
      return false;
    }
  }

  /** The permit of a call that passed the gate. */
  final class Ticket implements Permit {

    private final @Nullable String key;
    private final Deadline deadline;
    private int attempts;
    private boolean trial;

    private Ticket(@Nullable String key, Deadline deadline) {
      this.key = key;
      this.deadline = deadline;
    }

    private void begin() {
      if (budgets == null || key == null) {
        enter();
        return;
      }
      budgets.enter(key);
      boolean entered = false;
      try {
        enter();
        entered = true;
      } finally {
        if (!entered) {
          budgets.takeBack(key);
        }
      }
    }

    private void enter() {
      attempts++;
      if (breaker != null) {
        breaker.check(); // before the queue, in which a call would wait in vain
      }
      if (places != null) {
        places.enter(deadline);
      }
      if (breaker != null) {
        enterBreaker(breaker);
      }
    }

    private void enterBreaker(Breaker entered) {
      try {
        trial = entered.enter();
      } catch (CircuitOpenException e) {
        if (places != null) {
          places.leave();
        }
        throw e;
      }
    }

    @Override
    public void accept(long tokens) {
      if (budgets != null && key != null) {
        budgets.charge(key, tokens);
      }
    }

    @Override
    public void end(@Nullable Throwable failure) {
      if (breaker != null) {
        breaker.exit(trial, failure);
      }
      if (places != null) {
        places.leave();
      }
    }

    @Override
    public boolean again(Throwable failure) {
      if (retry == null
          || attempts >= retry.attempts()
          || failure instanceof CallTimeoutException
          || FrameworkVerdict.of(failure) != FrameworkVerdict.FAILURE) {
        return false;
      }
      long pause = retry.pause().toNanos();
      if (deadline.left(System.nanoTime()) <= pause) {
        return false;
      }
      pause(pause);
      try {
        enter();
        return true;
      } catch (CircuitOpenException | OverloadException refusal) {
        failure.addSuppressed(refusal);
        return false;
      }
    }

    /** Waits until the time has passed or the thread is interrupted. */
    private void pause(long nanos) {
      try {
        boolean unused = new CountDownLatch(1).await(nanos, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CallInterruptedException(
            "Interrupted before another attempt at a call of framework '" + framework + "'.", e);
      }
    }
  }
}
