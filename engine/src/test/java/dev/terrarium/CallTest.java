package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.UnknownCommandException;
import dev.terrarium.error.UnknownFrameworkException;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.Task;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calling frameworks: the commands of a user's own, and what every bridge has. */
@GraalPyTest
class CallTest {

  private static final Set<String> REGISTERED = new HashSet<>();

  private final Terrarium terrarium;

  CallTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  /** Registers a framework of one bridge with this body, under a name of its own. */
  private String register(String name, String body) {
    if (REGISTERED.add(name)) {
      String source =
          "from terrarium.bridge import BaseBridge, handler\n\n\n"
              + "class Mine(BaseBridge):\n    framework = '%s'\n".formatted(name)
              + body.indent(4);
      terrarium.register(Framework.fromSource(name, source, name + ".py"));
    }
    return name;
  }

  record Counts(long to, long be, long or, long not) {}

  @Test
  void frameworkOfAResourceAnswers() {
    Framework framework = Framework.fromResource("/frameworks/wordcount.py");
    if (REGISTERED.add(framework.name())) {
      terrarium.register(framework);
    }
    Map<String, String> arguments = Map.of("text", "to be or not to be");

    assertThat(terrarium.call("wordcount", "count", arguments))
        .isEqualTo(Map.of("to", 2L, "be", 2L, "or", 1L, "not", 1L));
    assertThat(terrarium.adapter("wordcount").framework()).isEqualTo("wordcount");
    assertThat(terrarium.adapter("wordcount").call(Command.of("count", arguments).as(Counts.class)))
        .isEqualTo(new Counts(2, 2, 1, 1));
  }

  @Test
  void unknownCommandIsReportedWithTheKnownOnes() {
    assertThatThrownBy(() -> terrarium.call("probe", "ecko", Map.of()))
        .isInstanceOfSatisfying(
            UnknownCommandException.class,
            e ->
                assertThat(e.known())
                    .contains("echo", "ping", "get_stats", "batch", "cleanup_framework")
                    .isSorted())
        .hasMessageContaining("Framework 'probe' has no command 'ecko'; did you mean 'echo'?")
        .hasMessageNotContaining("cleanup_framework");
  }

  @Test
  void unknownFrameworkIsReportedWithTheKnownOnes() {
    assertThatThrownBy(() -> terrarium.call("prob", "echo", Map.of()))
        .isInstanceOfSatisfying(
            UnknownFrameworkException.class, e -> assertThat(e.known()).contains("probe"))
        .hasMessageContaining("'prob'")
        .hasMessageContaining("probe");
    assertThatThrownBy(() -> terrarium.adapter("prob"))
        .isInstanceOf(UnknownFrameworkException.class);
  }

