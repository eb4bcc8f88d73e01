package dev.terrarium.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.PythonException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.context.PythonContext;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.testing.LogRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What happens to a pool in thousands of random orders, on one thread. Each order follows from its
 * seed, which a failure names along with the steps that led to it.
 */
class PoolInterleavingsTest {

  private static final int SEQUENCES = 3_000;
  private static final int STEPS = 60;

  @Test
  void noOrderOfEventsBreaksThePool() {
    try (LogRecords log = LogRecords.of("terrarium.pool")) {
      for (int seed = 0; seed < SEQUENCES; seed++) {
        Sequence sequence = new Sequence(seed);
        try {
          sequence.run();
        } catch (RuntimeException | AssertionError e) {
          throw new AssertionError("seed " + seed + ": " + sequence.steps, e);
        }
      }
      assertThat(log.lines()).isNotEmpty();
    }
  }

  /** A borrower, from its question to the end of its lease. */
  private static final class Borrower {
    final Waiter waiter;

    /** The context that it has; null before and after. */
    @Nullable PooledContext context;

    @Nullable Execution<?> call;
    boolean gone;

    /**
     * Takes note of what it was given, and of the call that was started there, if it brought one.
     */
    void look() {
      gone |= waiter.failure() != null;
      if (!gone && context == null) {
        PooledContext given = waiter.context();
        context = given;
        if (given != null && waiter.call != null) {
          call = given.running;
        }
      }
    }

    Borrower(Waiter waiter) {
      this.waiter = waiter;
    }
  }

  private static final class Sequence {

    private static final List<BridgeSource> FRAMEWORKS =
        List.of(
            PoolBench.framework("a"),
            PoolBench.framework("b"),
            PoolBench.alone("c"),
            PoolBench.restricted("r"));

    final List<String> steps = new ArrayList<>();

    private final Random random;
    private final ManualTimer timer = new ManualTimer();
    private final ManualExecutor makers = new ManualExecutor();
    private final List<StubContext> made = new ArrayList<>();
    private final List<TerrariumEvent> told = new ArrayList<>();
    private final List<Borrower> borrowers = new ArrayList<>();
    private final List<CompletableFuture<@Nullable Void>> prewarmings = new ArrayList<>();
    private final PoolSettings settings;
    private final Roster roster;
    private final ContextPool pool;

    /** Whether memory never keeps a framework from being loaded. */
    private final boolean roomy;

    private boolean makingFails;
    private boolean closed;

    Sequence(int seed) {
      random = new Random(seed);
      int max = 1 + random.nextInt(3);
      settings =
          PoolSettings.of(random.nextInt(max + 1), max)
              .withTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ZERO)
              .withCheckEvery(2 + random.nextInt(5))
              .withRecycling(random.nextBoolean() ? 5 : 0, Duration.ZERO);
      makers.hold();
      long memory = List.of(Long.MAX_VALUE, 150L, 250L).get(random.nextInt(3));
      roomy = memory == Long.MAX_VALUE;
      roster = new Roster(timer);
      pool =
          new ContextPool(
              this::make,
              PoolBench.PROFILE,
              settings,
              roster,
              timer,
              makers,
              () -> roomy || random.nextInt(4) > 0,
              limit(memory, random.nextInt(60)),
              Events.to(List.of(told::add)));
    }

    private static MemoryLimit limit(long bytes, long kept) {
      return new MemoryLimit() {
        @Override
        public long bytes(String framework) {
          return bytes;
        }

        @Override
        public long kept(String framework) {
          return kept;
        }

        @Override
        public void makeRoom(String framework, long inContexts) {}
      };
    }

    private PythonContext make(AccessProfile profile) {
      if (makingFails) {
        throw new ModelException("no context today");
      }
      StubContext context = new StubContext("context-" + made.size(), profile);
      context.bytes = 100;
      context.hold(Kind.PREPARE, Kind.CALL, Kind.CHECK, Kind.RESET);
      made.add(context);
      return context;
    }

