package dev.terrarium;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What calls import, break and leave behind, in one context, and what the next call finds. */
@GraalPyTest
class ImportedModulesTest {

  private static final int SEQUENCES = 150;

  /** Modules that nobody has imported yet, with what they must be able to do. */
  private static final Map<String, String> MODULES =
      Map.of(
          "colorsys", "colorsys.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)",
          "wave", "wave.Error.__name__ == 'Error'",
          "fileinput", "fileinput.FileInput(files=('x',)).filename() is None",
          "plistlib", "plistlib.loads(plistlib.dumps({'a': 1})) == {'a': 1}",
          "statistics", "statistics.mean([1, 3]) == 2",
          "difflib", "difflib.get_close_matches('appel', ['apple']) == ['apple']",
          "zlib", "zlib.crc32(b'a') == 3904355907",
          "xml.dom.minidom", "xml.dom.minidom.parseString('<a/>').toxml().endswith('<a/>')");

  private static final List<String> SPOILS =
      List.of(
          "vars(m).update({k: None for k, v in vars(m).items() if callable(v)})",
          "[vars(m).pop(k) for k, v in [*vars(m).items()] if callable(v)]",
          "sys.modules[name] = None",
          "del sys.modules[name]",
          "sys.modules[name] = type(sys)(name)");

  private static Terrarium one;

  @BeforeAll
  static void start() {
    one =
        Terrarium.start(TerrariumConfig.custom().contexts(1).build())
            .register(SharedTerrarium.probe());
  }

  @AfterAll
  static void close() {
    one.close();
  }

  private static void execute(String source) {
    Object unused = one.call("probe", "execute", Map.of("source", source));
  }

  private static void fails(String source) {
    assertThatThrownBy(() -> execute(source + "\nraise ProbeError('boom')"))
        .isInstanceOf(PythonException.class);
  }

  private static @Nullable Object evaluate(String expression) {
    CallOptions options = CallOptions.deadline(Duration.ofSeconds(30));
    return one.adapter("probe").with(options).call("evaluate", Map.of("expression", expression));
  }

  private static boolean works(String module) {
    String test = MODULES.get(module);
    return Boolean.TRUE.equals(
        evaluate(
            "[globals().__setitem__('%s', __import__('%s')), %s][1]"
                .formatted(module.split("\\.", -1)[0], module, test)));
  }

  @Test
  void moduleImportedByASuccessfulCallIsRestoredAfterItWasBroken() {
    execute("import csv");
    fails("import csv\ncsv.reader = None");
    assertThat(evaluate("list(__import__('csv').reader(['a,b']))"))
        .isEqualTo(List.of(List.of("a", "b")));
  }

  @Test
  void moduleImportedAndBrokenInOneCallIsRestored() {
    fails("import quopri\nquopri.encodestring = None");
    assertThat(evaluate("__import__('quopri').encodestring(b'=')"))
        .isEqualTo(new byte[] {'=', '3', 'D'});
  }

  @Test
  void moduleBrokenByASuccessfulCallIsRestoredAtTheNextFault() {
    execute("import sched\nsched.scheduler = None");
    fails("pass");
    assertThat(evaluate("callable(__import__('sched').scheduler)")).isEqualTo(true);
  }

  @Test
  void entriesOfSysModulesThatAreNotModulesAreRemoved() {
    fails("sys.modules['nntplib_of_ours'] = None");
    execute("sys.modules['smtpd_of_ours'] = None");
    assertThat(evaluate("[each for each in sys.modules if each.endswith('_of_ours')]"))
        .isEqualTo(List.of());
  }

  @Test
  void afterAnyFaultTheNextCallSeesWhatANewContextWould() {
    List<String> names = MODULES.keySet().stream().sorted().toList();
    for (int seed = 0; seed < SEQUENCES; seed++) {
      Random random = new Random(seed);
      for (int call = random.nextInt(4); call >= 0; call--) {
        StringBuilder source = new StringBuilder("from importlib import import_module as i\n");
        for (int step = random.nextInt(3); step >= 0; step--) {
          String name = names.get(random.nextInt(names.size()));
          source.append(
              "try: name = '%s'; m = i(name)%nexcept ImportError: pass%n".formatted(name));
          if (random.nextBoolean()) {
            source.append("else: %s%n".formatted(SPOILS.get(random.nextInt(SPOILS.size()))));
          }
        }
        if (call == 0) {
          fails(source.toString());
        } else {
          execute(source.toString());
        }
      }
      for (String name : names) {
        assertThat(works(name)).as("%s after sequence %d", name, seed).isTrue();
      }
    }
    assertThat(one.stats().pool().retired()).isZero();
  }