  @Test
  void wrongArgumentNamesAreTheCallersMistake() {
    assertThatThrownBy(() -> terrarium.call("probe", "fail", Map.of("mesage", "x")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("fail: ")
        .hasMessageContaining("unknown argument 'mesage'; did you mean 'message'?")
        .hasMessageContaining("missing argument 'message'");
    assertThatThrownBy(() -> terrarium.call("probe", "echo", Map.of()))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("missing argument 'v'");
  }

  @Test
  void nameIsRegisteredOnce() {
    assertThatThrownBy(() -> terrarium.register(Framework.fromSource("probe", "", "x.py")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "A framework named 'probe' is registered already: register it once, or under another"
                + " name.");
  }

  @Test
  void adapterThatNoJarOffersIsNamed() {
    assertThatThrownBy(() -> terrarium.adapter(Counts.class))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(Counts.class.getName());
  }

  @Test
  void lineOfServicesThatCannotBeUsedStopsNoOtherAdapter(@TempDir Path folder) throws IOException {
    String lines = "com.example.Missing\n" + FacadeFactory.class.getName() + "\n";
    Path services = Files.writeString(folder.resolve("factories"), lines);
    ClassLoader offering =
        new ClassLoader(CallTest.class.getClassLoader()) {
          @Override
          public Enumeration<URL> getResources(String name) throws IOException {
            return name.equals("META-INF/services/" + AdapterFactory.class.getName())
                ? Collections.enumeration(List.of(services.toUri().toURL()))
                : super.getResources(name);
          }
        };
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(offering);
    try (Terrarium own = Terrarium.start(TerrariumConfig.custom().contexts(0, 1).build())) {
      own.register(Framework.fromResource("/frameworks/wordcount.py"));

      assertThat(own.adapter(Facade.class).adapter()).isSameAs(own.adapter("wordcount"));
      assertThatThrownBy(() -> own.adapter(Path.class))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("offers the adapter java.nio.file.Path")
          .hasMessageContaining("Provider com.example.Missing not found");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  record Facade(Adapter adapter) {}

  /** Offers {@link Facade}. */
  public static final class FacadeFactory implements AdapterFactory<Facade> {

    @Override
    public Class<Facade> type() {
      return Facade.class;
    }

    @Override
    public String framework() {
      return "wordcount";
    }

    @Override
    public Facade create(Adapter adapter) {
      return new Facade(adapter);
    }
  }

  @Test
  void pingAndStatsLoadNothing() {
    String name =
        register(
            "unloadable",
            """
            def _load_framework(self):
                raise AssertionError("loaded")
            """);

    assertThat(terrarium.call(name, "ping", Map.of()))
        .isEqualTo(Map.of("framework", name, "loaded", false, "status", "ok"));
    assertThat((Map<?, ?>) terrarium.call(name, "get_stats", Map.of()))
        .satisfies(
            stats -> {
              assertThat(stats.get("loaded")).isEqualTo(false);
              assertThat(stats.get("load_seconds")).isNull();
            });
  }

  @Test
  void frameworkIsLoadedOnceInEachContext() throws Exception {
    String name =
        register(
            "loadable",
            """
            loads = 0

            def _load_framework(self):
                self.loads += 1

            @handler
            def use(self) -> int:
                return self.loads

            @handler(loads=False)
            def loads_so_far(self) -> int:
                return self.loads
            """);
    assertThat(terrarium.call(name, "loads_so_far", Map.of())).isEqualTo(0L);

    List<Task<List<Object>>> callers = new ArrayList<>();
    CyclicBarrier start = new CyclicBarrier(4);
    for (int i = 0; i < 4; i++) {
      callers.add(
          Task.of(
              () -> {
                start.await();
                List<Object> seen = new ArrayList<>();
                for (int call = 0; call < 20; call++) {
                  seen.add(String.valueOf(terrarium.call(name, "use", Map.of())));
                }
                return seen;
              }));
    }
    for (Task<List<Object>> caller : callers) {
      assertThat(caller.result()).hasSize(20).containsOnly("1");
    }
  }

  @Test
  void failedLoadIsExplainedAndRetried() {
    String name =
        register(
            "brittle",
            """
            loads = 0

            def _load_framework(self):
                type(self).loads += 1
                if self.loads == 1:
                    raise ImportError("no such library", name="lib")

            @handler
            def use(self) -> str:
                return "used"
            """);

    assertThatThrownBy(() -> callAlways(name))
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessage("Framework 'brittle' could not be loaded: ImportError: no such library")
        .cause()
        .isInstanceOfSatisfying(
            PythonException.class,
            e -> {
              assertThat(e.type()).isEqualTo("ImportError");
              assertThat(e.getStackTrace()[0].getFileName()).isEqualTo("brittle.py");
              assertThat(e.getStackTrace()[0].getLineNumber()).isEqualTo(11);
            });
    assertThat(terrarium.call("brittle", "ping", Map.of()))
        .isEqualTo(Map.of("framework", name, "loaded", false, "status", "ok"));
  }

  private void callAlways(String name) {
    for (int i = 0; i < 2; i++) { // each context fails its first load
      terrarium.call(name, "use", Map.of());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nosyntax | def | SyntaxError",
        "wrongline | x = = 1 | x = = 1",
        "noimport | import there_is_no_such_module | ModuleNotFoundError: No module named",
        "nopackage | import there_is_no_such_module | the packages that it names in"
            + " Framework.withPackages",
        "nobridge | x = 1 | nobridge.py must define one subclass of BaseBridge; it defines none",
        "badname | class A(BaseBridge): framework = 'other' | framework = 'other'",
        "noname | class A(BaseBridge): pass | A.framework must name the framework",
        "raising | raise ValueError('at import') | ValueError: at import"
      })
  void sourceWithoutABridgeIsExplained(String name, String text, String message) {
    if (REGISTERED.add(name)) {
      terrarium.register(
          Framework.fromSource(
              name, "from terrarium.bridge import BaseBridge\n" + text + "\n", name + ".py"));
    }

    assertThatThrownBy(() -> terrarium.call(name, "ping", Map.of()))
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("Framework '" + name + "' could not be loaded: ")
        .hasMessageContaining(message)
        .hasCauseInstanceOf(PythonException.class);
    assertThat(terrarium.call("probe", "ping", Map.of())).isNotNull();
  }

  @Test
  void importOfAMissingPackageInAHandlerIsExplained() {
    String name =
        register(
            "importing",
            """
            @handler
            def use(self):
                import there_is_no_such_module
            """);

    assertThatThrownBy(() -> terrarium.call(name, "use", Map.of()))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("No module named 'there_is_no_such_module'. A framework of your own")
        .hasMessageContaining("the packages that it names in Framework.withPackages");
  }

  @Test
  void twoBridgesInOneSourceAreRefused() {
    String name = "twobridges";
    if (REGISTERED.add(name)) {
      terrarium.register(
          Framework.fromSource(
              name,
              """
              from terrarium.bridge import BaseBridge
              class A(BaseBridge): framework = 'twobridges'
              class B(BaseBridge): framework = 'twobridges'
              """,
              name + ".py"));
    }

    assertThatThrownBy(() -> terrarium.call(name, "ping", Map.of()))
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("it defines ['A', 'B']");
  }

  @Test
  void batchAnswersInOrder() {
    List<?> results =
        terrarium
            .adapter("probe")
            .call(
                Command.of(
                        "batch",
                        Map.of(
                            "commands",
                            List.of(
                                Map.of("command", "echo", "args", Map.of("v", 1)),
                                Map.of("command", "fail", "args", Map.of("message", "no")),
                                Map.of("command", "ping"))))
                    .as(List.class));

    assertThat(results).hasSize(3);
    assertThat(results.get(0)).isEqualTo(Map.of("ok", true, "value", 1L));
    assertThat(results.get(1).toString())
        .contains("ok=false", "terrarium_user_probe.ProbeError", "message=no");
    assertThat(results.get(2).toString()).contains("ok=true", "status=ok");
  }

  @Test
  void cleanedUpFrameworkIsLoadedAgain() {
    String name =
        register(
            "cleanable",
            """
            loads = 0

            def _load_framework(self):
                self.loads += 1

            @handler
            def use(self) -> int:
                return self.loads
            """);
    assertThat(terrarium.call(name, "use", Map.of())).isEqualTo(1L);
    Object cleaned = terrarium.call(name, "cleanup_framework", Map.of());

    assertThat(cleaned).isEqualTo(Map.of("framework", name, "cleaned", true));
    assertThat(terrarium.call(name, "use", Map.of())).isEqualTo(2L);
  }

  /** Platform and virtual threads together: each caller gets its own answer. */
  @Test
  void manyCallersShareTheContexts() throws Exception {
    List<Task<Integer>> callers = new ArrayList<>();
    List<Thread> virtual = new ArrayList<>();
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 8; i++) {
      String mine = "caller " + i;
      callers.add(Task.of(() -> echoes(mine, 50)));
      virtual.add(
          Thread.ofVirtual()
              .uncaughtExceptionHandler((thread, failure) -> failures.add(failure))
              .start(() -> assertThat(echoes("virtual " + mine, 50)).isEqualTo(50)));
    }
    for (Task<Integer> caller : callers) {
      assertThat(caller.result()).isEqualTo(50);
    }
    for (Thread thread : virtual) {
      thread.join();
    }

    assertThat(failures).isEmpty();
  }

  private int echoes(String text, int count) {
    int right = 0;
    for (int i = 0; i < count; i++) {
      List<Object> value = List.of(text, (long) i);
      if (value.equals(terrarium.call("probe", "echo", Map.of("v", value)))) {
        right++;
      }
    }
    return right;
  }
}
