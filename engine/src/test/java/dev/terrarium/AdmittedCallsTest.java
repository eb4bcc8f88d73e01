package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.AdmissionConfig.Retry;
import dev.terrarium.Stats.Admission.BreakerState;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.UnknownCommandException;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.spi.Shortcut;
import dev.terrarium.testing.FakeModel;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.Reader;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Tests of admission by every way to call. One context and one Terrarium serve all tests, with a
 * framework for each test's configuration.
 */
@GraalPyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdmittedCallsTest {

  private static final Duration HOUR = Duration.ofHours(1);

  /** The tokens that {@link FakeModel} reports for an answer. */
  private static final int TOKENS = 18;

  private static final AdmissionConfig BREAKER =
      AdmissionConfig.custom().circuitBreaker(CircuitBreaker.ofDefaults()).build();

  private static final Map<String, AdmissionConfig> CONFIGS =
      Map.of(
          "failing", BREAKER,
          "misused", BREAKER,
          "batched", BREAKER,
          "cancelled",
              AdmissionConfig.custom()
                  .circuitBreaker(CircuitBreaker.ofDefaults().withFailures(1))
                  .build(),
          "retried", AdmissionConfig.custom().retry(new Retry(3, Duration.ZERO)).build(),
          "crowded", AdmissionConfig.custom().bulkhead(Bulkhead.of(1).withQueue(0, HOUR)).build(),
          "metered", AdmissionConfig.custom().budget(Budget.ofTokens(TOKENS, HOUR)).build());

  private final Terrarium terrarium;

  AdmittedCallsTest() {
    TerrariumConfig.Builder config =
        TerrariumConfig.custom()
            .contexts(1)
            .access(AccessProfile.TRUSTED)
            .languageModel(new FakeModel("fake"));
    CONFIGS.forEach(config::admission);
    terrarium = Terrarium.start(config.build());
  }

  @BeforeAll
  void register() throws IOException {
    for (String name : CONFIGS.keySet()) {
      terrarium.register(Framework.fromSource(name, gated(name), name + ".py"));
    }
  }

  private static String gated(String name) throws IOException {
    try (InputStream file =
        Objects.requireNonNull(
            AdmittedCallsTest.class.getResourceAsStream("/frameworks/gated.py"))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).replace("NAME", name);
    }
  }

  @AfterAll
  void stop() {
    terrarium.close();
  }

  private static Map<String, Integer> failures(int count) {
    return Map.of("failures", count);
  }

  private static Command<@Nullable Object> failing() {
    return Command.of("once", failures(1_000));
  }

  private @Nullable Object runs(String framework) {
    return terrarium.call(framework, "count", Map.of());
  }

  private Stats.Admission stats(String framework) {
    return Objects.requireNonNull(terrarium.stats().admission().get(framework));
  }

  // ------------------------------------------------------------------ breaker

  @Test
  void fivePythonExceptionsInARowOpenTheBreakerForEveryWayToCall() throws Exception {
    Adapter failing = terrarium.adapter("failing");
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> failing.call("once", failures(1_000)))
          .isInstanceOf(PythonException.class);
    }

    assertThatThrownBy(() -> failing.call("count", Map.of()))
        .isInstanceOf(CircuitOpenException.class)
        .hasMessageStartingWith(
            "Framework 'failing' is not called: 5 calls in a row failed, the last one by"
                + " ValueError. It is tried again in PT");
    assertThatThrownBy(() -> failing.batch(List.of(failing())))
        .isInstanceOf(CircuitOpenException.class);
    assertThatThrownBy(() -> failing.callAsync(Command.of("count", Map.of())).join())
        .hasCauseInstanceOf(CircuitOpenException.class);
    assertThatThrownBy(() -> failing.callAll(List.of(failing())).getFirst().value())
        .isInstanceOf(CircuitOpenException.class);
    assertThat(Reader.of(failing.stream(Command.of("pieces", Map.of()))).request(1).end())
        .isInstanceOf(CircuitOpenException.class);
    assertThat(stats("failing")).isEqualTo(new Stats.Admission(BreakerState.OPEN, 0, 0, 5));
    assertThat(runs("retried")).isEqualTo(0L);
  }

  @Test
  void badInputDoesNotCount() {
    Adapter misused = terrarium.adapter("misused");
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> misused.call("once", Map.of("failure", 1)))
          .isInstanceOf(ArgumentException.class);
      assertThatThrownBy(() -> misused.call("onec", Map.of()))
          .isInstanceOf(UnknownCommandException.class);
      assertThatThrownBy(() -> misused.call("once", Map.of("failures", new Object())))
          .isInstanceOf(ConversionException.class);
    }

    assertThat(stats("misused")).isEqualTo(new Stats.Admission(BreakerState.CLOSED, 0, 0, 0));
    assertThat(runs("misused")).isEqualTo(0L);
  }

  @Test
  void batchCountsOnceAndAsAFailureWhenNoCommandOfItEndsWell() {
    Adapter batched = terrarium.adapter("batched");
    Command<@Nullable Object> wrong = Command.of("onec", Map.of());
    Command<@Nullable Object> well = Command.of("count", Map.of());
    for (int i = 0; i < 10; i++) {
      batched.batch(List.of(failing(), failing(), well));
      batched.batch(List.of(wrong, wrong));
    }
    batched.batch(Collections.nCopies(20, failing()));
    assertThat(stats("batched").breaker()).isEqualTo(BreakerState.CLOSED);

    for (int i = 0; i < 4; i++) {
      batched.batch(List.of(wrong, failing(), wrong));
    }

    assertThat(stats("batched").breaker()).isEqualTo(BreakerState.OPEN);
  }

  @Test
  void cancelledCallDoesNotCount() {
    CountDownLatch running = new CountDownLatch(1);
    TestFunctions.onCall(
        arguments -> {
          running.countDown();
          return null;
        });
    CompletableFuture<?> call =
        terrarium.adapter("cancelled").callAsync(Command.of("loop", Map.of()));
    Task.await(running);
    call.cancel(true);
    Task.until("the call is over", () -> terrarium.stats().pool().active() == 0);

    assertThat(runs("cancelled")).isEqualTo(0L);
    assertThat(stats("cancelled").breaker()).isEqualTo(BreakerState.CLOSED);
  }

  // ------------------------------------------------------------------ retry

  @Test
  void onlyIdempotentCommandsAreRetried() {
    assertThat(terrarium.call("retried", "again", failures(2))).isEqualTo(3L);
    assertThat(runs("retried")).isEqualTo(3L);

    assertThatThrownBy(() -> terrarium.call("retried", "again", failures(3)))
        .isInstanceOf(PythonException.class)
        .hasMessage("ValueError: run 3");
    assertThat(runs("retried")).isEqualTo(3L);

    assertThatThrownBy(() -> terrarium.call("retried", "once", failures(1)))
        .hasMessage("ValueError: run 1");
    assertThat(runs("retried")).isEqualTo(1L);

    assertThat(terrarium.adapter("retried").batch(List.of(Command.of("again", failures(1)))))
        .noneMatch(CallResult::isSuccess);
    assertThat(runs("retried")).isEqualTo(1L);
  }

  @Test
  void streamIsRetriedOnlyBeforeItsFirstPiece() throws Exception {
    Adapter retried = terrarium.adapter("retried");

    Reader none =
        Reader.of(retried.stream(Command.of("pieces", Map.of("before", 0, "failures", 2))))
            .request(10);
    assertThat(none.end()).isNull();
    assertThat(none.pieces).containsExactly(3L);
    assertThat(runs("retried")).isEqualTo(3L);

    Reader one =
        Reader.of(retried.stream(Command.of("pieces", Map.of("before", 1, "failures", 2))))
            .request(10);
    assertThat(one.end()).hasMessage("ValueError: run 1");
    assertThat(one.pieces).containsExactly(0L);
    assertThat(runs("retried")).isEqualTo(1L);
  }

  /**
   * Returns a shortcut that counts its attempts, and hands over to a command that fails {@code
   * failures} times.
   */
  private static Shortcut idempotent(AtomicInteger attempts, int failures) {
    return new Shortcut() {
      @Override
      public Outcome attempt(Host host) {
        attempts.incrementAndGet();
        return new HandedOver(Command.of("again", failures(failures)));
      }

      @Override
      public boolean isIdempotent() {
        return true;
      }
    };
  }

  @Test
  void shortcutIsRetriedAsAWhole() {
    AtomicInteger attempts = new AtomicInteger();

    assertThat(terrarium.adapter("retried").call(Command.of(idempotent(attempts, 2))))
        .isEqualTo(3L);
    assertThat(attempts).hasValue(3);
    assertThat(runs("retried")).isEqualTo(3L);
  }

  @Test
  void shortcutThatGotNoContextIsNotRetried() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestFunctions.onCallWait(inside, goOn, null);
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1)
            .borrowTimeout(Duration.ofMillis(50))
            .admission(Objects.requireNonNull(CONFIGS.get("retried")))
            .build();
    try (Terrarium one = Terrarium.start(config)) {
      one.register(Framework.fromSource("gated", gated("gated"), "gated.py"));
      CompletableFuture<?> holding =
          one.adapter("gated").callAsync(Command.of("call_back", Map.of()));
      Task.await(inside);
      AtomicInteger attempts = new AtomicInteger();
      assertThatThrownBy(() -> one.adapter("gated").call(Command.of(idempotent(attempts, 0))))
          .isInstanceOf(BorrowTimeoutException.class);

      assertThat(attempts).hasValue(1);
      goOn.countDown();
      holding.join();
    }
  }

  // ------------------------------------------------------------------ bulkhead and budget

  @Test
  void callWithinACallNeedsNoSecondPlace() {
    TestFunctions.onCall(
        arguments -> {
          assertThat(stats("crowded").running()).isEqualTo(1);
          return runs("crowded");
        });

    assertThat(terrarium.call("crowded", "call_back", Map.of())).isEqualTo(0L);
    assertThat(stats("crowded")).isEqualTo(new Stats.Admission(BreakerState.OFF, 0, 0, 0));
  }

  @Test
  void shortcutAndTheCommandThatItHandsOverToAreOneCall() {
    Object result =
        terrarium
            .adapter("crowded")
            .call(
                Command.of(
                    host -> {
                      assertThat(stats("crowded").running()).isEqualTo(1);
                      return new Shortcut.HandedOver(Command.of("count", Map.of()));
                    }));

    assertThat(result).isEqualTo(0L);
    assertThat(stats("crowded")).isEqualTo(new Stats.Admission(BreakerState.OFF, 0, 0, 0));
  }

  @Test
  void failedShortcutReleasesItsPlace() {
    Adapter crowded = terrarium.adapter("crowded");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> crowded.call(Command.of(host -> failing(host))))
          .isInstanceOf(ArgumentException.class)
          .hasMessageStartingWith("The host offers no service 'no.such'. Services: [")
          .hasMessageContaining("test.echo");
    }
    assertThat(
            crowded.call(
                Command.of(host -> new Shortcut.Answered(host.call("test.echo", 1L, null)))))
        .isEqualTo(Arrays.asList(1L, null));
  }

  @Test
  @SuppressWarnings("NullAway") // callers without NullAway may pass null
  void shortcutWithoutAnOutcomeReleasesItsPlace() {
    Adapter crowded = terrarium.adapter("crowded");
    for (Shortcut shortcut :
        List.<Shortcut>of(host -> null, host -> new Shortcut.HandedOver(null))) {
      assertThatThrownBy(() -> crowded.call(Command.of(shortcut)))
          .isInstanceOf(NullPointerException.class);
    }
    assertThat(stats("crowded").running()).isZero();
  }

  private static Shortcut.Outcome failing(Shortcut.Host host) {
    return new Shortcut.Answered(host.call("no.such"));
  }

  @Test
  void tokensOfTheModelAreChargedToTheCallersKey() {
    CallOptions ann = CallOptions.ofDefaults().withCallerKey("ann");
    CallOptions bob = CallOptions.ofDefaults().withCallerKey("bob");
    terrarium.adapter("metered").with(ann).call("ask", Map.of());

    assertThatThrownBy(() -> terrarium.adapter("metered").with(ann).call("ask", Map.of()))
        .isInstanceOf(BudgetExceededException.class)
        .hasMessageStartingWith(
            "The budget of 'ann' is used up: 18 of 18 tokens in PT1H. The next period begins in");
    terrarium.adapter("metered").with(bob).call("ask", Map.of());
    terrarium.call("metered", "ask", Map.of());
    terrarium.call("metered", "ask", Map.of());
  }

  @Test
  void callWithinACallIsOnTheSameAccountUnlessItNamesAnother() {
    CallOptions cid = CallOptions.ofDefaults().withCallerKey("cid");
    CallOptions dan = CallOptions.ofDefaults().withCallerKey("dan");
    CallOptions eve = CallOptions.ofDefaults().withCallerKey("eve");
    TestFunctions.onCall(arguments -> terrarium.call("metered", "ask", Map.of()));
    terrarium.adapter("metered").with(cid).call("call_back", Map.of());
    TestFunctions.onCall(arguments -> terrarium.adapter("metered").with(eve).call("ask", Map.of()));
    terrarium.adapter("metered").with(dan).call("call_back", Map.of());

    assertThatThrownBy(() -> terrarium.adapter("metered").with(cid).call("ask", Map.of()))
        .isInstanceOf(BudgetExceededException.class);
    assertThatThrownBy(() -> terrarium.adapter("metered").with(eve).call("ask", Map.of()))
        .isInstanceOf(BudgetExceededException.class);
    terrarium.adapter("metered").with(dan).call("ask", Map.of());
  }

  @Test
  void workOfACallOnOtherThreadsIsOnItsAccount() {
    Adapter metered = terrarium.adapter("metered");
    Shortcut account =
        host ->
            new Shortcut.Answered(
                CallScope.current().flatMap(CallScope::callerKey).orElse("nobody"));
    TestFunctions.onCall(
        arguments -> metered.callAsync(Command.of(account).map(String::valueOf)).join());
    CallOptions fay = CallOptions.ofDefaults().withCallerKey("fay");

    assertThat(terrarium.adapter("metered").with(fay).call("call_back", Map.of())).isEqualTo("fay");
    assertThat(terrarium.call("metered", "call_back", Map.of())).isEqualTo("nobody");
  }

  @Test
  void callWithinAShortcutNeedsNoSecondPlace() {
    Shortcut calling = host -> new Shortcut.Answered(terrarium.call("crowded", "count", Map.of()));

    assertThat(terrarium.adapter("crowded").call(Command.of(calling))).isEqualTo(0L);
  }

  @Test
  void allIsOffByDefault(Terrarium shared) {
    shared.call("probe", "echo", Map.of("v", 1));

    assertThat(shared.stats().admission()).isEmpty();
  }
}
