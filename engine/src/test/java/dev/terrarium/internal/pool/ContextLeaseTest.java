package dev.terrarium.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.PythonException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@SuppressWarnings("try") // a lease is held here, not used
class ContextLeaseTest {

  private static final BridgeSource WORDCOUNT = PoolBench.framework("wordcount");

  @RegisterExtension final PoolBench bench = new PoolBench();

  private StubContext open() {
    bench.open(1, 1);
    bench.use(WORDCOUNT);
    return bench.context(0);
  }

  private @Nullable Object call(Deadline deadline) {
    return bench.pool().run(PoolBench.count(WORDCOUNT, deadline));
  }

  @Test
  void callsInTheContextThatWasBorrowed() {
    StubContext context = open();

    assertThat(call(Deadline.none())).isEqualTo("answer");
    assertThat(context.asked).containsExactly("PREPARE wordcount", "CALL wordcount");
    assertThat(bench.pool().stats().contexts().getFirst().calls()).isEqualTo(2);
  }

  @Test
  void interruptedCallerStopsItsCallAndTheContextReturnsWhenItHasStopped() throws Exception {
    StubContext context = open().hold(Kind.CALL);
    Task<@Nullable Object> caller = Task.of(() -> call(Deadline.none()));
    Task.until("the call began", () -> !context.open().isEmpty());
    StubExecution<?> call = context.running();
    caller.interrupt();

    assertThat(caller.failure())
        .isInstanceOf(CallInterruptedException.class)
        .hasMessageContaining("'wordcount.count'");
    assertThat(call.interrupts).hasValue(1);
    assertThat(bench.pool().stats().active()).isEqualTo(1);

    call.stop();
    assertThat(context.count(Kind.CHECK)).isOne();
    assertThat(bench.pool().stats().idle()).isEqualTo(1);
  }

  @Test
  void deadlineStopsTheCall() {
    StubContext context = open().hold(Kind.CALL);
    Deadline deadline = Deadline.after(Duration.ofSeconds(3), bench.timer.nanoTime());
    ContextLease lease = bench.lease(asked(deadline));
    bench.timer.turn(Duration.ofSeconds(3));

    assertThatThrownBy(() -> lease.run(PoolBench.count(WORDCOUNT, deadline)))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessage(
            "'wordcount.count' did not end within its deadline of 3s and is being stopped in"
                + " context-0.");
    assertThat(context.running().interrupts).hasValue(1);
    context.running().stop();
    assertThat(bench.pool().stats().idle()).isEqualTo(1);
  }

  private Waiter asked(Deadline deadline) {
    Waiter waiter = bench.waiter(WORDCOUNT, "count", Waiter.Kind.BORROWER, deadline);
    bench.pool().enqueue(waiter);
    return waiter;
  }

  @Test
  void closingTwiceReturnsTheContextOnce() {
    open();
    ContextLease lease = bench.borrow(WORDCOUNT);
    lease.close();
    lease.close();

    assertThat(bench.pool().stats().idle()).isOne();
  }

  @Test
  void failedCallShowsPythonFramesThenTheCallers() {
    open()
        .failing(
            Kind.CALL,
            new PythonException(
                "ValueError",
                "bad",
                List.of(new StackTraceElement("wordcount", "count", "wordcount.py", 7)),
                null));

    assertThatThrownBy(() -> call(Deadline.none()))
        .isInstanceOfSatisfying(
            PythonException.class,
            e -> {
              assertThat(e.getStackTrace()[0]).hasToString("wordcount.count(wordcount.py:7)");
              assertThat(Arrays.stream(e.getStackTrace()).map(StackTraceElement::getMethodName))
                  .contains("failedCallShowsPythonFramesThenTheCallers");
            });
  }

  @Test
  void errorThrownInACallComesBackAsItself() {
    open().failing(Kind.CALL, new AssertionError("thrown inside"));

    assertThatThrownBy(() -> call(Deadline.none()))
        .isInstanceOf(AssertionError.class)
        .hasMessage("thrown inside");
  }

  @Test
  void callStoppedByClosingSaysSo() {
    StubContext context = open();
    context.obeys = true;
    context.hold(Kind.CALL);
    ContextLease lease = bench.borrow(WORDCOUNT);
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Task<@Nullable Void> caller =
        Task.running(
            () -> {
              try {
                lease.run(PoolBench.count(WORDCOUNT, Deadline.none()));
              } catch (CallInterruptedException e) {
                thrown.set(e);
              }
            });
    Task.until("the call began", () -> !context.open().isEmpty());
    caller.untilItWaits();
    bench.pool().close();
    Task.until("the caller was told", caller::isDone);

    assertThat(thrown.get())
        .hasMessage("'wordcount.count' was stopped because its Terrarium was closed.");
    assertThat(context.parkings).hasValue(1);
  }