  @Test
  void threadsThatAStopEndedAreForgotten() {
    CallOptions soon = CallOptions.deadline(Duration.ofMillis(300));
    String source =
        """
        import threading, time
        threads = [threading.Thread(target=time.sleep, args=(30.5,)) for _ in range(3)]
        for each in threads: each.start()
        for each in threads: each.join()
        """;
    assertThatThrownBy(
            () -> one.adapter("probe").with(soon).call("execute", Map.of("source", source)))
        .isInstanceOf(CallTimeoutException.class);
    assertThat(evaluate("[each.name for each in __import__('threading').enumerate()]"))
        .isEqualTo(List.of("MainThread"));
  }

  @Test
  void executorGoesOnAfterAStopEndedItsThreads() {
    execute(
        """
        import concurrent.futures, time
        pool = concurrent.futures.ThreadPoolExecutor(1)
        pool.submit(len, 'ab').result()
        ran = []
        """);
    CallOptions soon = CallOptions.deadline(Duration.ofMillis(300));
    String source = "pool.submit(time.sleep, 30.5)\npool.submit(ran.append, 1).result()";
    assertThatThrownBy(
            () -> one.adapter("probe").with(soon).call("execute", Map.of("source", source)))
        .isInstanceOf(CallTimeoutException.class);
    assertThat(evaluate("[pool.submit(len, 'ab').result(20), ran]"))
        .isEqualTo(List.of(2L, List.of()));
  }

  /** The heap is measured then, for which each thread must reach a safepoint. */
  @Test
  void idleThreadOfAnExecutorDoesNotHoldUpALoad() {
    execute(
        """
        import concurrent.futures
        idle = concurrent.futures.ThreadPoolExecutor(1)
        idle.submit(len, 'ab').result()
        """);
    String later =
        """
        from terrarium.bridge import BaseBridge, handler

        class Later(BaseBridge):
            framework = "later"

            @handler
            def answer(self):
                return 42
        """;
    one.register(Framework.fromSource("later", later, "later.py"));

    CallOptions options = CallOptions.deadline(Duration.ofSeconds(30));
    assertThat(one.adapter("later").with(options).call("answer", Map.of())).isEqualTo(42L);
  }

  /** A thread that was stopped in the midst of an import holds that module's lock for ever. */
  @Test
  void moduleWhoseImportAThreadWasStoppedInCanBeImported() {
    CallOptions soon = CallOptions.deadline(Duration.ofMillis(300));
    String source =
        """
        import importlib, importlib.machinery, threading, time
        class Slow(importlib.machinery.SourceFileLoader):
            def exec_module(self, module): time.sleep(30.5)
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == 'pstats':
                    return importlib.machinery.ModuleSpec(name, Slow(name, 'x.py'))
        sys.meta_path.insert(0, Finder())
        x = threading.Thread(target=importlib.import_module, args=('pstats',))
        x.start()
        x.join()
        """;
    assertThatThrownBy(
            () -> one.adapter("probe").with(soon).call("execute", Map.of("source", source)))
        .isInstanceOf(CallTimeoutException.class);
    assertThat(evaluate("__import__('pstats').Stats.__name__")).isEqualTo("Stats");
  }

  @Test
  void sleepTakesItsTimeAndNoProcessorsTime() {
    for (String seconds : List.of("1", "0.5")) {
      String clocks = "[time.monotonic(), time.thread_time(), time.process_time()]";
      execute("import time\na = %s\ntime.sleep(%s)\nb = %s".formatted(clocks, seconds, clocks));
      List<?> spent = (List<?>) requireNonNull(evaluate("[y - x for x, y in zip(a, b)]"));
      double asked = Double.parseDouble(seconds);
      assertThat((Double) spent.get(0)).isBetween(asked * 0.999, asked * 10);
      assertThat((Double) spent.get(1)).as("of the thread").isLessThan(asked / 2);
      assertThat((Double) spent.get(2)).as("of the process").isLessThan(asked / 2);
    }
  }

  @Test
  void replacedSleepLooksLikeTheOriginal() {
    assertThat(
            evaluate(
                "[__import__('time').sleep.__module__,"
                    + " __import__('pickle').loads(__import__('pickle').dumps(__import__('time').sleep))"
                    + " is __import__('time').sleep]"))
        .isEqualTo(List.of("time", true));
    fails("import time\ntime.sleep = None");
    assertThat(evaluate("__import__('time').sleep(0)")).isNull();
  }
}
