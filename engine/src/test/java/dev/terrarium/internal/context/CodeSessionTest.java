package dev.terrarium.internal.context;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.internal.context.CodeSession.Call;
import dev.terrarium.internal.context.CodeSession.Code;
import dev.terrarium.internal.context.CodeSession.Failure;
import dev.terrarium.internal.context.CodeSession.Outcome;
import dev.terrarium.internal.context.CodeSession.Step;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Code of strangers in a context of its own, with what it reaches and how it ends. */
@Tag("graalpy")
class CodeSessionTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_MESSAGE = 20_000_000;

  /** Code, and how the error begins that it gets. */
  private static final List<Map.Entry<String, String>> REFUSED =
      List.of(
          entry("open('/etc/hostname')", "PermissionError"),
          entry("open('written', 'w')", "PermissionError"),
          entry("import os; os.listdir('/')", "PermissionError"),
          entry("import os; os.remove(os.__file__)", "PermissionError"),
          entry("import pathlib; pathlib.Path('/etc/hostname').read_text()", "PermissionError"),
          entry("import tempfile; tempfile.TemporaryFile()", "FileNotFoundError"),
          entry("import socket; socket.socket()", "AccessError"),
          entry("import socket; socket.getaddrinfo('localhost', 80)", "AccessError"),
          entry("import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')", "URLError"),
          entry("import asyncio; asyncio.run(asyncio.sleep(0))", "AccessError"),
          entry("import java; java.type('java.lang.System')", "NotImplementedError"),
          entry("from java.lang import System", "NotImplementedError"),
          entry("import polyglot; polyglot.eval(language='python', string='1')", "RuntimeError"),
          entry("import polyglot; polyglot.import_value('x')", "NotImplementedError"),
          entry("import subprocess; subprocess.run(['true'])", "AccessError"),
          entry("import os; os.system('true')", "AccessError"),
          entry("import os; os.execv('/bin/true', ['true'])", "AccessError"),
          entry("import os; os.fork()", "AttributeError"),
          entry("import threading; threading.Thread(target=len).start()", "AccessError"),
          entry("import _thread; _thread.start_new_thread(len, ('',))", "AccessError"),
          entry(
              "import multiprocessing; multiprocessing.Process(target=len).start()", "AccessError"),
          entry("import os; os.environ['PATH']", "KeyError"),
          entry("import ctypes", "NativeCodeError"),
          entry("import _ctypes; _ctypes.dlopen('libc.so.6', 2)", "NativeCodeError"),
          entry("import termios", "NativeCodeError"),
          entry("import signal; signal.raise_signal(2)", "AccessError"),
          entry("import signal; signal.alarm(1)", "AccessError"),
          entry(
              "import sys; del sys.modules['_signal']; import _signal; _signal.raise_signal(2)",
              "AccessError"),
          entry("import os; os.kill(os.getpid(), 15)", "ProcessLookupError"),
          entry(
              "from terrarium.bridge import host; host.call('model.generate', {})",
              "HostServiceError"),
          entry("import sys; sys.modules['terrarium.bridge.sessions']", "KeyError"),
          entry("import dspy", "ModuleNotFoundError"),
          entry("import sys; sys._getframe(99)", "ValueError"),
          entry("import sys; sys.exit(3)", "SystemExit"),
          entry("import os; os._exit(3)", "SystemExit"),
          entry("input()", "EOFError"),
          entry("f = lambda n: f(n + 1); f(0)", "RecursionError"),
          entry("bytearray(1 << 60)", "OverflowError"));

  private final CodeContexts contexts = contexts(2, Duration.ofSeconds(30));
  private final List<CodeSession> started = new ArrayList<>();

  private static CodeContexts contexts(int sessions, Duration timeout) {
    CacheFolder cache = CacheFolder.ofDefaults();
    PythonPackages packages =
        PythonPackages.discover(CodeSessionTest.class.getClassLoader(), cache);
    return new CodeContexts(packages, cache, new CodeLimits(sessions, timeout, MAX_MESSAGE));
  }

  @AfterEach
  void noThreadIsLeft() {
    started.forEach(CodeSession::close);
    Task.until("the threads of code have ended", () -> threads().isEmpty());
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("terrarium-code-"))
        .toList();
  }

  /** Starts a session, which is closed after the test. */
  private CodeSession start(CodeContexts from) {
    CodeSession session = from.start();
    started.add(session);
    return session;
  }

  private static Code code(String text) {
    return new Code(text, Map.of(), Map.of(), "[]", Optional.empty(), "null");
  }

  private static JsonNode outcome(Step step) {
    try {
      return JSON.readTree(((Outcome) step).json());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode value(CodeSession session, String text) {
    JsonNode outcome = outcome(session.execute(code(text)));
    assertThat(outcome.path("kind").asText()).as("%s", outcome).isEqualTo("result");
    return outcome.path("value");
  }

  private static String error(CodeSession session, String text) {
    Step step = session.execute(code(text));
    if (step instanceof Failure(String message)) {
      return message;
    }
    JsonNode outcome = outcome(step);
    assertThat(outcome.path("kind").asText()).as("%s: %s", text, outcome).isEqualTo("error");
    return outcome.path("message").asText();
  }

  @Test
  void globalsAreKeptAndEachSessionHasItsOwn() {
    CodeSession first = start(contexts);
    CodeSession second = start(contexts);

    assertThat(value(first, "import builtins, json\nsecret = builtins.secret = 7\nsecret").asInt())
        .isEqualTo(7);
    assertThat(value(first, "secret + builtins.secret").asInt()).isEqualTo(14);
    assertThat(error(second, "secret")).startsWith("NameError");
    assertThat(value(second, "import builtins\nhasattr(builtins, 'secret')").asBoolean()).isFalse();
    first.close();
    second.close();
    assertThatThrownBy(() -> first.execute(code("1"))).isInstanceOf(ClosedException.class);
  }

  @Test
  void functionsRunWhereTheCodeIsWaitedFor() {
    CodeSession session = start(contexts);
    Step step =
        session.execute(
            new Code(
                "first = query('a', n=1)\nfirst + query('b')",
                Map.of("text", "long"),
                Map.of("items", "[1]"),
                "[\"text\", \"items\"]",
                Optional.of("[\"query\"]"),
                "null"));

    assertThat(step).isEqualTo(new Call("query", "{\"args\": [\"a\"], \"kwargs\": {\"n\": 1}}"));
    step = session.answer("{\"value\": 40}");
    assertThat(step).isEqualTo(new Call("query", "{\"args\": [\"b\"], \"kwargs\": {}}"));
    assertThat(outcome(session.answer("{\"value\": 2}")).path("value").asInt()).isEqualTo(42);
  }

  @Test
  void answersAndCodeComeInTurn() {
    CodeSession session = start(contexts);
    assertThatThrownBy(() -> session.answer("{}")).isInstanceOf(ArgumentException.class);
    Code calling =
        new Code("query()", Map.of(), Map.of(), "[]", Optional.of("[\"query\"]"), "null");

    assertThat(session.execute(calling)).isInstanceOf(Call.class);
    assertThatThrownBy(() -> session.execute(code("1"))).isInstanceOf(ArgumentException.class);
    assertThat(outcome(session.answer("{\"value\": 1}")).path("value").asInt()).isEqualTo(1);
  }

  @Test
  void textOfTenMillionCharactersCrossesOnce() {
    CodeSession session = start(contexts);
    String text = "0123456789".repeat(1_000_000);
    Step step =
        session.execute(
            new Code(
                "n = len(text)\ntext = ''\nn",
                Map.of("text", text),
                Map.of(),
                "[\"text\"]",
                Optional.empty(),
                "null"));
    assertThat(outcome(step).path("value").asInt()).isEqualTo(10_000_000);

    Code again = new Code("len(text)", Map.of(), Map.of(), "[\"text\"]", Optional.empty(), "null");
    assertThat(outcome(session.execute(again)).path("value").asInt()).isEqualTo(10_000_000);
  }

  @Test
  void whatIsNotGrantedIsRefusedByName() {
    CodeSession session = start(contexts);

    for (Map.Entry<String, String> each : REFUSED) {
      assertThat(error(session, each.getKey())).as(each.getKey()).startsWith(each.getValue());
      assertThat(value(session, "1 + 1").asInt()).as("goes on after " + each.getKey()).isEqualTo(2);
    }
  }

  @Test
  void framesAndTheCollectorLeadToNothingOfTheHost() {
    CodeSession session = start(contexts);

    assertThat(
            value(
                    session,
                    """
                    import gc, sys
                    found = set()
                    frame = sys._getframe()
                    while frame is not None:
                        found.add(frame.f_globals.get("__name__"))
                        frame = frame.f_back
                    found.update(type(each).__module__ for each in getattr(gc, "get_objects", list)())
                    sorted(each for each in found if "dspy" in each or "host" in each)
                    """)
                .size())
        .isZero();
    assertThat(value(session, "from terrarium.bridge import host\nhost.names()").size()).isZero();
    assertThat(value(session, "import os\nlen(os.environ) < 2").asBoolean()).isTrue();
  }

  @Test
  void hostFunctionGivesNoWayIntoJava() {
    CodeSession session = start(contexts);
    assertThat(
            error(
                session,
                """
                import gc, sys
                frame = sys._getframe()
                while frame.f_code.co_name != "run":
                    frame = frame.f_back
                function = frame.f_locals["self"]._call
                function.getClass().forName("java.lang.System")
                """))
        .startsWith("AttributeError");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import time\ntime.sleep(1000)",
        "def f():\n    yield from iter(int, 1)\nsum(f())",
        """
        class Endless(Exception):
            def __str__(self):
                while True: pass
        raise Endless\
        """,
      })
  void codeThatDoesNotEndIsStoppedAndItsContextGivenUp(String text) {
    CodeContexts brief = contexts(1, Duration.ofMillis(500));
    CodeSession session = start(brief);

    assertThatThrownBy(() -> session.execute(code(text)))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("codeTimeout");
    assertThatThrownBy(() -> session.execute(code("1"))).isInstanceOf(ClosedException.class);
    noThreadIsLeft();
    CodeSession next = start(brief);
    assertThat(value(next, "1 + 1").asInt()).isEqualTo(2);
  }

  @Test
  void timeOfFunctionsIsNotThatOfTheCode() {
    CodeContexts brief = contexts(1, Duration.ofSeconds(2));
    CodeSession session = start(brief);
    Code calling = new Code("wait()", Map.of(), Map.of(), "[]", Optional.of("[\"wait\"]"), "null");

    assertThat(session.execute(calling)).isInstanceOf(Call.class);
    long called = System.nanoTime();
    Task.until(
        "the function takes longer than code may",
        () -> System.nanoTime() - called > Duration.ofMillis(2_100).toNanos());
    assertThat(outcome(session.answer("{\"value\": 1}")).path("value").asInt()).isEqualTo(1);
  }

  @Test
  void closingStopsTheCode() throws Exception {
    CodeSession session = start(contexts);
    Task<Step> running = Task.of(() -> session.execute(code("while True: pass")));
    running.untilItWaits();
    session.close();

    assertThat(running.failure()).isInstanceOf(ClosedException.class);
  }

  @Test
  void interruptionOfTheWaitingThreadStopsTheCode() throws Exception {
    CodeSession session = start(contexts);
    Task<Step> running = Task.of(() -> session.execute(code("while True: pass")));
    running.untilItWaits();
    running.interrupt();

    assertThat(running.failure()).isInstanceOf(CallInterruptedException.class);
  }

  @Test
  void numberOfContextsIsBounded() {
    CodeSession first = start(contexts);
    CodeSession second = start(contexts);

    assertThatThrownBy(() -> start(contexts))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("codeSessions");
    first.close();
    second.close();
    noThreadIsLeft();
    start(contexts).close();
  }

  @Test
  void nativeSlotsAreNotTaken() {
    int taken = NativeSlots.taken();
    CodeSession session = start(contexts);
    assertThat(error(session, "import termios")).startsWith("NativeCodeError");
    session.close();

    assertThat(NativeSlots.taken()).isEqualTo(taken);
  }

  @Test
  void whatIsPrintedPastTheStreamsIsDropped() {
    CodeSession session = start(contexts);

    JsonNode outcome =
        outcome(
            session.execute(
                code(
                    """
                    import os, sys
                    n = sys.__stdout__.write('x')
                    os.write(1, b'y')
                    print('z')\
                    """)));
    assertThat(outcome.path("output").asText()).isEqualTo("z\n");
  }
}
