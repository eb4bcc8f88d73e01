package dev.terrarium.internal.context;

import static dev.terrarium.AccessProfile.RESTRICTED;
import static dev.terrarium.AccessProfile.TRUSTED;
import static dev.terrarium.AccessProfile.TRUSTED_NATIVE;
import static dev.terrarium.internal.context.AccessTest.await;
import static dev.terrarium.internal.context.AccessTest.call;
import static dev.terrarium.internal.context.AccessTest.evaluateText;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.AccessException;
import dev.terrarium.error.PythonException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that a context refuses access by an exception which Python code sees: the code can clean
 * up, and is refused the same way the next time.
 */
@Tag("graalpy")
@Timeout(300)
class RefusalsTest {

  private static final Map<AccessProfile, PythonContext> CONTEXTS =
      new EnumMap<>(AccessProfile.class);

  private static PythonContext context(AccessProfile profile) {
    return CONTEXTS.computeIfAbsent(profile, AccessTest::make);
  }

  @AfterAll
  static void close() {
    CONTEXTS.values().forEach(context -> await(context.park()));
  }

  private static void execute(PythonContext context, String source) {
    evaluateText(context, "0"); // prepares the probe
    await(call(context, "probe", "execute", Map.of("source", source)));
  }

  private static void isRefusedTwice(AccessProfile profile, String expression) {
    isRefusedTwice(profile, expression, "PermissionError");
  }

  private static void isRefusedTwice(AccessProfile profile, String expression, String error) {
    PythonContext context = context(profile);
    String source =
        """
        log = []
        try:
            %s
        except %s:
            log.append('except')
            raise
        finally:
            log.append('finally')
        """
            .formatted(expression, error);
    for (int time = 1; time <= 2; time++) {
      assertThatThrownBy(() -> execute(context, source))
          .as("%s by %s, time %d", expression, profile, time)
          .hasCauseInstanceOf(AccessException.class)
          .hasMessageContaining("profile " + profile.word());
      assertThat(evaluateText(context, "log")).isEqualTo(List.of("except", "finally"));
      assertThat(await(context.check())).as(expression).isEqualTo(HealthStatus.SOUND);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "__import__('os').system('true')",
        "__import__('os').execv('/bin/true', ['true'])",
        "__import__('os').popen('true')",
        "__import__('subprocess').run(['/bin/true'])",
        "__import__('multiprocessing').Process(target=len).start()",
        "__import__('signal').raise_signal(2)",
        "__import__('signal').alarm(1)",
        "__import__('signal').setitimer(0, 0.01)",
      })
  void whatNoProfileGrants(String expression) {
    for (AccessProfile profile : AccessProfile.values()) {
      isRefusedTwice(profile, expression);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "__import__('threading').Thread(target=len, args=['']).start()",
        "__import__('threading').Timer(0.01, len, ['']).start()",
        "__import__('_thread').start_new_thread(len, ('',))",
        "__import__('concurrent.futures').futures.ThreadPoolExecutor(1).submit(len,"
            + " 'ab').result(5)",
        "__import__('multiprocessing.pool').pool.ThreadPool(1)",
        "__import__('faulthandler').dump_traceback_later(100)",
        "__import__('socket').socket()",
        "__import__('socket').socketpair()",
        "__import__('socket').create_connection(('127.0.0.1', 9), 5)",
        "__import__('socket').create_server(('127.0.0.1', 0))",
        "__import__('socket').getaddrinfo('localhost', 80)",
        "__import__('socket').gethostbyname('localhost')",
        "__import__('select').select([], [], [], 0)",
        "__import__('http.client').client.HTTPConnection('127.0.0.1', 9).request('GET', '/')",
        "__import__('asyncio').run(__import__('asyncio').sleep(0))",
      })
  void whatTheRestrictedIsNotGranted(String expression) {
    isRefusedTwice(RESTRICTED, expression);
  }

  /**
   * The exception is an ImportError in place of the PermissionError, for native extensions that are
   * optional.
   */
  @ParameterizedTest
  @EnumSource(names = {"RESTRICTED", "TRUSTED"})
  void nativeExtensionsAreRefusedByAnImportError(AccessProfile profile) {
    for (String expression :
        List.of(
            "__import__('termios')", "__import__('ctypes')", "__import__('_ctypes').dlopen('x')")) {
      isRefusedTwice(profile, expression, "ImportError");
    }
  }

  /** Python code sees any Java exception that is left in GraalPy, and the context goes on. */
  @ParameterizedTest
  @EnumSource
  void javaExceptionsWithinGraalPyAreSystemErrors(AccessProfile profile) {
    PythonContext context = context(profile);
    execute(
        context,
        """
        import resource
        log = []
        try:
            resource.getrlimit("x")
        except SystemError:
            log.append('except')
        finally:
            log.append('finally')
        """);

    assertThat(evaluateText(context, "log")).isEqualTo(List.of("except", "finally"));
    assertThatThrownBy(() -> evaluateText(context, "resource.getrlimit('x')"))
        .cause()
        .isInstanceOfSatisfying(
            PythonException.class, e -> assertThat(e.type()).isEqualTo("SystemError"))
        .hasMessageNotContaining("Java stack trace");
    assertThat(await(context.check())).isEqualTo(HealthStatus.SOUND);
  }

  @ParameterizedTest
  @EnumSource
  void handlersOfSignalsAreKeptAndNeverCalled(AccessProfile profile) {
    execute(
        context(profile),
        """
        import signal, threading
        assert threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGINT)
        assert before is signal.SIG_DFL, before
        assert signal.signal(signal.SIGINT, print) is before
        assert signal.getsignal(signal.SIGINT) is print
        assert signal.signal(signal.SIGINT, before) is print
        assert signal.getsignal(signal.SIGINT) is before
        signal.alarm(0), signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler, error in (2, None, TypeError), (99, print, ValueError), (9, print, OSError):
            try:
                signal.signal(number, handler)
            except error:
                pass
            else:
                raise AssertionError(number)
        """);
  }

  @Test
  void handlersOfSignalsAreForTheMainThreadOnly() {
    for (AccessProfile profile : List.of(TRUSTED, TRUSTED_NATIVE)) {
      execute(
          context(profile),
          """
          import asyncio, signal
          from concurrent.futures import ThreadPoolExecutor
          with ThreadPoolExecutor(1) as executor:
              failure = executor.submit(signal.signal, signal.SIGINT, print).exception()
          assert type(failure) is ValueError and "main thread" in str(failure), failure

          async def main():
              loop = asyncio.get_running_loop()
              loop.add_signal_handler(signal.SIGTERM, print)
              await asyncio.sleep(0)
              assert loop.remove_signal_handler(signal.SIGTERM)

          asyncio.run(main())
          """);
      assertThat(await(context(profile).check())).isNotEqualTo(HealthStatus.BROKEN);
    }
  }
}