    void run() {
      check();
      for (int i = 0; i < STEPS; i++) {
        step();
        check();
      }
      letAllEnd();
      assertThat(roster.waiters)
          .as("waiters at the end, %s", pool.stats())
          .extracting(each -> each.kind + " " + each.name() + " " + each.hasWork)
          .isEmpty();
      assertThat(borrowers).as("borrowers").allMatch(each -> each.gone);
      assertThat(prewarmings).as("prewarmings").allMatch(CompletableFuture::isDone);
      assertThat(pool.stats().starting()).isZero();
      assertThat(pool.stats().pendingByFramework()).isEmpty();
      assertThat(roster.idle).as("idle").containsExactlyInAnyOrderElementsOf(roster.contexts);
      steps.add("close");
      pool.close();
      assertThat(roster.contexts).isEmpty();
      assertThat(made).allMatch(context -> context.parkings.get() + context.retirements.get() == 1);
      assertThat(contexts(TerrariumEvent.ContextCreated.class)).containsExactlyElementsOf(names());
      assertThat(
              Stream.concat(
                  contexts(TerrariumEvent.ContextParked.class).stream(),
                  contexts(TerrariumEvent.ContextRetired.class).stream()))
          .containsExactlyInAnyOrderElementsOf(names());
    }

    private List<String> names() {
      return made.stream().map(StubContext::name).toList();
    }

    /** Whom observers were told of. */
    private List<String> contexts(Class<? extends TerrariumEvent> kind) {
      return told.stream()
          .filter(kind::isInstance)
          .map(
              event ->
                  switch (event) {
                    case TerrariumEvent.ContextCreated(String context, long nanos) -> context;
                    case TerrariumEvent.ContextParked(String context) -> context;
                    case TerrariumEvent.ContextRetired(String context, var cause) -> context;
                    default -> throw new IllegalArgumentException(event.toString());
                  })
          .toList();
    }

    private void step() {
      switch (random.nextInt(24)) {
        case 0, 1, 2, 3 -> ask(Waiter.Kind.BORROWER);
        case 4 -> ask(Waiter.Kind.NESTED);
        case 5 -> prewarm();
        case 6, 7, 8 -> endMaking(random.nextInt(5) == 0);
        case 9, 10, 11, 12, 13 -> endWork(random.nextInt(4) == 0);
        case 14, 15 -> call();
        case 16, 17, 18 -> endLease();
        case 19 -> giveUp();
        case 20 -> withdraw();
        case 21 -> reconsider();
        case 22 -> turn();
        default -> {
          if (random.nextInt(30) == 0) {
            close();
          }
        }
      }
      borrowers.forEach(Borrower::look);
    }

    private <T> @Nullable T any(List<T> some) {
      return some.isEmpty() ? null : some.get(random.nextInt(some.size()));
    }

    private BridgeSource framework() {
      return FRAMEWORKS.get(random.nextInt(FRAMEWORKS.size()));
    }

    private void ask(Waiter.Kind kind) {
      BridgeSource framework = framework();
      Deadline deadline =
          random.nextInt(5) == 0
              ? Deadline.after(Duration.ofSeconds(random.nextInt(40)), timer.nanoTime())
              : Deadline.none();
      Waiter waiter =
          new Waiter(
              framework,
              random.nextInt(5) == 0 ? StubContext.NEEDS_NO_LOAD : "count",
              kind,
              deadline,
              timer.nanoTime(),
              null);
      if (random.nextBoolean()) {
        PoolCall<@Nullable Object> call = PoolBench.count(framework, deadline);
        call.propagate();
        waiter.call = call;
      }
      steps.add(
          kind
              + " "
              + framework.name()
              + " "
              + waiter.command
              + (waiter.call == null ? "" : " to call"));
      if (closed) {
        return;
      }
      try {
        pool.enqueue(waiter);
        borrowers.add(new Borrower(waiter));
      } catch (NestedCallException | LimitExceededException e) {
        assertThat(kind).isEqualTo(Waiter.Kind.NESTED);
        assertThat(roster.waiters).doesNotContain(waiter);
      }
    }

    private void prewarm() {
      BridgeSource framework = framework();
      int count = 1 + random.nextInt(settings.max());
      steps.add("prewarm " + framework.name() + " " + count);
      if (!closed) {
        prewarmings.add(pool.prewarm(framework, count));
      }
    }

