package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.terrarium.error.ConversionException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PythonException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.TestFunctions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests of failures in Python, and in Java that Python called, as the caller sees them. */
@GraalPyTest
class ErrorsTest {

  private final Terrarium terrarium;

  ErrorsTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  /** Checks that both contexts still answer, whichever of them failed. */
  @AfterEach
  void contextsStillAnswer() {
    for (int i = 0; i < 4; i++) {
      assertThat(terrarium.call("probe", "echo", Map.of("v", i))).isEqualTo((long) i);
    }
  }

  private @Nullable Object call(String command, Map<String, ?> arguments) {
    return terrarium.call("probe", command, arguments);
  }

  private PythonException failureOf(String expression) {
    return catchThrowableOfType(
        PythonException.class, () -> call("evaluate", Map.of("expression", expression)));
  }

  @Test
  void pythonExceptionHasTypeMessageAndFramesOfBothSides() throws IOException {
    PythonException e =
        catchThrowableOfType(
            PythonException.class, () -> call("fail", Map.of("message", "no such luck")));

    assertThat(e.type()).isEqualTo("terrarium_user_probe.ProbeError");
    assertThat(e.pythonMessage()).isEqualTo("no such luck");
    assertThat(e).hasMessage("terrarium_user_probe.ProbeError: no such luck");
    StackTraceElement[] frames = e.getStackTrace();
    assertThat(frames[0].getMethodName()).isEqualTo("_inner");
    assertThat(frames[0].getFileName()).isEqualTo("probe.py");
    assertThat(frames[0].getLineNumber()).isEqualTo(lineOf("raise ProbeError(message)"));
    assertThat(frames[1].getMethodName()).endsWith("fail");
    assertThat(frames[1].getLineNumber()).isEqualTo(lineOf("_inner(message)"));
    assertThat(frames[2].getClassName()).isEqualTo("terrarium.bridge.handlers");
    List<String> methods =
        Arrays.stream(frames)
            .map(frame -> frame.getClassName() + "." + frame.getMethodName())
            .toList();
    assertThat(methods)
        .contains(
            Terrarium.class.getName() + ".call",
            ErrorsTest.class.getName() + ".pythonExceptionHasTypeMessageAndFramesOfBothSides");
    assertThat(methods.indexOf(Terrarium.class.getName() + ".call")).isGreaterThan(2);
  }

