package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Deadlines, interruption and cancellation on real Python. Every stop must leave the pool with
 * right answers; how fast it was is measured in {@code jmh/} and only bounded here, generously.
 */
@GraalPyTest
class StoppingTest {

  private static final CallOptions SOON = CallOptions.deadline(Duration.ofMillis(200));
  private static final Duration CEILING = Duration.ofSeconds(20);

  private final Terrarium terrarium;

  StoppingTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  @BeforeEach
  void bothContextsHaveTheFramework() {
    terrarium.prewarm("probe", 2).join();
  }

  private @Nullable Object execute(String source, CallOptions options) {
    return terrarium.adapter("probe").with(options).call("execute", Map.of("source", source));
  }

  private @Nullable Object evaluate(String expression) {
    return terrarium.call("probe", "evaluate", Map.of("expression", expression));
  }

  /** Checks that both contexts are idle and sound: no context was retired, and each answers. */
  private void assertThatAllIsWell(Stats.Pool before) {
    Task.until(
        "two contexts are idle and none is suspect",
        () -> terrarium.stats().pool().idle() == 2 && terrarium.stats().pool().total() == 2);
    assertThat(terrarium.stats().pool().retired()).isEqualTo(before.retired());
    assertThat(evaluate("6 * 7")).isEqualTo(42L);
  }

  /** Python code that never ends, in paragraphs. */
  private static final String ENDLESS =
      """
      while True: pass

      while True:
          for i in range(10): pass

      sum(1 for _ in iter(int, 1))

      [0 for _ in range(10**12)]

      while True:
          try:
              while True: pass
          except: pass

      while True:
          try:
              while True: pass
          except BaseException: pass

      while True:
          try: pass
          finally:
              while True: pass

      import time
      time.sleep(1000)

      import time
      time.sleep(1000.5)

      import threading
      threading.Event().wait()

      import queue
      queue.Queue().get()

      import asyncio
      asyncio.run(asyncio.sleep(1000))

      import asyncio
      async def busy():
          while True: await asyncio.sleep(0)
      asyncio.run(busy())

      import json
      text = '[' + '1,' * 100000 + '1]'
      while True: json.loads(text)

      import fractions
      sum(fractions.Fraction(1, each) for each in range(1, 10**9))
      """;

  static String[] endless() {
    return ENDLESS.split("\n\n");
  }

  @ParameterizedTest
  @MethodSource("endless")
  void deadlineStopsPythonCode(String source) {
    Stats.Pool before = terrarium.stats().pool();
    long start = System.nanoTime();

    assertThatThrownBy(() -> execute(source, SOON))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("'probe.execute'")
        .hasMessageContaining("200ms");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(CEILING);
    assertThatAllIsWell(before);
  }

  /** What is imported, a block that a call leaves without its end, and what a later call finds. */
  static final String BLOCKS =
      """
      import asyncio

      import asyncio
      asyncio.run(asyncio.sleep(1000))

      __import__('asyncio').run(__import__('asyncio').sleep(0, 'slept'))

      slept

      import decimal

      import decimal
      with decimal.localcontext(prec=3):
          while True: pass

      str(__import__('decimal').Decimal(1) / 7)

      0.1428571428571428571428571429

      import contextvars, io
      class Setting:
          value = contextvars.ContextVar('value', default='as it was')
          def __enter__(self):
              self.token = self.value.set('changed')
          def __exit__(self, *of):
              self.value.reset(self.token)
      io.Setting = Setting

      import io
      with io.Setting():
          while True: pass

      __import__('io').Setting.value.get()

      as it was
      """;

