package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.SessionBusyException;
import dev.terrarium.spi.Shortcut;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/** Calls that are turns of a session, on real Python. */
@GraalPyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SessionTest {

  private final Terrarium terrarium =
      Terrarium.start(TerrariumConfig.custom().contexts(2).maxSessionBytes(1_000).build())
          .register(Framework.fromResource("/frameworks/talk.py"));
  private Session session = terrarium.session("none yet");

  @BeforeEach
  void newSession(TestInfo test) {
    session = terrarium.session(test.getDisplayName());
  }

  @AfterEach
  void noCallBack() {
    TestFunctions.onCall(arguments -> arguments);
    assertThat(terrarium.stats().pool().pending()).isZero();
  }

  @AfterAll
  void close() {
    terrarium.close();
  }

  private @Nullable Object call(String command, String text) {
    return terrarium.adapter("talk").with(session.options()).call(command, Map.of("text", text));
  }

  private Map<?, ?> say(String text) {
    return terrarium
        .adapter("talk")
        .with(session.options())
        .call(Command.of("say", Map.of("text", text)).as(Map.class));
  }

  private @Nullable Object texts() {
    return session.state().get("texts");
  }

  /**
   * Makes {@code test.call} wait until the returned latch opens, and counts {@code waiting} down
   * when it waits.
   */
  private static CountDownLatch holding(CountDownLatch waiting) {
    CountDownLatch latch = new CountDownLatch(1);
    TestFunctions.onCall(
        arguments -> {
          waiting.countDown();
          try {
            latch.await();
          } catch (InterruptedException e) {
            throw new CancellationException();
          }
          return null;
        });
    return latch;
  }

  @Test
  void contextsShareASession() throws Exception {
    terrarium.prewarm("talk", 2).get(60, TimeUnit.SECONDS);
    Object first = say("one").get("context");
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch latch = holding(waiting);
    Task<@Nullable Object> other = // keeps the context that was used last
        Task.of(
            () ->
                terrarium
                    .adapter("talk")
                    .with(in("another"))
                    .call("say_and_wait", Map.of("text", "")));
    Task.await(waiting);
    Map<?, ?> second = say("two");
    latch.countDown();
    other.result();

    assertThat(second.get("texts")).isEqualTo(List.of("one", "two"));
    assertThat(second.get("context")).isNotEqualTo(first);
    assertThat(texts()).isEqualTo(List.of("one", "two"));
    assertThat(session.id()).isEqualTo(session.options().session().orElseThrow());
  }

  private CallOptions in(String suffix) {
    return CallOptions.ofDefaults().withSession(session.id() + suffix);
  }

  @Test
  void turnsComeInTheOrderOfTheCallsAndHoldNoContextMeanwhile() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch latch = holding(waiting);
    List<CompletableFuture<@Nullable Object>> turns = new ArrayList<>();
    turns.add(async("say_and_wait", "0"));
    Task.await(waiting);
    for (int i = 1; i < 20; i++) {
      turns.add(async("say", String.valueOf(i)));
    }
    assertThat(terrarium.call("talk", "active", Map.of())).isEqualTo(false);
    Stats.Pool busy = terrarium.stats().pool();
    assertThat(busy.pending()).isZero();
    assertThat(busy.active()).isEqualTo(1);
    latch.countDown();
    for (CompletableFuture<@Nullable Object> turn : turns) {
      turn.get(60, TimeUnit.SECONDS);
    }

    assertThat((List<?>) texts())
        .isEqualTo(IntStream.range(0, 20).mapToObj(String::valueOf).toList());
  }

  private CompletableFuture<@Nullable Object> async(String command, String text) {
    return terrarium
        .adapter("talk")
        .with(session.options())
        .callAsync(Command.of(command, Map.of("text", text)));
  }

  @Test
  void callThatFailsLeavesTheStateAsItWas() {
    say("one");
    assertThatThrownBy(() -> call("say_and_fail", "two")).isInstanceOf(PythonException.class);

    assertThat(say("three").get("texts")).isEqualTo(List.of("one", "three"));
  }

  @Test
  void callThatIsStoppedLeavesTheStateAsItWasAndTheNextOneComes() throws Exception {
    say("one");
    CountDownLatch waiting = new CountDownLatch(1);
    holding(waiting);
    CompletableFuture<@Nullable Object> stopped = async("say_and_wait", "two");
    Task.await(waiting);
    CompletableFuture<@Nullable Object> cancelled = async("say", "three");
    CompletableFuture<@Nullable Object> last = async("say", "four");
    cancelled.cancel(true);
    stopped.cancel(true);

    assertThat(((Map<?, ?>) last.get(60, TimeUnit.SECONDS)).get("texts"))
        .isEqualTo(List.of("one", "four"));
  }

  @Test
  void deadlineCountsWhileACallWaitsForItsTurn() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch latch = holding(waiting);
    CompletableFuture<@Nullable Object> first = async("say_and_wait", "one");
    Task.await(waiting);
    CallOptions soon = session.options().withDeadline(Duration.ofMillis(20));

    assertThatThrownBy(
            () -> terrarium.adapter("talk").with(soon).call("say", Map.of("text", "two")))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("'talk.say' waited for its turn");
    latch.countDown();
    assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(List.of("one"));
  }

  @Test
  void turnBehindAHangingTurnIsRefusedAfterTheBorrowTimeOut() throws Exception {
    TerrariumConfig hasty =
        TerrariumConfig.custom().contexts(1).borrowTimeout(Duration.ofMillis(200)).build();
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch latch = holding(waiting);
    try (Terrarium other =
        Terrarium.start(hasty).register(Framework.fromResource("/frameworks/talk.py"))) {
      CallOptions turn = other.session("hanging").options();
      CompletableFuture<@Nullable Object> first =
          other
              .adapter("talk")
              .with(turn)
              .callAsync(Command.of("say_and_wait", Map.of("text", "one")));
      Task.await(waiting);
      Adapter behind = other.adapter("talk").with(turn);

      assertThatThrownBy(() -> behind.call("say", Map.of("text", "two")))
          .isInstanceOf(SessionBusyException.class)
          .hasMessageContaining("'talk.say' did not get its turn in the session 'hanging'")
          .hasMessageContaining("within PT0.2S (turns before it: 1; 'talk.say_and_wait' has run");
      assertThatThrownBy(() -> behind.batch(List.of(Command.of("say", Map.of("text", "two")))))
          .isInstanceOf(SessionBusyException.class);
      assertThatThrownBy(() -> behind.call(Command.of(host -> new Shortcut.Answered("two"))))
          .isInstanceOf(SessionBusyException.class);
      latch.countDown();
      assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(List.of("one"));
    }
  }

  @Test
  void callWithinACallIsPartOfItsTurn() {
    TestFunctions.onCall(arguments -> say("inner " + arguments.getFirst()).get("texts"));
    call("say_and_wait", "outer");

    assertThat(texts()).isEqualTo(List.of("outer", "inner outer"));
  }

  @Test
  void callWithinACallOnAnotherThreadIsPartOfItsTurn() {
    TestFunctions.onCall(arguments -> async("say", "inner").join());
    call("say_and_wait", "outer");

    assertThat(texts()).isEqualTo(List.of("outer", "inner"));
  }

  @Test
  void callWithinACallDoesNotWaitForAnotherSession() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch latch = holding(waiting);
    CompletableFuture<@Nullable Object> busy = async("say_and_wait", "busy");
    Task.await(waiting);
    TestFunctions.onCall(arguments -> say("inner"));

    assertThatThrownBy(
            () ->
                terrarium
                    .adapter("talk")
                    .with(in("another"))
                    .call("say_and_wait", Map.of("text", "x")))
        .isInstanceOf(NestedCallException.class);
    latch.countDown();
    busy.get(60, TimeUnit.SECONDS);
  }

  @Test
  void batchIsOneTurnAndItsFailuresChangeNothing() {
    List<CallResult<@Nullable Object>> results =
        terrarium
            .adapter("talk")
            .with(session.options())
            .batch(
                List.of(
                    Command.of("say", Map.of("text", "one")),
                    Command.of("say_and_fail", Map.of("text", "two")),
                    Command.of("say", Map.of("text", "three"))));

    assertThat(results).extracting(CallResult::isSuccess).containsExactly(true, false, true);
    assertThat(texts()).isEqualTo(List.of("one", "three"));
  }

  @Test
  void streamIsOneTurnAndACancelledStreamChangesNothing() throws Exception {
    CompletableFuture<Integer> done = new CompletableFuture<>();
    terrarium.adapter("talk").with(session.options()).stream(
            Command.of("say_each", Map.of("texts", List.of("one", "two"))))
        .subscribe(new Reading(done, Integer.MAX_VALUE));
    assertThat(done.get(60, TimeUnit.SECONDS)).isEqualTo(2);
    CountDownLatch latch = holding(new CountDownLatch(1)); // or "four" is said before the cancel
    CompletableFuture<Integer> cancelled = new CompletableFuture<>();
    terrarium.adapter("talk").with(session.options()).stream(
            Command.of("say_each", Map.of("texts", List.of("three", "four"))))
        .subscribe(new Reading(cancelled, 1));
    cancelled.get(60, TimeUnit.SECONDS);
    latch.countDown();

    assertThat(say("five").get("texts")).isEqualTo(List.of("one", "two", "five"));
  }

  /** A subscriber that counts pieces, and cancels after a number of pieces. */
  private static final class Reading implements Flow.Subscriber<Object> {

    private final CompletableFuture<Integer> done;
    private final int most;
    private Flow.@Nullable Subscription subscription;
    private int count;

    Reading(CompletableFuture<Integer> done, int most) {
      this.done = done;
      this.most = most;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(Object piece) {
      count++;
      if (count == most && subscription != null) {
        subscription.cancel();
        done.complete(count);
      }
    }

    @Override
    public void onError(Throwable failure) {
      done.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      done.complete(count);
    }
  }

  @Test
  void callWithoutASessionSeesNoState() {
    assertThat(terrarium.call("talk", "active", Map.of())).isEqualTo(false);
    assertThat(terrarium.adapter("talk").with(session.options()).call("active", Map.of()))
        .isEqualTo(true);
    assertThatThrownBy(() -> terrarium.call("talk", "say", Map.of("text", "one")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("in no session");
  }

  @Test
  void stateThatIsTooLargeFailsItsCall() {
    say("one");
    assertThatThrownBy(() -> say("x".repeat(1_000)))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("may have 1000");

    assertThat(texts()).isEqualTo(List.of("one"));
  }

  @Test
  void stateKeepsItsTypes() {
    Map<String, Object> state = Map.of("n", 1L, "d", 0.5, "list", List.of(true, "x"));
    terrarium.adapter("talk").with(session.options()).call("put", Map.of("state", state));
    assertThat(session.state()).isEqualTo(state);

    Map<String, Object> raw = Map.of("raw", new byte[] {1, 2});
    terrarium.adapter("talk").with(session.options()).call("put", Map.of("state", raw));
    assertThat(session.state()).containsOnly(Map.entry("raw", new byte[] {1, 2}));
  }

  @Test
  void sessionThatIsForgottenBeginsAnew() {
    say("one");
    session.forget();

    assertThat(session.state()).isEmpty();
    assertThat(say("two").get("texts")).isEqualTo(List.of("two"));
  }

  @Test
  void sessionIdMustNotBeBlank() {
    assertThatThrownBy(() -> terrarium.session(" "))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("session: the id is blank");
  }
}