  @Test
  void theCallersClassLoaderIsThatOfTheCall() {
    StubContext context = open();
    ClassLoader loader = new ClassLoader() {};
    context.answer = () -> Thread.currentThread().getContextClassLoader();
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(loader);
    try {
      assertThat(call(Deadline.none())).isSameAs(loader);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  @Test
  void propagationIsAroundTheCall() {
    open();
    StringBuilder order = new StringBuilder();
    UnaryOperator<Runnable> around =
        body ->
            () -> {
              order.append("in ");
              body.run();
              order.append("out");
            };
    bench.pool().run(PoolBench.count(WORDCOUNT, Deadline.none(), around));

    assertThat(order).hasToString("in out");
  }

  @Test
  void nestedCallRunsInTheSameContextAndDoesNotGiveItBack() {
    StubContext context = open();
    context.answer = nestedOnce(context, () -> call(Deadline.none()));

    assertThat(call(Deadline.none())).isEqualTo("nested: answer");
    assertThat(context.count(Kind.CALL)).isEqualTo(2);
    assertThat(bench.pool().stats().idle()).isOne();
    assertThat(ContextLease.current()).isNull();
  }

  /** An answer that calls within the first call alone. */
  private static Supplier<@Nullable Object> nestedOnce(
      StubContext context, Supplier<@Nullable Object> call) {
    return () -> {
      context.answer = () -> "answer";
      return "nested: " + call.get();
    };
  }

  @Test
  void closingThePoolFromWithinACallIsRefused() {
    StubContext context = open();
    context.answer =
        () -> {
          bench.pool().close();
          return null;
        };

    assertThatThrownBy(() -> call(Deadline.none()))
        .isInstanceOf(NestedCallException.class)
        .hasMessageContaining("Close from a thread of your own");
    assertThat(call(Deadline.none(), context)).isEqualTo("still open");
  }

  private @Nullable Object call(Deadline deadline, StubContext context) {
    context.answer = () -> "still open";
    return call(deadline);
  }

  @Test
  void deadlineOfANestedCallStopsTheCallAroundIt() {
    StubContext context = open();
    context.hold(Kind.CALL);
    Waiter waiter = asked(Deadline.none());
    context.answer = callingLate(context);
    ContextLease lease = bench.lease(waiter);
    Task<@Nullable Object> caller =
        Task.of(() -> lease.run(PoolBench.count(WORDCOUNT, Deadline.none())));
    Task.until("the call began", () -> !context.open().isEmpty());
    caller.untilItWaits();
    StubExecution<?> running = context.running();
    running.end();

    assertThat(running.interrupts).hasValue(1);
    assertThat(bench.pool().stats().idle()).isOne();
  }

  /** An answer that waits for a call within the held one, which outlasts its own deadline. */
  private Supplier<@Nullable Object> callingLate(StubContext context) {
    return () -> {
      context.release(Kind.CALL);
      context.answer =
          () -> {
            bench.timer.turn(Duration.ofSeconds(2));
            return "late";
          };
      return call(Deadline.after(Duration.ofSeconds(2), bench.timer.nanoTime()));
    };
  }

  @Test
  void callThatIsStoppedByTheDeadlineOfOneWithinItSaysSo() throws Exception {
    StubContext context = open();
    context.obeys = true;
    context.hold(Kind.CALL);
    context.answer = callingLate(context);
    Deadline later = Deadline.after(Duration.ofMinutes(1), bench.timer.nanoTime());
    Task<@Nullable Object> caller = Task.of(() -> call(later));
    Task.until("the call began", () -> !context.open().isEmpty());
    context.running().end();

    assertThat(caller.failure())
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("because a call within it did not end within its deadline");
  }

  @Test
  void cancellationThatIsNoStopComesBackAsItself() {
    StubContext context = open();
    CancellationException mine = new CancellationException("mine");
    context.failing(Kind.CALL, mine);

    assertThatThrownBy(() -> call(Deadline.none())).isSameAs(mine);
    assertThatThrownBy(() -> call(Deadline.after(Duration.ofDays(1), bench.timer.nanoTime())))
        .isSameAs(mine);
  }

  @Test
  void contextThatTheDeadlineOfANestedCallCannotStopIsReplaced() throws Exception {
    StubContext context = open();
    context.hold(Kind.CALL);
    Supplier<@Nullable Object> late = callingLate(context);
    AtomicReference<@Nullable Waiter> other = new AtomicReference<>();
    context.answer =
        () -> {
          Object answer = late.get();
          Waiter waiter = bench.ask(WORDCOUNT);
          other.set(waiter);
          assertThat(bench.made).hasSize(1);
          bench.timer.turn(ContextRepair.GRACE);
          return answer;
        };
    Task<@Nullable Object> caller = Task.of(() -> call(Deadline.none()));
    Task.until("the call began", () -> !context.open().isEmpty());
    context.running().end();

    assertThat(caller.result()).isEqualTo("late");
    assertThat(bench.made).hasSize(2);
    bench.lease(Objects.requireNonNull(other.get())).close();
  }

  @Test
  void deadlineOfANestedCallThatHasEndedStopsNoLaterCall() throws Exception {
    StubContext context = open();
    List<Runnable> late = new ArrayList<>();
    context.answer =
        nestedOnce(
            context, () -> call(Deadline.after(Duration.ofSeconds(2), bench.timer.nanoTime())));
    bench.timer.onCancel(late::add); // as if each had just begun to run
    assertThat(call(Deadline.none())).isEqualTo("nested: answer");
    context.hold(Kind.CALL);
    Task<@Nullable Object> next = Task.of(() -> call(Deadline.none()));
    Task.until("the next call began", () -> !context.open().isEmpty());
    assertThat(late).isNotEmpty();
    late.forEach(Runnable::run);

    assertThat(context.running().interrupts).hasValue(0);
    context.running().end();
    assertThat(next.result()).isEqualTo("answer");
  }

  @Test
  void faultOfANestedCallThatItsCallerGotOverIsNotForgotten() {
    StubContext context = open();
    context.answer =
        nestedOnce(
            context,
            () -> {
              context.answer =
                  () -> {
                    throw new PythonException("ValueError", "bad", List.of(), null);
                  };
              assertThatThrownBy(() -> call(Deadline.none())).isInstanceOf(PythonException.class);
              return "got over";
            });

    assertThat(call(Deadline.none())).isEqualTo("nested: got over");
    assertThat(context.count(Kind.CHECK)).isOne();
  }

  @Test
  void waitingCallBeginsAsPartOfTheEndOfTheOneBeforeIt() throws Exception {
    StubContext context = open().hold(Kind.CALL);
    Task<@Nullable Object> first = Task.of(() -> call(Deadline.none()));
    Task.until("the first began", () -> context.open().size() == 1);
    Task<@Nullable Object> second = Task.of(() -> call(Deadline.none()));
    Task.until("the second waits", () -> bench.pool().stats().pending() == 1);
    StubExecution<?> before = context.running();
    before.end();

    assertThat(context.running()).isNotSameAs(before);
    context.running().end();
    assertThat(List.of(first.result(), second.result())).containsOnly("answer");
  }

  @Test
  void contextIsBackBeforeItsCallerHasTheAnswer() {
    StubContext context = open();
    UnaryOperator<Runnable> around =
        body ->
            () -> {
              body.run();
              assertThat(bench.pool().stats().active()).isOne();
            };
    for (int i = 0; i < 100; i++) {
      assertThat(bench.pool().run(PoolBench.count(WORDCOUNT, Deadline.none(), around)))
          .isEqualTo("answer");
      assertThat(bench.pool().stats().idle()).isOne();
    }
    assertThat(context.count(Kind.CALL)).isEqualTo(100);
  }

  @Test
  void callThatIsAbandonedBeforeItStartsIsNotStarted() {
    StubContext context = open();
    PoolCall<@Nullable Object> call = PoolBench.count(WORDCOUNT, Deadline.none());
    ContextLease lease = bench.borrow(WORDCOUNT);
    call.abandon();
    call.start(lease);

    assertThat(context.count(Kind.CALL)).isZero();
    assertThat(bench.pool().stats().idle()).isOne();
  }

  @Test
  void callThatIsAbandonedWhileItRunsIsStopped() {
    StubContext context = open().hold(Kind.CALL);
    PoolCall<@Nullable Object> call = PoolBench.count(WORDCOUNT, Deadline.none());
    call.start(bench.borrow(WORDCOUNT));
    call.abandon();

    assertThat(context.running().interrupts).hasValue(1);
    context.running().stop();
    assertThat(bench.pool().stats().idle()).isOne();
  }

  @Test
  void waiterThatIsInterruptedAfterItsCallWasStartedHasItStopped() throws Exception {
    StubContext context = open().hold(Kind.CALL);
    ContextLease held = bench.lease(asked(Deadline.none()));
    Task<@Nullable Object> caller = Task.of(() -> call(Deadline.none()));
    Task.until("it waits", () -> bench.pool().stats().pending() == 1);
    held.close();
    StubExecution<?> running = context.running();
    caller.interrupt();

    assertThat(caller.failure()).isInstanceOf(CallInterruptedException.class);
    assertThat(running.interrupts).hasValue(1);
    running.stop();
    assertThat(bench.pool().stats().idle()).isOne();
  }

  @Test
  void callThatCouldNotBeStartedFailsAndTheContextIsBack() {
    StubContext context = open();
    context.refusal = new IllegalStateException("not attached");

    assertThatThrownBy(() -> call(Deadline.none())).hasMessage("not attached");
    assertThat(bench.pool().stats().idle()).isOne();
  }
}