    private void endMaking(boolean fails) {
      if (makers.size() > 0) {
        steps.add("make" + (fails ? " fails" : ""));
        makingFails = fails;
        makers.runNext();
      }
    }

    private List<StubExecution<?>> works() {
      Set<Execution<?>> calls = new HashSet<>();
      for (Borrower each : borrowers) {
        if (!each.gone && each.call != null) {
          calls.add(each.call);
        }
      }
      return made.stream()
          .flatMap(context -> context.open().stream())
          .filter(work -> !calls.contains(work))
          .toList();
    }

    /** Ends a load, a check, or a call that was given up. */
    private void endWork(boolean badly) {
      StubExecution<?> work = any(works());
      if (work == null) {
        return;
      }
      StubContext context =
          made.stream().filter(each -> each.open().contains(work)).findFirst().orElseThrow();
      steps.add(work.kind + " in " + context.name() + (badly ? " fails" : ""));
      switch (work.kind) {
        case CALL -> work.stop();
        case CHECK, RESET -> {
          int found = random.nextInt(4);
          if (badly && found == 0) {
            work.fail(new IllegalStateException("no check"));
          } else {
            context.condition =
                badly
                    ? List.of(HealthStatus.RESTORED, HealthStatus.BROKEN).get(found % 2)
                    : HealthStatus.SOUND;
            work.end();
          }
        }
        default -> {
          if (badly) {
            work.fail(
                random.nextBoolean()
                    ? new FrameworkLoadException("does not load")
                    : new IllegalStateException("did not load this time"));
          } else {
            work.end();
          }
        }
      }
    }

    private List<Borrower> leases(boolean calling) {
      return borrowers.stream()
          .filter(each -> !each.gone && each.context != null && (each.call != null) == calling)
          .toList();
    }

    private void call() {
      Borrower borrower = any(leases(false));
      if (borrower == null || borrower.context == null) {
        return;
      }
      steps.add("call in " + borrower.context.name());
      Waiter waiter = borrower.waiter;
      assertThat(borrower.context.isReadyFor(waiter)).as("ready").isTrue();
      borrower.call = ((StubContext) borrower.context.context).call(waiter.name());
      borrower.context.running = borrower.call;
    }

    private void endLease() {
      Borrower borrower = any(leases(random.nextInt(4) > 0));
      if (borrower != null) {
        end(borrower, random.nextInt(3) == 0 ? fault() : null);
      }
    }

    private Throwable fault() {
      return switch (random.nextInt(5)) {
        case 0 -> new ArgumentException("wrong");
        case 1 -> new PythonException("ValueError", "", List.of(), null);
        case 2 -> new PythonException("MemoryError", "", List.of(), null);
        case 3 -> new PythonException(PythonException.INTERNAL, "", List.of(), null);
        default -> new CancellationException("stopped");
      };
    }

    private void end(Borrower borrower, @Nullable Throwable failure) {
      PooledContext context = borrower.context;
      if (context == null) {
        return;
      }
      steps.add("release " + context.name() + (failure == null ? "" : " after " + failure));
      borrower.gone = true;
      if (borrower.call instanceof StubExecution<?> call) {
        if (failure == null) {
          call.end();
        } else {
          call.fail(failure);
        }
      }
      if (borrower.waiter.call == null) {
        pool.release(context, failure);
      }
    }

    private void giveUp() {
      Borrower borrower = any(leases(true));
      if (borrower == null || borrower.context == null || borrower.call == null) {
        return;
      }
      steps.add("give up in " + borrower.context.name());
      borrower.gone = true;
      PoolCall<?> call = borrower.waiter.call;
      if (call != null) {
        call.abandon();
        return;
      }
      PooledContext context = borrower.context;
      pool.stop(context, borrower.call);
      borrower.call.whenDone((result, failure) -> pool.release(context, failure));
    }

