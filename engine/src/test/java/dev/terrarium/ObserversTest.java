package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.SessionBusyException;
import dev.terrarium.error.UnknownFrameworkException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.AdapterGet;
import dev.terrarium.event.TerrariumEvent.CallEnded;
import dev.terrarium.event.TerrariumEvent.CommandExecuted;
import dev.terrarium.event.TerrariumEvent.ContextBorrowed;
import dev.terrarium.event.TerrariumEvent.ContextCreated;
import dev.terrarium.event.TerrariumEvent.ContextParked;
import dev.terrarium.event.TerrariumEvent.FrameworkLoaded;
import dev.terrarium.event.TerrariumEvent.ModelCalled;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.Shortcut;
import dev.terrarium.testing.FakeModel;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.Reader;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the events that observers of a Terrarium receive. */
class ObserversTest {

  private static final List<TerrariumEvent> FOUND = new CopyOnWriteArrayList<>();

  private final List<TerrariumEvent> told = new CopyOnWriteArrayList<>();

  /** The observer that the class path offers in one of the tests. */
  public static final class Found implements TerrariumObserver {
    @Override
    public void on(TerrariumEvent event) {
      FOUND.add(event);
    }
  }

  /** Returns a configuration that makes no context, and so needs no Python. */
  private static TerrariumConfig.Builder bare() {
    return TerrariumConfig.custom().contexts(0, 1);
  }

  @Nested
  class WithoutPython {

    private final AdapterFactory<Facade> factory =
        new AdapterFactory<>() {
          @Override
          public Class<Facade> type() {
            return Facade.class;
          }

          @Override
          public String framework() {
            return "probe";
          }

          @Override
          public Facade create(Adapter adapter) {
            return new Facade(adapter);
          }
        };

    private record Facade(Adapter adapter) {}

    private Terrarium start() {
      return Terrarium.start(bare().observer(told::add).build())
          .register(SharedTerrarium.probe())
          .register(factory);
    }

    /** Returns the framework of each requested adapter, and whether the adapter was made. */
    private List<String> gets() {
      return told.stream()
          .map(
              event ->
                  event instanceof AdapterGet(String framework, boolean made, long nanos)
                          && nanos > 0
                      ? framework + (made ? " made" : " known")
                      : event.toString())
          .toList();
    }

    @Test
    void eachRequestOfAnAdapterIsReported() {
      try (Terrarium terrarium = start()) {
        terrarium.adapter("probe");
        terrarium.adapter("probe");
        terrarium.adapter(Facade.class);
        terrarium.adapter(Facade.class);

        assertThat(gets())
            .containsExactly("probe made", "probe known", "probe made", "probe known");
      }
    }

    @Test
    void requestOfAnUnknownFrameworkIsNotReported() {
      try (Terrarium terrarium = start()) {
        assertThatThrownBy(() -> terrarium.adapter("none"))
            .isInstanceOf(UnknownFrameworkException.class);
        assertThat(told).isEmpty();
      }
    }

    @Test
    void observersOfTheClassPathAreFoundAndCalledLast(@TempDir Path folder) throws IOException {
      Path services = folder.resolve("observers");
      Files.writeString(services, Found.class.getName());
      ClassLoader offering =
          new ClassLoader(ObserversTest.class.getClassLoader()) {
            @Override
            public Enumeration<URL> getResources(String name) throws IOException {
              return name.endsWith(TerrariumObserver.class.getName())
                  ? Collections.enumeration(List.of(services.toUri().toURL()))
                  : super.getResources(name);
            }
          };
      Thread thread = Thread.currentThread();
      ClassLoader before = thread.getContextClassLoader();
      FOUND.clear();
      thread.setContextClassLoader(offering);
      AtomicReference<Integer> seenByFirst = new AtomicReference<>();
      try (Terrarium terrarium =
          Terrarium.start(bare().observer(event -> seenByFirst.set(FOUND.size())).build())) {
        terrarium.register(SharedTerrarium.probe()).adapter("probe");

        assertThat(FOUND).hasSize(1);
        assertThat(seenByFirst).hasValue(0);
      } finally {
        thread.setContextClassLoader(before);
      }
    }
  }

  @Nested
  @GraalPyTest
  class OnPython {

    private final FakeModel model = new FakeModel("tiny");

    private Terrarium start(TerrariumObserver observer) {
      return Terrarium.start(
              TerrariumConfig.custom().contexts(1).languageModel(model).observer(observer).build())
          .register(SharedTerrarium.probe());
    }

    private static @Nullable Object ask(Terrarium terrarium) {
      Object message = Map.of("role", "user", "content", "why?");
      return terrarium
          .adapter("probe")
          .call(
              "call_host",
              Map.of(
                  "name",
                  "model.generate",
                  "arguments",
                  List.of(Map.of("messages", List.of(message)))));
    }

