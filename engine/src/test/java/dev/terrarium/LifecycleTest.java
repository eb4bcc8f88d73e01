package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PackageException;
import dev.terrarium.error.PythonException;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.Shortcut;
import dev.terrarium.testing.FakeModel;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starting, closing and starting again in one process. */
@GraalPyTest
class LifecycleTest {

  private static Terrarium start(FakeModel... models) {
    TerrariumConfig.Builder config = TerrariumConfig.custom().contexts(1);
    for (FakeModel model : models) {
      config.languageModel(model);
    }
    return Terrarium.start(config.build()).register(SharedTerrarium.probe());
  }

  private static @Nullable Object evaluate(Terrarium terrarium, String expression) {
    return terrarium.call("probe", "evaluate", Map.of("expression", expression));
  }

  private static void execute(Terrarium terrarium, String source) {
    terrarium.call("probe", "execute", Map.of("source", source));
  }

  @Test
  void startingAHundredTimesTakesNoMoreSlotsThanTheLargestPool() {
    try (Terrarium first = start()) {
      assertThat(evaluate(first, "1 + 1")).isEqualTo(2L);
    }
    int before = SharedTerrarium.get().stats().nativeSlotsTaken();
    Set<Object> carriers = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      try (Terrarium terrarium = start()) {
        assertThat(evaluate(terrarium, "1 + 1")).isEqualTo(2L);
        carriers.add(String.valueOf(evaluate(terrarium, "__import__('threading').get_ident()")));
      }
    }
    Stats stats = SharedTerrarium.get().stats();