    private void withdraw() {
      Borrower borrower =
          any(
              borrowers.stream()
                  .filter(each -> !each.gone)
                  .filter(each -> each.call == null || each.waiter.call != null)
                  .toList());
      if (borrower != null) {
        steps.add("withdraw " + borrower.waiter.name());
        borrower.gone = true;
        pool.withdraw(borrower.waiter);
      }
    }

    private void reconsider() {
      Borrower borrower = any(borrowers.stream().filter(each -> !each.gone).toList());
      if (borrower != null) {
        steps.add("reconsider " + borrower.waiter.name());
        pool.reconsider(borrower.waiter);
      }
    }

    private void turn() {
      int millis =
          List.of(50, 150, 1_200, 1_200, 3_000, 11_000, 31_000, 70_000).get(random.nextInt(8));
      steps.add("turn " + millis);
      timer.turn(Duration.ofMillis(millis));
      if (random.nextInt(4) > 0) { // else their threads are late
        waiters(Waiter.Kind.BORROWER).forEach(pool::reconsider);
        waiters(Waiter.Kind.NESTED).forEach(pool::reconsider);
        waiters(Waiter.Kind.BORROWER).forEach(this::checkUnused);
      }
    }

    /** Nobody waits for long beside a context that could serve, and that nobody uses. */
    private void checkUnused(Waiter waiter) {
      long loading = loading(waiter.name());
      long longest = settings.borrowTimeout().dividedBy(10).toNanos();
      long now = timer.nanoTime();
      if (roomy
          && !waiter.hasWork
          && loading == 0
          && now - waiter.waitingSince >= longest
          && roster.contexts.stream()
              .noneMatch(each -> each.state() == ContextState.SUSPECT && each.promises(waiter))) {
        assertThat(roster.idle)
            .as("unused while %s waits", waiter.name())
            .noneMatch(
                each ->
                    each.fits(waiter)
                        && now - each.usedAt >= longest
                        && waiter.framework.sharesContext()
                        && each.frameworks.values().stream().allMatch(BridgeSource::sharesContext));
      }
    }

    private List<Waiter> waiters(Waiter.Kind kind) {
      return roster.waiters.stream().filter(each -> each.is(kind)).toList();
    }

    private long loading(String framework) {
      return roster.contexts.stream().filter(each -> framework.equals(each.preparing)).count();
    }

    /** Without waiting, as one who is interrupted. */
    private void close() {
      steps.add("close");
      closed = true;
      Thread.currentThread().interrupt();
      try {
        pool.close();
      } catch (CallInterruptedException e) {
        assertThat(e).hasMessageContaining("to end");
      } finally {
        boolean interrupted = Thread.interrupted();
        assertThat(interrupted || roster.contexts.isEmpty()).isTrue();
      }
    }

    private void letAllEnd() {
      steps.add("(all end)");
      boolean poked = false;
      while (true) {
        if (makers.size() > 0) {
          endMaking(false);
        } else if (!works().isEmpty()) {
          endWork(false);
        } else if (!leases(false).isEmpty() || !leases(true).isEmpty()) {
          endLeaseWell();
        } else if (!poked && !closed) {
          poked = true;
          timer.turn(ContextMaking.RETRY_AFTER);
          ask(Waiter.Kind.BORROWER);
        } else {
          return;
        }
        borrowers.forEach(Borrower::look);
        check();
      }
    }

    private void endLeaseWell() {
      List<Borrower> all = new ArrayList<>(leases(false));
      all.addAll(leases(true));
      end(all.getFirst(), null);
    }

    private void check() {
      List<PooledContext> contexts = List.copyOf(roster.contexts);
      List<PooledContext> idle = List.copyOf(roster.idle);
      List<Waiter> waiters = List.copyOf(roster.waiters);
      assertThat(idle).as("idle").doesNotHaveDuplicates().isSubsetOf(contexts);
      assertThat(pool.stats().starting()).as("starting").isEqualTo(makers.size());
      Set<PythonContext> there = new HashSet<>();
      contexts.forEach(context -> there.add(context.context));
      for (StubContext stub : made) {
        assertThat(stub.parkings.get() + stub.retirements.get())
            .as("%s left the pool", stub.name())
            .isEqualTo(there.contains(stub) ? 0 : 1);
      }
      contexts.forEach(context -> checkPlace(context, idle.contains(context)));
      checkBorrowers();
      checkNumbers(contexts, waiters);
      for (Waiter waiter : waiters) {
        checkWaiter(waiter, idle, contexts);
      }
      if (closed) {
        assertThat(waiters).isEmpty();
        assertThat(idle).isEmpty();
      }
    }