    @Test
    void allEventsOfACallAreReported() {
      try (Terrarium terrarium = start(told::add)) {
        ask(terrarium);
        assertThatThrownBy(() -> terrarium.call("probe", "fail", Map.of("message", "no")))
            .isInstanceOf(PythonException.class);
        terrarium
            .adapter("probe")
            .batch(List.of(Command.of("echo", Map.of("v", 1)), Command.of("thread", Map.of())));
      }

      String context = told(ContextCreated.class).getFirst().context();
      assertThat(told(ContextCreated.class))
          .singleElement()
          .satisfies(event -> assertThat(event.nanos()).isPositive());
      assertThat(told(FrameworkLoaded.class))
          .singleElement()
          .satisfies(
              event -> {
                assertThat(event.framework()).isEqualTo("probe");
                assertThat(event.context()).isEqualTo(context);
                assertThat(event.nanos()).isPositive();
              });
      assertThat(told(ContextBorrowed.class))
          .hasSize(3)
          .allMatch(event -> event.framework().equals("probe") && event.context().equals(context))
          .allMatch(event -> event.waitNanos() >= 0);
      assertThat(told(ContextBorrowed.class).getFirst().waitNanos())
          .isGreaterThanOrEqualTo(told(FrameworkLoaded.class).getFirst().nanos());
      assertThat(told(ModelCalled.class))
          .singleElement()
          .satisfies(
              event -> {
                assertThat(event.model()).isEqualTo("tiny");
                assertThat(event.framework()).isEqualTo("probe");
                assertThat(event.promptTokens()).isEqualTo(11);
                assertThat(event.completionTokens()).isEqualTo(7);
                assertThat(event.failure()).isNull();
              });
      assertThat(told(CommandExecuted.class))
          .extracting(event -> event.command() + " " + event.failure())
          .containsExactly("call_host null", "fail PythonException", "echo null", "thread null");
      assertThat(told(CommandExecuted.class).getFirst().nanos())
          .isGreaterThanOrEqualTo(told(ModelCalled.class).getFirst().nanos());
      assertThat(told(ContextParked.class)).containsExactly(new ContextParked(context));
      assertThat(told)
          .containsSubsequence(
              told(ContextCreated.class).getFirst(),
              told(FrameworkLoaded.class).getFirst(),
              told(ModelCalled.class).getFirst(),
              told(CommandExecuted.class).getFirst());
      assertThat(told.getLast()).isInstanceOf(ContextParked.class);
    }

