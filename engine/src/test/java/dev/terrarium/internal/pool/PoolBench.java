package dev.terrarium.internal.pool;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.PackageSet;
import dev.terrarium.internal.context.PythonContext;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.testing.AtRest;
import dev.terrarium.testing.LogRecords;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A pool of stubs whose clock and makers the test holds, and what pool tests ask of one. Checks
 * after each test that nothing was left behind.
 */
final class PoolBench implements BeforeEachCallback, AfterEachCallback {

  static final AccessProfile PROFILE = AccessProfile.TRUSTED_NATIVE;
  static final Duration LONG = Duration.ofSeconds(30);

  /** Frameworks that share contexts. */
  static final BridgeSource A = framework("a");

  static final BridgeSource B = framework("b");
  static final BridgeSource C = framework("c");

  final ManualTimer timer = new ManualTimer();
  final ManualExecutor makers = new ManualExecutor();

  /** Contexts made so far, in the order in which they were. */
  final List<StubContext> made = new CopyOnWriteArrayList<>();

  /** What observers were told. */
  final List<TerrariumEvent> told = new CopyOnWriteArrayList<>();

  /** What making a context fails with. */
  volatile @Nullable RuntimeException failure;

  /** What is done to each context that is made. */
  volatile Consumer<StubContext> setUp = context -> {};

  volatile boolean room = true;
  volatile MemoryLimit limit = MemoryLimit.none();

  private final AtRest atRest = new AtRest();
  private final LogRecords log = LogRecords.of("terrarium.pool");
  private @Nullable ContextPool pool;

  static BridgeSource framework(String name) {
    return new BridgeSource.Source(name, PROFILE, true, "", name + ".py");
  }

  static BridgeSource alone(String name) {
    return new BridgeSource.Source(name, PROFILE, false, "", name + ".py");
  }

  static BridgeSource restricted(String name) {
    return new BridgeSource.Source(name, AccessProfile.RESTRICTED, true, "", name + ".py");
  }

  /** A framework that has packages of its own. */
  static BridgeSource withPackages(String name, String set) {
    return new BridgeSource.Source(
        name, PROFILE, true, new PackageSet(List.of(set), set + "-1"), "", name + ".py");
  }

  static PoolSettings settings(int min, int max) {
    return PoolSettings.of(min, max).withTimeouts(LONG, LONG.multipliedBy(4), Duration.ZERO);
  }

  PythonContext make(AccessProfile profile) {
    RuntimeException reason = failure;
    if (reason != null) {
      throw reason;
    }
    synchronized (made) {
      StubContext context = new StubContext("context-" + made.size(), profile);
      setUp.accept(context);
      made.add(context);
      return context;
    }
  }

  /** The pool of this test. */
  ContextPool open(int min, int max) {
    return open(settings(min, max));
  }

  ContextPool open(PoolSettings settings) {
    return open(settings, Events.to(List.of(told::add)));
  }

  /** A pool of which others are told. */
  ContextPool open(PoolSettings settings, Events events) {
    pool = null;
    ContextPool opened =
        atRest.watch(
            new ContextPool(
                this::make,
                PROFILE,
                settings,
                new Roster(timer),
                timer,
                makers,
                () -> room,
                limit,
                events));
    pool = opened;
    return opened;
  }

  /** A pool on the system's clock, with threads of its own. */
  ContextPool openReal(PoolSettings settings) {
    ContextPool opened =
        atRest.watch(
            new ContextPool(this::make, PROFILE, settings, MemoryLimit.none(), Events.none()));
    pool = opened;
    return opened;
  }

  boolean isOpen() {
    return pool != null;
  }

  ContextPool pool() {
    ContextPool opened = pool;
    if (opened == null) {
      throw new AssertionError("no pool was opened");
    }
    return opened;
  }

  Stats.Pool stats() {
    return pool().stats();
  }

  StubContext context(int number) {
    return made.get(number);
  }

  List<String> log() {
    return log.lines();
  }

  /** What the pool logged as thrown. */
  List<Throwable> thrown() {
    return log.thrown();
  }

  Waiter waiter(BridgeSource framework, String command, Waiter.Kind kind, Deadline deadline) {
    return new Waiter(
        framework, command, kind, deadline, timer.nanoTime(), new Throwable("borrowed here"));
  }

  /** Asks for a context without waiting for it. */
  Waiter ask(BridgeSource framework, String command) {
    Waiter waiter = waiter(framework, command, Waiter.Kind.BORROWER, Deadline.none());
    pool().enqueue(waiter);
    return waiter;
  }

  Waiter ask(BridgeSource framework) {
    return ask(framework, "count");
  }

  /** The lease of one who was served. */
  ContextLease lease(Waiter waiter) {
    return new ContextLease(pool(), pooled(waiter));
  }

  /** The context that a waiter was given. */
  PooledContext pooled(Waiter waiter) {
    PooledContext context = waiter.context();
    if (context == null) {
      throw new AssertionError("not served: " + pool().stats(), waiter.failure());
    }
    return context;
  }

  ContextLease borrow(BridgeSource framework) {
    return lease(ask(framework));
  }

  /** Borrows for a framework and gives back, which leaves it loaded. */
  String use(BridgeSource framework) {
    try (ContextLease lease = borrow(framework)) {
      return lease.name();
    }
  }

  /** Has one context each use one framework, in this order. */
  void warm(BridgeSource... frameworks) {
    List<ContextLease> leases = List.of(frameworks).stream().map(this::borrow).toList();
    leases.forEach(ContextLease::close);
  }

  /** A call, to be run by the thread that makes it. */
  static PoolCall<@Nullable Object> count(BridgeSource framework, Deadline deadline) {
    return count(framework, deadline, UnaryOperator.identity());
  }

  static PoolCall<@Nullable Object> count(
      BridgeSource framework, Deadline deadline, UnaryOperator<Runnable> propagation) {
    return new PoolCall<>(
        framework,
        "count",
        "count",
        deadline,
        commands -> commands.call("count", Map.of()),
        new CallScope("any", null),
        propagation);
  }

  /** Borrows, calls, and gives back. */
  @Nullable Object call(BridgeSource framework) {
    return borrow(framework).run(count(framework, Deadline.none()));
  }

  /** Has a borrower give up on a call that runs in a context, and does not stop. */
  StubExecution<?> runAway(BridgeSource framework) {
    Waiter waiter = ask(framework);
    StubContext stub = stub(waiter);
    PooledContext context = pooled(waiter);
    stub.hold(Kind.CALL);
    Execution<?> work = stub.call(framework.name());
    context.running = work;
    stub.release(Kind.CALL);
    StubExecution<?> running = stub.running();
    pool().stop(context, work);
    work.whenDone((result, failure) -> pool().release(context, failure));
    return running;
  }

  StubContext stub(Waiter waiter) {
    return (StubContext) pooled(waiter).context;
  }

  /** The figures alone, such as {@code total=1, starting=0, active=0, idle=1, pending=0}. */
  String figures() {
    String figures = pool().stats().toString();
    int end = figures.indexOf(';');
    return end < 0 ? figures : figures.substring(0, end);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    atRest.beforeEach(context);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    log.close();
    atRest.afterEach(context);
  }
}