    private void checkPlace(PooledContext context, boolean idle) {
      ContextState state = context.state();
      int open = ((StubContext) context.context).open().size();
      switch (state) {
        case FRESH, WARM -> {
          assertThat(idle).as("%s is idle", context.name()).isTrue();
          assertThat(open).as("work in %s", context.name()).isZero();
          assertThat(context.isBare()).as("bare").isEqualTo(state == ContextState.FRESH);
          assertThat(context.borrower).isNull();
          assertThat(context.running).isNull();
        }
        case IN_USE -> {
          assertThat(idle).isFalse();
          assertThat(context.borrower == null)
              .as("%s either loads or is on lease", context.name())
              .isEqualTo(context.preparing != null);
          if (context.preparing != null) {
            assertThat(open).as("loads in %s", context.name()).isOne();
          }
        }
        case SUSPECT, ABANDONED -> {
          assertThat(idle).isFalse();
          assertThat(open).as("work in suspect %s", context.name()).isOne();
        }
        case PARKED, RETIRED -> throw new AssertionError(context.name() + " is " + state);
      }
    }

    private void checkBorrowers() {
      Set<PooledContext> taken = new HashSet<>();
      for (Borrower each : borrowers) {
        Waiter waiter = each.waiter;
        assertThat(waiter.context() != null && waiter.failure() != null && !each.gone)
            .as("served and refused")
            .isFalse();
        if (!each.gone && waiter.context() != null) {
          if (each.context != null) {
            assertThat(waiter.context()).as("served once").isSameAs(each.context);
          }
          assertThat(taken.add(waiter.context())).as("one borrower of a context").isTrue();
          assertThat(waiter.context().borrower).isSameAs(waiter);
          assertThat(waiter.context().state()).isEqualTo(ContextState.IN_USE);
        }
        if (!each.gone && waiter.isWaiting()) {
          assertThat(roster.waiters).as("the queue").contains(waiter);
        }
      }
    }

    private void checkNumbers(List<PooledContext> contexts, List<Waiter> waiters) {
      long serving =
          contexts.stream()
              .filter(each -> !each.stuck && each.state().compareTo(ContextState.SUSPECT) < 0)
              .count();
      assertThat(serving).as("serving").isLessThanOrEqualTo(settings.max());
      assertThat(contexts.size() + makers.size())
          .as("total")
          .isLessThanOrEqualTo(2 * settings.max());
      Map<String, Integer> pending = new TreeMap<>();
      waiters.forEach(waiter -> pending.merge(waiter.name(), 1, Integer::sum));
      assertThat(pool.stats().pendingByFramework()).isEqualTo(pending);
    }

    private void checkWaiter(
        Waiter waiter, List<PooledContext> idle, List<PooledContext> contexts) {
      assertThat(waiter.isWaiting()).as("a queued waiter waits").isTrue();
      boolean prewarming = waiter.is(Waiter.Kind.PREWARMING);
      if (!prewarming) {
        assertThat(idle)
            .as("idle for %s", waiter.name())
            .noneMatch(each -> each.isReadyFor(waiter));
      }
      if (waiter.hasWork) {
        return;
      }
      long loading = contexts.stream().filter(each -> waiter.name().equals(each.preparing)).count();
      long ready = contexts.stream().filter(each -> each.has(waiter.name())).count();
      boolean hopeless =
          prewarming
              ? ready + loading < waiter.goal
              : contexts.stream().noneMatch(each -> each.promises(waiter));
      if (hopeless) {
        assertThat(idle)
            .as("idle while %s %s waits for nothing", waiter.kind, waiter.name())
            .noneMatch(each -> each.fits(waiter) && !each.isReadyFor(waiter));
      }
    }
  }
}