  @Test
  void blockThatWasCutOffIsEnded() {
    List<String> parts = Pattern.compile("\n\n").splitAsStream(BLOCKS.strip()).toList();
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).build();
    try (Terrarium one = Terrarium.start(config).register(SharedTerrarium.probe())) {
      Adapter probe = one.adapter("probe");
      for (int i = 0; i < parts.size(); i += 4) {
        Map<String, String> block = Map.of("source", parts.get(i + 1));
        Map<String, String> look = Map.of("expression", parts.get(i + 2));
        probe.call("execute", Map.of("source", parts.get(i)));
        for (int times = 0; times < 3; times++) { // an end may come through once
          assertThatThrownBy(() -> probe.with(SOON).call("execute", block))
              .isInstanceOf(CallTimeoutException.class);
          assertThat(probe.call("evaluate", look)).isEqualTo(parts.get(i + 3));
        }
      }
      assertThat(one.stats().pool().retired()).isZero();
    }
  }

  @Test
  void conversionOfWhatNeverEndsIsStopped() {
    Stats.Pool before = terrarium.stats().pool();
    Iterable<String> endless = () -> Stream.generate(() -> "more").iterator();

    assertThatThrownBy(
            () -> terrarium.adapter("probe").with(SOON).call("echo", Map.of("v", endless)))
        .isInstanceOf(CallTimeoutException.class);
    assertThatAllIsWell(before);
  }

  @Test
  void interruptedImportCanBeRetried() {
    Stats.Pool before = terrarium.stats().pool();
    String importing =
        """
        while True:
            for name in list(sys.modules):
                if name.split('.')[0] in ('xml', 'wave', 'tarfile'):
                    del sys.modules[name]
            import xml.dom.minidom, wave, tarfile
        """;
    for (int millis = 5; millis < 400; millis += 30) {
      CallOptions options = CallOptions.deadline(Duration.ofMillis(millis));
      assertThatThrownBy(() -> execute(importing, options))
          .isInstanceOf(CallTimeoutException.class);
      assertThat(evaluate("__import__('xml.dom.minidom').dom.minidom.parseString('<a/>').toxml()"))
          .isEqualTo("<?xml version=\"1.0\" ?><a/>");
    }
    assertThatAllIsWell(before);
  }

  @Test
  void javaFunctionThatPythonCalledIsInterrupted() throws Exception {
    Stats.Pool before = terrarium.stats().pool();
    CountDownLatch never = new CountDownLatch(1);
    CompletableFuture<String> ended = new CompletableFuture<>();
    TestFunctions.onCall(
        arguments -> {
          try {
            never.await();
            return "opened";
          } catch (InterruptedException e) {
            ended.complete("interrupted");
            Thread.currentThread().interrupt();
            return null;
          }
        });

    assertThatThrownBy(() -> execute("host.call('test.call')", SOON))
        .isInstanceOf(CallTimeoutException.class);
    assertThat(Task.of(ended::get).result()).isEqualTo("interrupted");
    assertThatAllIsWell(before);
  }

  /** Returns a latch that opens when Python has called {@code test.call}. */
  private static CountDownLatch untilCalled() {
    CountDownLatch called = new CountDownLatch(1);
    TestFunctions.onCall(
        arguments -> {
          called.countDown();
          return null;
        });
    return called;
  }

  @Test
  void interruptedCallerStopsItsCall() throws Exception {
    Stats.Pool before = terrarium.stats().pool();
    CountDownLatch inside = untilCalled();
    Task<@Nullable Object> caller =
        Task.of(
            () -> execute("host.call('test.call')\nwhile True: pass", CallOptions.ofDefaults()));
    Task.await(inside);
    caller.interrupt();

    assertThat(caller.failure()).isInstanceOf(CallInterruptedException.class);
    assertThatAllIsWell(before);
  }

  /** The ways in which a future ends before its call does. */
  static List<Named<Consumer<CompletableFuture<@Nullable Object>>>> endings() {
    return List.of(
        Named.of("cancel(true)", future -> future.cancel(true)),
        Named.of("cancel(false)", future -> future.cancel(false)),
        Named.of("orTimeout", future -> future.orTimeout(1, TimeUnit.MILLISECONDS)),
        Named.of(
            "completeOnTimeout", future -> future.completeOnTimeout("", 1, TimeUnit.MILLISECONDS)),
        Named.of("complete", future -> future.complete("mine")),
        Named.of("completeAsync", future -> future.completeAsync(() -> "mine")),
        Named.of(
            "completeExceptionally",
            future -> future.completeExceptionally(new IllegalStateException("mine"))),
        Named.of("obtrudeValue", future -> future.obtrudeValue("mine")));
  }

  @ParameterizedTest
  @MethodSource("endings")
  void completedFutureStopsItsCall(Consumer<CompletableFuture<@Nullable Object>> ending) {
    Stats.Pool before = terrarium.stats().pool();
    CountDownLatch inside = untilCalled();
    CompletableFuture<@Nullable Object> call =
        terrarium
            .adapter("probe")
            .callAsync(
                Command.of(
                    "execute", Map.of("source", "host.call('test.call')\nwhile True: pass")));
    Task.await(inside);
    ending.accept(call);

    Task.until("the future has ended", call::isDone);
    assertThatAllIsWell(before);
  }

  @Test
  void completedFutureOfAConvertedResultStopsItsCall() {
    Stats.Pool before = terrarium.stats().pool();
    CountDownLatch inside = untilCalled();
    CompletableFuture<String> call =
        terrarium
            .adapter("probe")
            .callAsync(
                Command.of("execute", Map.of("source", "host.call('test.call')\nwhile True: pass"))
                    .map(String::valueOf));
    Task.await(inside);

    assertThat(call.cancel(true)).isTrue();
    assertThatThrownBy(call::join).isInstanceOf(CancellationException.class);
    assertThatAllIsWell(before);
  }

  @Test
  void dependentStageOfAFutureIsNotInterrupted() {
    Adapter probe = terrarium.adapter("probe");
    for (int round = 0; round < 200; round++) {
      CompletableFuture<@Nullable Object> call =
          probe.callAsync(Command.of("evaluate", Map.of("expression", "6")));
      CompletableFuture<Boolean> follower =
          call.handle((result, failure) -> Thread.currentThread().isInterrupted());
      call.cancel(true);
      assertThat(follower.join()).isFalse();
    }
  }

  @Test
  void cancellingADerivedFutureDoesNotReachTheCall() throws Exception {
    Stats.Pool before = terrarium.stats().pool();
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestFunctions.onCallWait(inside, goOn, "whole");
    CompletableFuture<@Nullable Object> call =
        terrarium
            .adapter("probe")
            .callAsync(Command.of("evaluate", Map.of("expression", "host.call('test.call')")));
    CompletableFuture<String> derived = call.thenApply(String::valueOf);
    Task.await(inside);

    assertThat(derived.cancel(true)).isTrue();
    goOn.countDown();
    assertThat(call.get()).isEqualTo("whole");
    assertThatAllIsWell(before);
  }

  @Test
  void futureHasTheConvertedResult() throws Exception {
    Adapter probe = terrarium.adapter("probe");

    assertThat(
            probe
                .callAsync(Command.of("evaluate", Map.of("expression", "6")).map(Object::toString))
                .get())
        .isEqualTo("6");
    CompletableFuture<Object> failing =
        probe.callAsync(
            Command.of("evaluate", Map.of("expression", "6"))
                .map(
                    result -> {
                      throw new IllegalStateException("no " + result);
                    }));
    assertThatThrownBy(failing::get).hasRootCauseMessage("no 6");
  }

  @Test
  void futureHasTheResultOrTheFailure() throws Exception {
    Adapter probe = terrarium.adapter("probe");

    assertThat(probe.callAsync(Command.of("evaluate", Map.of("expression", "1 + 1"))).get())
        .isEqualTo(2L);
    CompletableFuture<@Nullable Object> failing =
        probe.callAsync(Command.of("fail", Map.of("message", "no")));
    assertThatThrownBy(failing::get).hasCauseInstanceOf(PythonException.class);
    assertThatThrownBy(
            () ->
                probe
                    .with(SOON)
                    .callAsync(Command.of("execute", Map.of("source", "while True: pass")))
                    .get())
        .hasCauseInstanceOf(CallTimeoutException.class);
  }

  /**
   * A long built-in call cannot be stopped. Its caller gets an answer all the same, another context
   * takes over, and the abandoned context returns to the pool when the call has ended.
   */
  @Test
  void contextOfAHangingBuiltInIsAbandonedUntilItEnds() throws Exception {
    Stats.Pool before = terrarium.stats().pool();
    Task<@Nullable Object> stuck = Task.of(() -> execute("sum(range(2 * 10**7))", SOON));
    assertThat(stuck.failure()).isInstanceOf(CallTimeoutException.class);

    assertThat(evaluate("6 * 7")).isEqualTo(42L);
    assertThatAllIsWell(before);
  }

  /**
   * The fence: an interruption aimed at a call hits that call or nothing. 10,000 short calls are
   * each given up at about the moment of their end, with another caller's calls right behind them
   * on the same context; none of those may fail.
   */
  @Test
  void interruptionHitsNoLaterCall() throws Exception {
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).build();
    try (Terrarium one = Terrarium.start(config).register(SharedTerrarium.probe())) {
      assertThat(one.call("probe", "echo", Map.of("v", 1))).isEqualTo(1L);
      AtomicInteger wrong = new AtomicInteger();
      AtomicInteger cut = new AtomicInteger();
      int[] answered = {0};
      Task<@Nullable Void> other =
          Task.running(
              () -> {
                while (!Thread.currentThread().isInterrupted()) {
                  try {
                    Object answer = one.call("probe", "evaluate", Map.of("expression", "1 + 1"));
                    wrong.addAndGet(Long.valueOf(2).equals(answer) ? 0 : 1);
                    answered[0]++;
                  } catch (CallInterruptedException e) {
                    return; // told to end
                  } catch (RuntimeException e) {
                    wrong.incrementAndGet();
                  }
                }
              });
      long aim = 300_000;
      for (int round = 0; round < 10_000; round++) {
        CallOptions options = CallOptions.deadline(Duration.ofNanos(aim));
        try {
          one.adapter("probe")
              .with(options)
              .call("evaluate", Map.of("expression", "sum(range(200))"));
          aim = Math.max(1_000, aim - 2_000);
        } catch (CallTimeoutException e) {
          cut.incrementAndGet();
          aim += 2_000;
        }
      }
      other.interrupt();
      other.result();

      assertThat(wrong).as("calls of the other caller that went wrong").hasValue(0);
      assertThat(answered[0]).isPositive();
      assertThat(cut).hasPositiveValue();
    }
  }
}
