package dev.terrarium.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.Framework;
import dev.terrarium.Session;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.PythonException;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls that Java answers, or hands over: in sessions, with deadlines, many, and at the close. */
@GraalPyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ShortcutTest {

  private final Terrarium terrarium = start(1);
  private final Adapter talk = terrarium.adapter("talk");
  private Session session = terrarium.session("none yet");

  private static Terrarium start(int contexts) {
    return Terrarium.start(TerrariumConfig.custom().contexts(contexts).build())
        .register(Framework.fromResource("/frameworks/talk.py"));
  }

  @BeforeEach
  void newSession(TestInfo test) {
    session = terrarium.session(test.getDisplayName());
  }

  @AfterEach
  void nothingIsLeft() {
    TestFunctions.onCall(arguments -> arguments);
    Task.until("all calls are over", () -> terrarium.stats().pool().active() == 0);
  }

  @AfterAll
  void close() {
    terrarium.close();
  }

  /** Adds a text to the session as {@code say} does. */
  private static List<Object> say(Shortcut.Host host, String text) {
    List<Object> texts = new ArrayList<>();
    if (host.call("session.get") instanceof Map<?, ?> state
        && state.get("texts") instanceof List<?> said) {
      texts.addAll(said);
    }
    texts.add(text);
    host.call("session.put", Map.of("texts", texts));
    return texts;
  }

  private static Shortcut saying(String text) {
    return host -> new Shortcut.Answered(say(host, text));
  }

  private static Shortcut.Outcome handedOver(String command, String text) {
    return new Shortcut.HandedOver(Command.of(command, Map.of("text", text)));
  }

  private Adapter inSession() {
    return talk.with(session.options());
  }

  private @Nullable Object texts() {
    return session.state().get("texts");
  }

  private static void awaitForEver(CountDownLatch interrupted) {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      interrupted.countDown();
      throw new CancellationException();
    }
  }

  // ------------------------------------------------------------------ sessions

  @Test
  void turnsComeInTheOrderOfTheCallsAmongCommands() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    List<CompletableFuture<@Nullable Object>> turns = new ArrayList<>();
    turns.add(
        inSession()
            .callAsync(
                Command.of(
                        host -> {
                          inside.countDown();
                          Task.await(goOn);
                          return new Shortcut.Answered(say(host, "0"));
                        })
                    .map(result -> result)));
    Task.await(inside);
    for (int i = 1; i < 20; i++) {
      String text = String.valueOf(i);
      turns.add(
          i % 3 == 0
              ? inSession().callAsync(Command.of("say", Map.of("text", text)))
              : inSession()
                  .callAsync(
                      Command.of(i % 3 == 1 ? saying(text) : host -> handedOver("say", text))
                          .map(result -> result)));
    }
    assertThat(terrarium.stats().pool().active()).isZero();
    goOn.countDown();
    for (CompletableFuture<@Nullable Object> turn : turns) {
      turn.get(60, TimeUnit.SECONDS);
    }

    assertThat(texts()).isEqualTo(IntStream.range(0, 20).mapToObj(String::valueOf).toList());
  }

  @Test
  void manyCallsWithinAShortcutArePartOfItsTurn() {
    List<String> texts = IntStream.range(0, 20).mapToObj(String::valueOf).toList();
    try (Terrarium two = start(2)) {
      Session conversation = two.session("within");
      Adapter within =
          two.adapter("talk").with(conversation.options().withDeadline(Duration.ofSeconds(30)));
      Object unused =
          within.call(
              Command.of(
                  host -> {
                    within
                        .callAll(
                            texts.subList(0, 10).stream()
                                .map(ShortcutTest::saying)
                                .map(Command::of)
                                .toList())
                        .forEach(CallResult::value);
                    within
                        .callAll(
                            texts.subList(10, 20).stream()
                                .map(text -> Command.of("say", Map.of("text", text)))
                                .toList())
                        .forEach(CallResult::value);
                    return new Shortcut.Answered(null);
                  }));

      assertThat(conversation.state().get("texts")).isEqualTo(texts);
    }
  }

  @Test
  void shortcutThatFailsLeavesTheStateAsItWas() {
    inSession().call(Command.of(saying("one")));
    assertThatThrownBy(() -> inSession().call(Command.of(host -> failing(say(host, "two")))))
        .isInstanceOf(IllegalStateException.class);

    assertThat(inSession().call(Command.of(saying("three")))).isEqualTo(List.of("one", "three"));
  }

  private static Shortcut.Outcome failing(List<Object> said) {
    throw new IllegalStateException("said " + said);
  }

  @Test
  void handedOverCommandIsInTheSameTurn() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CompletableFuture<@Nullable Object> handedOver =
        inSession()
            .callAsync(
                Command.of(
                        host -> {
                          say(host, "in Java");
                          inside.countDown();
                          Task.await(goOn);
                          return handedOver("say", "in Python");
                        })
                    .map(result -> result));
    Task.await(inside);
    CompletableFuture<@Nullable Object> next =
        inSession().callAsync(Command.of(saying("next")).map(result -> result));
    assertThat(session.state()).as("not yet committed").isEmpty();
    goOn.countDown();

    handedOver.get(60, TimeUnit.SECONDS);
    assertThat(next.get(60, TimeUnit.SECONDS)).isEqualTo(List.of("in Java", "in Python", "next"));
  }

  @Test
  void failedHandedOverCommandFailsTheWholeTurn() {
    inSession().call(Command.of(saying("one")));
    assertThatThrownBy(
            () ->
                inSession()
                    .call(
                        Command.of(
                            host -> {
                              say(host, "two");
                              return handedOver("say_and_fail", "three");
                            })))
        .isInstanceOf(PythonException.class);

    assertThat(texts()).isEqualTo(List.of("one"));
  }

  // ------------------------------------------------------------------ deadlines

  @Test
  void deadlineInterruptsAShortcut() {
    CountDownLatch interrupted = new CountDownLatch(1);
    Adapter soon = talk.with(session.options().withDeadline(Duration.ofSeconds(2)));
    assertThatThrownBy(
            () ->
                soon.call(
                    Command.of(
                        host -> {
                          say(host, "late");
                          awaitForEver(interrupted);
                          return new Shortcut.Answered("never");
                        })))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("2s");
    Task.await(interrupted);

    assertThat(inSession().call(Command.of(saying("next")))).isEqualTo(List.of("next"));
  }

  @Test
  void deadlineCoversTheShortcutAndItsHandedOverCommand() {
    talk.call("active", Map.of()); // the context is there
    CountDownLatch stopped = new CountDownLatch(1);
    TestFunctions.onCall(
        arguments -> {
          awaitForEver(stopped);
          return null;
        });
    Adapter soon = talk.with(session.options().withDeadline(Duration.ofSeconds(1)));
    assertThatThrownBy(() -> soon.call(Command.of(host -> handedOver("say_and_wait", "late"))))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("'talk.say_and_wait' did not end within its deadline of 1s");
    Task.await(stopped);
    assertThat(session.state()).isEmpty();
  }

  @Test
  void deadlineCountsWhileAShortcutWaitsForItsTurn() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CompletableFuture<@Nullable Object> first =
        inSession()
            .callAsync(
                Command.of(
                        host -> {
                          inside.countDown();
                          Task.await(goOn);
                          return new Shortcut.Answered("first");
                        })
                    .map(result -> result));
    Task.await(inside);
    Adapter soon = talk.with(session.options().withDeadline(Duration.ofMillis(20)));
    assertThatThrownBy(() -> soon.call(Command.of(saying("second"))))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("'talk.shortcut' waited for its turn");
    goOn.countDown();
    assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo("first");
  }

  // ------------------------------------------------------------------ at once

  static List<Named<Consumer<CompletableFuture<?>>>> endings() {
    return List.of(
        Named.of("cancel(true)", future -> future.cancel(true)),
        Named.of("cancel(false)", future -> future.cancel(false)),
        Named.of("orTimeout", future -> future.orTimeout(1, TimeUnit.MILLISECONDS)));
  }

  @ParameterizedTest
  @MethodSource("endings")
  void completedFutureInterruptsItsShortcut(Consumer<CompletableFuture<?>> ending) {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CompletableFuture<@Nullable Object> future =
        talk.callAsync(
            Command.of(
                    host -> {
                      inside.countDown();
                      awaitForEver(interrupted);
                      return new Shortcut.Answered("never");
                    })
                .map(result -> result));
    Task.await(inside);
    ending.accept(future);
    Task.await(interrupted);
  }

  @Test
  void callAllReturnsTheResultsOfShortcutsInOrder() {
    List<CallResult<@Nullable Object>> results =
        talk.callAll(
            List.of(
                Command.of(host -> new Shortcut.Answered("answered")),
                Command.of(host -> new Shortcut.Answered(host.call("no.such"))),
                Command.of(host -> new Shortcut.HandedOver(Command.of("active", Map.of())))));

    assertThat(results).hasSize(3);
    assertThat(results.getFirst().value()).isEqualTo("answered");
    assertThatThrownBy(() -> results.get(1).value()).isInstanceOf(ArgumentException.class);
    assertThat(results.get(2).value()).isEqualTo(false);
    assertThat(talk.callAll(List.of())).isEmpty();
  }

  @Test
  void shortcutsAfterAFailureAreSkippedOnRequest() {
    List<CallResult<@Nullable Object>> results =
        talk.with(CallOptions.ofDefaults().withStopOnFailure())
            .callAll(
                List.of(
                    Command.of(host -> new Shortcut.Answered(host.call("no.such"))),
                    Command.of(host -> new Shortcut.Answered("skipped"))));

    assertThat(results.get(1)).isInstanceOf(CallResult.Skipped.class);
  }

  @Test
  void whatNeedsAContextRefusesIt() {
    Command<@Nullable Object> shortcut = Command.of(saying("one"));

    assertThatThrownBy(() -> talk.batch(List.of(shortcut)))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("batch: a shortcut holds no context");
    assertThatThrownBy(() -> talk.stream(shortcut))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("stream: a shortcut holds no context");
    assertThatThrownBy(() -> new Shortcut.HandedOver(shortcut))
        .isInstanceOf(ArgumentException.class);
  }

  // ------------------------------------------------------------------ closing

  @Test
  void closingWaitsForAShortcutAndRefusesItsHandedOverCommand() throws Exception {
    Terrarium closing = start(1);
    CountDownLatch inside = new CountDownLatch(2);
    CountDownLatch goOn = new CountDownLatch(1);
    Adapter adapter = closing.adapter("talk");
    Task<@Nullable Object> answered =
        Task.of(
            () ->
                adapter.call(
                    Command.of(host -> held(inside, goOn, new Shortcut.Answered("done")))));
    Task<@Nullable Object> handedOver =
        Task.of(
            () -> adapter.call(Command.of(host -> held(inside, goOn, handedOver("say", "late")))));
    Task.await(inside);
    Task<@Nullable Void> closer = Task.running(closing::close);
    Task.until("closed", () -> isClosed(adapter));
    closer.untilItWaits();

    assertThat(closer.isDone()).isFalse();
    goOn.countDown();
    assertThat(answered.result()).isEqualTo("done");
    assertThat(handedOver.failure()).isInstanceOf(ClosedException.class);
    closer.result();
  }

  private static Shortcut.Outcome held(
      CountDownLatch inside, CountDownLatch goOn, Shortcut.Outcome outcome) {
    inside.countDown();
    Task.await(goOn);
    return outcome;
  }

  private static boolean isClosed(Adapter adapter) {
    try {
      return !"open".equals(adapter.call(Command.of(host -> new Shortcut.Answered("open"))));
    } catch (ClosedException e) {
      return true;
    }
  }
}