    private <T> List<T> told(Class<T> kind) {
      return told.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Returns how each call ended, such as {@code execute CANCELLED CallInterruptedException}. */
    private List<String> calls() {
      return told(CallEnded.class).stream()
          .map(each -> each.command() + " " + each.outcome() + " " + each.failure())
          .toList();
    }

    private void until(int calls) {
      Task.until(calls + " calls were told", () -> told(CallEnded.class).size() == calls);
    }

    @Test
    void eachCallIsReportedWithItsAccountAndTimes() {
      try (Terrarium terrarium = start(told::add)) {
        CallOptions options = CallOptions.ofDefaults().withCallerKey("ann").withSession("talk");
        terrarium.adapter("probe").with(options).call("echo", Map.of("v", 1));
        ask(terrarium);
      }

      assertThat(calls()).containsExactly("echo SUCCEEDED null", "call_host SUCCEEDED null");
      CallEnded first = told(CallEnded.class).getFirst();
      assertThat(first.framework()).isEqualTo("probe");
      assertThat(first.callerKey()).isEqualTo("ann");
      assertThat(first.session()).isEqualTo("talk");
      assertThat(first.waitNanos())
          .isGreaterThanOrEqualTo(told(FrameworkLoaded.class).getFirst().nanos());
      assertThat(first.runNanos())
          .isGreaterThanOrEqualTo(told(CommandExecuted.class).getFirst().nanos());
      assertThat(first.nanos()).isEqualTo(first.waitNanos() + first.runNanos());
      CallEnded second = told(CallEnded.class).getLast();
      assertThat(second.callerKey()).isNull();
      assertThat(second.session()).isNull();
      assertThat(second.runNanos())
          .isGreaterThanOrEqualTo(told(ModelCalled.class).getFirst().nanos());
    }

    @Test
    void everyWayToCallIsReported() throws Exception {
      Command<@Nullable Object> echo = Command.of("echo", Map.of("v", 1));
      Adapter probe;
      try (Terrarium terrarium = start(told::add)) {
        probe = terrarium.adapter("probe");
        Command<@Nullable Object> fails = Command.of("fail", Map.of("message", "no"));
        probe.batch(List.of(echo, fails));
        probe.batch(List.of(fails, fails));
        probe.callAll(List.of(echo, fails));
        probe.call(Command.of(host -> new Shortcut.Answered("java")));
        probe.call(Command.of(host -> new Shortcut.HandedOver(echo)));
        probe.callAsync(Command.of("echo", Map.of("v", 1))).get(60, TimeUnit.SECONDS);
        Reader reader = Reader.of(probe.stream(Command.of("count_to", Map.of("n", 3)))).request(4);
        assertThat(reader.end()).isNull();
        until(8);
        assertThat(told(CallEnded.class)).allMatch(each -> each.runNanos() > 0);
      }
      assertThatThrownBy(() -> probe.call("echo", Map.of("v", 1)))
          .isInstanceOf(ClosedException.class);

      assertThat(calls())
          .containsExactly(
              "batch SUCCEEDED null",
              "batch FAILED PythonException",
              "echo SUCCEEDED null",
              "fail FAILED PythonException",
              "shortcut SUCCEEDED null",
              "shortcut SUCCEEDED null",
              "echo SUCCEEDED null",
              "count_to SUCCEEDED null",
              "echo REFUSED ClosedException");
    }

    @Test
    void stoppedCallIsReported() {
      Map<String, String> endless = Map.of("source", "while True: pass");
      try (Terrarium terrarium = start(told::add)) {
        terrarium.call("probe", "echo", Map.of("v", 1));
        CallOptions soon = CallOptions.deadline(Duration.ofMillis(200));
        assertThatThrownBy(() -> terrarium.adapter("probe").with(soon).call("execute", endless))
            .isInstanceOf(CallTimeoutException.class);
        CompletableFuture<@Nullable Object> call =
            terrarium.adapter("probe").callAsync(Command.of("execute", endless));
        Task.until("it runs", () -> terrarium.stats().pool().active() == 1);
        call.completeExceptionally(new IllegalStateException("enough"));
        until(3);
      }

      assertThat(calls())
          .containsExactly(
              "echo SUCCEEDED null",
              "execute DEADLINE CallTimeoutException",
              "execute CANCELLED CallInterruptedException");
      assertThat(told(CallEnded.class).get(1).nanos()).isGreaterThanOrEqualTo(200_000_000);
    }

    @Test
    void callWithoutAContextIsReported() throws Exception {
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      TestFunctions.onCallWait(inside, goOn, "done");
      TerrariumConfig config =
          TerrariumConfig.custom()
              .contexts(1)
              .borrowTimeout(Duration.ofMillis(100))
              .admission(
                  AdmissionConfig.custom()
                      .circuitBreaker(AdmissionConfig.CircuitBreaker.ofDefaults().withFailures(1))
                      .build())
              .observer(told::add)
              .build();
      try (Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
        CallOptions session = CallOptions.ofDefaults().withSession("talk");
        Map<String, ?> arguments = Map.of("expression", "host.call('test.call')");
        CompletableFuture<@Nullable Object> busy =
            terrarium.adapter("probe").with(session).callAsync(Command.of("evaluate", arguments));
        Task.await(inside);
        Map<String, ?> echo = Map.of("v", 1);
        assertThatThrownBy(() -> terrarium.adapter("probe").with(session).call("echo", echo))
            .isInstanceOf(SessionBusyException.class);
        assertThatThrownBy(() -> terrarium.call("probe", "echo", echo))
            .isInstanceOf(BorrowTimeoutException.class);
        assertThatThrownBy(() -> terrarium.call("probe", "echo", echo))
            .isInstanceOf(CircuitOpenException.class);
        goOn.countDown();
        assertThat(busy.get(60, TimeUnit.SECONDS)).isEqualTo("done");
      }

      assertThat(calls())
          .containsExactly(
              "echo TIMED_OUT SessionBusyException",
              "echo TIMED_OUT BorrowTimeoutException",
              "echo CIRCUIT_OPEN CircuitOpenException",
              "evaluate SUCCEEDED null");
      assertThat(told(CallEnded.class).subList(0, 2))
          .allMatch(each -> each.runNanos() == 0 && each.waitNanos() >= 100_000_000);
      assertThat(told(CallEnded.class).getFirst().session()).isEqualTo("talk");
    }

    @Test
    void observerMayAskForFiguresAndMayFail() {
      AtomicReference<@Nullable Terrarium> started = new AtomicReference<>();
      List<Integer> figures = new CopyOnWriteArrayList<>();
      try (LogRecords log = LogRecords.of("terrarium.event");
          Terrarium terrarium =
              start(
                  event -> {
                    Terrarium there = started.get();
                    if (there != null) {
                      figures.add(there.stats().pool().contexts().size());
                      throw new IllegalStateException("no disk");
                    }
                  })) {
        started.set(terrarium);
        assertThat(ask(terrarium)).isInstanceOf(Map.class);

        assertThat(figures).hasSizeGreaterThanOrEqualTo(4).contains(1);
        assertThat(log.thrown()).extracting(Throwable::getMessage).contains("no disk");
      }
    }
  }
}
