package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.PythonException;
import dev.terrarium.error.UnknownFrameworkException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.AdapterGet;
import dev.terrarium.event.TerrariumEvent.CommandExecuted;
import dev.terrarium.event.TerrariumEvent.ContextBorrowed;
import dev.terrarium.event.TerrariumEvent.ContextCreated;
import dev.terrarium.event.TerrariumEvent.ContextParked;
import dev.terrarium.event.TerrariumEvent.FrameworkLoaded;
import dev.terrarium.event.TerrariumEvent.ModelCalled;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.testing.FakeModel;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.SharedTerrarium;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What observers of a Terrarium are told. */
class ObserversTest {

  private static final List<TerrariumEvent> FOUND = new CopyOnWriteArrayList<>();

  private final List<TerrariumEvent> told = new CopyOnWriteArrayList<>();

  /** The one that the class path offers in one of the tests. */
  public static final class Found implements TerrariumObserver {
    @Override
    public void on(TerrariumEvent event) {
      FOUND.add(event);
    }
  }

  /** Makes no context, and so needs no Python. */
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

    /** The framework of each adapter that was got, and whether it was made. */
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
    void eachGetOfAnAdapterIsTold() {
      try (Terrarium terrarium = start()) {
        terrarium.adapter("probe");
        terrarium.adapter("probe");
        terrarium.adapter(Facade.class);
        terrarium.adapter(Facade.class);
        terrarium.adapter(Facade.class, CallOptions.ofDefaults().withStopOnFailure());

        assertThat(gets())
            .containsExactly(
                "probe made", "probe known", "probe made", "probe known", "probe made");
      }
    }

    @Test
    void unknownFrameworkIsNoGet() {
      try (Terrarium terrarium = start()) {
        assertThatThrownBy(() -> terrarium.adapter("none"))
            .isInstanceOf(UnknownFrameworkException.class);
        assertThat(told).isEmpty();
      }
    }

    @Test
    void observersOfTheClassPathAreFoundAndToldLast(@TempDir Path folder) throws IOException {
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
    void theWholeLifeOfACallIsTold() {
      try (Terrarium terrarium = start(told::add)) {
        ask(terrarium);
        assertThatThrownBy(() -> terrarium.call("probe", "fail", Map.of("message", "no")))
            .isInstanceOf(PythonException.class);
        terrarium
            .adapter("probe")
            .batch(List.of(new Command("echo", Map.of("v", 1)), new Command("thread", Map.of())));
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