  private static int lineOf(String code) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ErrorsTest.class.getResourceAsStream("/frameworks/probe.py"))) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().map(String::strip).toList().indexOf(code) + 1;
    }
  }

  @Test
  void exceptionWithoutAMessageIsItsType() {
    PythonException e = failureOf("next(iter([]))");

    assertThat(e).hasMessage("StopIteration");
    assertThat(e.pythonMessage()).isEmpty();
  }

  @Test
  void exceptionThatCannotBeDescribedIsReportedAsSuch() {
    PythonException e =
        catchThrowableOfType(PythonException.class, () -> call("fail_silently", Map.of()));

    assertThat(e.type()).isEqualTo("terrarium_user_probe.Silent");
    assertThat(e.pythonMessage()).isEqualTo("<no message: RuntimeError>");
  }

  @Test
  void exceptionThatIsItsOwnCauseComesBack() {
    PythonException e =
        catchThrowableOfType(
            PythonException.class,
            () ->
                call(
                    "execute",
                    Map.of(
                        "source",
                        """
                        try:
                            raise ValueError("round and round")
                        except ValueError as e:
                            raise e from e
                        """)));

    assertThat(e.type()).isEqualTo("ValueError");
  }

  @Test
  void exceptionsOfTheLibraryHaveTheirQualifiedName() {
    assertThat(failureOf("__import__('json').loads('{')").type())
        .isEqualTo("json.decoder.JSONDecodeError");
    assertThat(failureOf("{}['key']"))
        .hasMessage("KeyError: 'key'")
        .extracting(PythonException::type)
        .isEqualTo("KeyError");
  }

  @Test
  void causesAreChained() {
    String source =
        """
        def chained():
            try:
                try:
                    1 / 0
                except ZeroDivisionError:
                    {}["key"]
            except KeyError as error:
                raise ProbeError("outer") from error

        chained()
        """;
    PythonException e =
        catchThrowableOfType(
            PythonException.class, () -> call("execute", Map.of("source", source)));

    assertThat(e).hasMessage("terrarium_user_probe.ProbeError: outer");
    assertThat(e.getStackTrace()[0].getFileName()).isEqualTo("probe-source.py");
    assertThat(e.getStackTrace()[0].getLineNumber()).isEqualTo(8);
    assertThat(e.getCause())
        .isInstanceOf(PythonException.class)
        .hasMessage("KeyError: 'key'")
        .cause()
        .isInstanceOf(PythonException.class)
        .hasMessage("ZeroDivisionError: division by zero");
  }

  @Test
  void baseExceptionsAreThrownToo() {
    assertThat(failureOf("(_ for _ in ()).throw(KeyboardInterrupt('stop'))"))
        .hasMessage("KeyboardInterrupt: stop");
    assertThat(failureOf("(_ for _ in ()).throw(BaseException('base'))"))
        .hasMessage("BaseException: base");
  }

  @Test
  void exitInAHandlerEndsOnlyItsCall() {
    for (Object code : new Object[] {0, 3, "bye"}) {
      PythonException e =
          catchThrowableOfType(PythonException.class, () -> call("exit", Map.of("code", code)));

      assertThat(e).hasMessage("SystemExit: " + code);
      assertThat(e.type()).isEqualTo("SystemExit");
      assertThat(e.getStackTrace()[0].getFileName()).isEqualTo("probe.py");
    }
    assertThat(catchThrowable(() -> call("exit", Collections.singletonMap("code", null))))
        .isInstanceOf(PythonException.class);
  }

  @Test
  void exitOfTheProcessEndsOnlyItsCall() {
    assertThat(failureOf("__import__('os')._exit(3)")).hasMessage("SystemExit: 3");
  }

  @Test
  void endlessRecursionIsARecursionError() {
    for (int i = 0; i < 2; i++) {
      PythonException e =
          catchThrowableOfType(PythonException.class, () -> call("recurse", Map.of()));

      assertThat(e.type()).isEqualTo("RecursionError");
    }
  }

  @Test
  void javaExceptionIsRethrown() {
    ModelException thrown = new ModelException("the model is gone");
    TestFunctions.onCall(
        arguments -> {
          throw thrown;
        });

    assertThat(catchThrowable(() -> callHost("test.call"))).isSameAs(thrown);
    assertThat(Arrays.stream(thrown.getStackTrace()).map(StackTraceElement::getMethodName))
        .as("frames of the function, then those of the caller")
        .contains("javaExceptionIsRethrown", "callHost");
  }

  private @Nullable Object callHost(String name, Object... arguments) {
    return call("call_host", Map.of("name", name, "arguments", List.of(arguments)));
  }

  @Test
  void javaExceptionOfAnyClassIsRethrown() {
    IllegalStateException thrown = new IllegalStateException("not ready");
    TestFunctions.onCall(
        arguments -> {
          throw thrown;
        });

    assertThat(catchThrowable(() -> callHost("test.call"))).isSameAs(thrown);
  }

  @Test
  void javaExceptionThatPythonWrapsIsTheCause() {
    IllegalStateException thrown = new IllegalStateException("not ready");
    TestFunctions.onCall(
        arguments -> {
          throw thrown;
        });

    assertThat(catchThrowable(() -> call("wrap_host", Map.of("name", "test.call"))))
        .isInstanceOf(PythonException.class)
        .hasMessage("terrarium_user_probe.ProbeError: the host failed")
        .cause()
        .isSameAs(thrown);
  }

  @Test
  void terrariumExceptionIsRethrownEvenWhenPythonWrapsIt() {
    ModelException thrown = new ModelException("the model is gone");
    TestFunctions.onCall(
        arguments -> {
          throw thrown;
        });

    assertThat(catchThrowable(() -> call("wrap_host", Map.of("name", "test.call"))))
        .isSameAs(thrown);
  }

  @Test
  void javaErrorIsRethrown() {
    AssertionError thrown = new AssertionError("impossible");
    HostFunction failing =
        arguments -> {
          throw thrown;
        };
    TestFunctions.onCall(failing);
    Map<String, ?> callback = Map.of("function", failing, "arguments", List.of());

    assertThat(catchThrowable(() -> callHost("test.call"))).isSameAs(thrown);
    assertThat(catchThrowable(() -> call("apply", callback))).isSameAs(thrown);
    assertThat(call("apply_and_catch", callback))
        .isEqualTo(List.of("HostCallError", "args.function failed: impossible"));
  }

  @Test
  void replacedBuiltinsDoNotHideWhatWasRaised() {
    String replaceAll =
        """
        import builtins
        replace, failure = setattr, ProbeError("what was raised")
        for name in [each for each in vars(builtins) if not each.startswith("_")]:
            replace(builtins, name, None)
        raise failure
        """;
    String replaceOne = "import builtins; builtins.str = None; raise ProbeError(1)";
    for (String source : List.of(replaceAll, replaceOne)) {
      assertThat(catchThrowable(() -> call("execute", Map.of("source", source))))
          .isInstanceOfSatisfying(
              PythonException.class,
              e -> assertThat(e.type()).isEqualTo("terrarium_user_probe.ProbeError"))
          .hasMessageMatching(".*(what was raised|1)");
    }
  }

  @Test
  void hostFunctionGetsAndReturnsPlainData() {
    assertThat(callHost("test.echo", 1, "a", List.of(2.5), Map.of("k", true)))
        .isEqualTo(List.of(1L, "a", List.of(2.5), Map.of("k", true)));
  }

  @Test
  void hostFunctionThatPythonCallsWithOtherThanPlainDataIsNotReached() {
    assertThatThrownBy(() -> failing("host.call('test.echo', 1, object())"))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("argument 1"))
        .hasMessageContaining("of type object is not plain data");
  }

  private @Nullable Object failing(String expression) {
    return call("evaluate", Map.of("expression", expression));
  }

  @Test
  void hostFunctionThatReturnsOtherThanPlainDataIsRefused() {
    TestFunctions.onCall(arguments -> List.of(Thread.currentThread()));

    assertThatThrownBy(() -> callHost("test.call"))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("test.call[0]"));
  }

  @Test
  void unknownServiceIsReportedWithTheKnownOnes() {
    assertThatThrownBy(() -> callHost("test.none"))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("HostServiceError")
        .hasMessageContaining("'test.none'")
        .hasMessageContaining("test.echo");
  }

  @Test
  void hostFunctionMayCallAnotherContext() {
    TestFunctions.onCall(
        arguments -> terrarium.call("probe", "echo", Map.of("v", arguments.getFirst())));

    assertThat(callHost("test.call", "nested")).isEqualTo("nested");
  }
}