    assertThat(stats.nativeSlotsTaken()).isEqualTo(before);
    assertThat(stats.nativeSlotLimit()).isEqualTo(64);
    assertThat(carriers).hasSizeLessThanOrEqualTo(before);
  }

  @Test
  void stateOfAClosedTerrariumIsForgotten() {
    WeakReference<FakeModel> model = modelOfAClosedOne();

    Task.until(
        "its model is collected",
        () -> {
          System.gc();
          return model.refersTo(null);
        });
  }

  private static WeakReference<FakeModel> modelOfAClosedOne() {
    FakeModel model = new FakeModel("forgotten");
    try (Terrarium terrarium = start(model)) {
      assertThat(evaluate(terrarium, "1 + 1")).isEqualTo(2L);
    }
    return new WeakReference<>(model);
  }

  @Test
  void dependentStageOfPrewarmingMayMakeCalls() throws Exception {
    try (Terrarium terrarium = start()) { // its one context's carrier must not be what calls
      assertThat(
              terrarium
                  .prewarm("probe", 1)
                  .thenApply(done -> evaluate(terrarium, "1 + 1"))
                  .get(60, TimeUnit.SECONDS))
          .isEqualTo(2L);
      assertThat(
              terrarium
                  .measureContexts()
                  .thenApply(done -> evaluate(terrarium, "2 + 2"))
                  .get(60, TimeUnit.SECONDS))
          .isEqualTo(4L);
    }
  }

  @Test
  void parkedContextStartsAfresh() {
    try (Terrarium first = start()) {
      execute(first, "mine = 1\nimport json\njson.mine = 1");
      assertThat(evaluate(first, "'terrarium_user_probe' in sys.modules")).isEqualTo(true);
      assertThat(evaluate(first, "mine")).isEqualTo(1L);
    }
    try (Terrarium second = start()) {
      assertThat(second.call("probe", "ping", Map.of()))
          .isEqualTo(Map.of("framework", "probe", "loaded", false, "status", "ok"));
      assertThat(catchThrowable(() -> evaluate(second, "mine")))
          .isInstanceOf(PythonException.class)
          .hasMessageContaining("NameError");
      assertThat(stats(second).get("calls")).isEqualTo(3L);
    }
  }

  private static Map<?, ?> stats(Terrarium terrarium) {
    return terrarium.adapter("probe").call(Command.of("get_stats", Map.of()).as(Map.class));
  }

  @Test
  void parkedContextHasForgottenTheSourcesOfItsUser() {
    try (Terrarium first = start()) {
      first.register(
          Framework.fromSource(
              "fleeting",
              """
              from terrarium.bridge import BaseBridge, handler

              class Fleeting(BaseBridge):
                  framework = "fleeting"
              """,
              "fleeting.py"));
      first.call("fleeting", "ping", Map.of());
      assertThat(evaluate(first, "'terrarium_user_fleeting' in sys.modules")).isEqualTo(true);
    }
    try (Terrarium second = start()) {
      assertThat(evaluate(second, "'terrarium_user_fleeting' in sys.modules")).isEqualTo(false);
    }
  }

  @Test
  void servicesAreThoseOfTheNewUser() {
    String ask =
        "host.call('model.generate', {'messages': [{'role': 'user', 'content': 'hi'}]})['text']";
    try (Terrarium first = start(new FakeModel("first"))) {
      assertThat(evaluate(first, ask)).isEqualTo("answer of first");
      evaluate(first, "host.call('program.put', 'probe', 'p', {'kind': 'a'})");
      assertThat(evaluate(first, "host.call('program.get', 'probe', 'p')['spec']"))
          .isEqualTo(Map.of("kind", "a"));
      evaluate(first, "host.install({'mine': len})");
      assertThat(evaluate(first, "host.available('mine')")).isEqualTo(true);
    }
    try (Terrarium second = start(new FakeModel("second"))) {
      assertThat(evaluate(second, ask)).isEqualTo("answer of second");
      assertThat(evaluate(second, "host.call('program.get', 'probe', 'p')")).isNull();
      assertThat(evaluate(second, "host.available('mine')")).isEqualTo(false);
      assertThat(second.stats().models().keySet()).containsExactly("second");
    }
  }

  /** Makes adapters that are the plain ones. */
  private static final class ProbeFactory implements AdapterFactory<Adapter> {

    @Override
    public Class<Adapter> type() {
      return Adapter.class;
    }

    @Override
    public String framework() {
      return "probe";
    }

    @Override
    public Adapter create(Adapter adapter) {
      return adapter;
    }
  }

  @Test
  void closedTerrariumRefusesNewWorkAndCanBeClosedTwice() {
    FakeModel given = new FakeModel("given");
    Terrarium terrarium = start(given);
    terrarium.call("probe", "ping", Map.of());
    terrarium.ready().join();
    terrarium.register(new ProbeFactory());
    Adapter adapter = terrarium.adapter(Adapter.class);
    terrarium.close();
    terrarium.close();

    assertThat(
            Stream.<ThrowingCallable>of(
                () -> terrarium.call("probe", "ping", Map.of()),
                () -> adapter.call("ping", Map.of()),
                () -> adapter.call(Command.of(host -> new Shortcut.Answered("java"))),
                () -> terrarium.register(SharedTerrarium.probe()),
                () -> terrarium.register(new ProbeFactory()),
                () -> terrarium.adapter("probe"),
                () -> terrarium.adapter(Adapter.class),
                terrarium::ready,
                () -> terrarium.prewarm("probe", 1),
                terrarium::measureContexts))
        .extracting(Assertions::catchThrowable)
        .hasOnlyElementsOfType(ClosedException.class);
    assertThatThrownBy(() -> adapter.callAsync(Command.of("ping", Map.of())).join())
        .hasCauseInstanceOf(ClosedException.class);
    assertThat(terrarium.stats().pool().total()).isZero();
    assertThat(given.closings).as("closings of the caller's own model").hasValue(0);
  }

  @Test
  void closingWaitsForContextsThatAreBeingMade() {
    Terrarium terrarium = start();
    terrarium.close();

    assertThat(terrarium.stats().pool().total()).isZero();
  }

  @Test
  void callsThatRunAtTheCloseEndAndOthersAreRefused() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestFunctions.onCallWait(inside, goOn, "done");
    Terrarium terrarium = start();
    Task<@Nullable Object> running = Task.of(() -> evaluate(terrarium, "host.call('test.call')"));
    Task.await(inside);
    Task<@Nullable Object> waiting = Task.of(() -> evaluate(terrarium, "1"));
    Task.until("it waits", () -> terrarium.stats().pool().pending() == 1);
    Task<@Nullable Void> closer = Task.running(terrarium::close);

    assertThat(waiting.failure()).isInstanceOf(ClosedException.class);
    closer.untilItWaits();
    assertThat(closer.isDone()).isFalse();
    goOn.countDown();
    assertThat(running.result()).isEqualTo("done");
    closer.result();
  }

  @Test
  void callsAndACloseMayRunConcurrently() throws Exception {
    for (int round = 0; round < 10; round++) {
      Terrarium terrarium = start();
      CyclicBarrier start = new CyclicBarrier(4);
      List<Task<@Nullable Void>> callers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        callers.add(
            Task.of(
                () -> {
                  start.await();
                  try {
                    for (int call = 0; ; call++) {
                      assertThat(evaluate(terrarium, call + " + 1")).isEqualTo(call + 1L);
                    }
                  } catch (ClosedException e) {
                    return null;
                  }
                }));
      }
      start.await();
      evaluateUnlessClosed(terrarium);
      terrarium.close();
      for (Task<?> caller : callers) {
        caller.result();
      }
      assertThat(terrarium.stats().pool().total()).isZero();
    }
  }

  private static void evaluateUnlessClosed(Terrarium terrarium) {
    assertThat(evaluate(terrarium, "2 + 2")).isEqualTo(4L);
  }

  @Test
  void interruptedCloseStopsWhatRunsAndFreesTheModels() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    TestFunctions.onCallWait(inside, new CountDownLatch(0), "done");
    Terrarium terrarium = start(); // its default model is the test provider's
    assertThat(terrarium.shared().languageModel(Optional.of("test:opened")).name())
        .isEqualTo("test:opened");
    Task<@Nullable Void> running =
        Task.running(() -> execute(terrarium, "host.call('test.call')\nwhile True: pass"));
    Task.await(inside);
    Task<Boolean> closer =
        Task.of(
            () -> {
              assertThatThrownBy(terrarium::close).isInstanceOf(CallInterruptedException.class);
              return Thread.currentThread().isInterrupted();
            });
    Task.until("closing", () -> refuses(terrarium));
    closer.interrupt();

    assertThat(closer.result()).as("still interrupted").isTrue();
    assertThat(running.failure())
        .isInstanceOf(CallInterruptedException.class)
        .hasMessageContaining("its Terrarium was closed");
    Task.until("its context is parked", () -> terrarium.stats().pool().total() == 0);
    assertThatThrownBy(() -> terrarium.shared().languageModel(Optional.of("test:opened")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("closed");
    terrarium.close();
  }

  private static boolean refuses(Terrarium terrarium) {
    Task<@Nullable Object> probe = Task.of(() -> terrarium.call("probe", "ping", Map.of()));
    Task.until(
        "refused or waiting", () -> probe.isDone() || terrarium.stats().pool().pending() > 0);
    return probe.isDone();
  }

  @Test
  void unwritableCacheFolderIsReportedToTheCaller(@TempDir Path temp) throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "no folder");
    TerrariumConfig config =
        TerrariumConfig.custom().contexts(2).cacheFolder(file.resolve("cache")).build();
    int before = SharedTerrarium.get().stats().nativeSlotsTaken();
    try (LogRecords log = LogRecords.of("terrarium.pool");
        Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
      assertThatThrownBy(() -> terrarium.call("probe", "ping", Map.of()))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("TERRARIUM_CACHE");
      Task.until("the other context's failure is logged", () -> !log.lines().isEmpty());
    }

    assertThat(SharedTerrarium.get().stats().nativeSlotsTaken()).isEqualTo(before);
  }
}
