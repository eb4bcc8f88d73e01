package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.CallbackEndedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.StreamIdleException;
import dev.terrarium.error.UnknownCommandException;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.testing.CountingModel;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.Reader;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of batches, concurrent calls, streams and callbacks. */
@GraalPyTest
class ManyCallsTest {

  private final Terrarium terrarium;
  private final Adapter probe;

  ManyCallsTest(Terrarium terrarium) {
    this.terrarium = terrarium;
    this.probe = terrarium.adapter("probe");
  }

  private static Command<@Nullable Object> echo(Object value) {
    return Command.of("echo", Map.of("v", value));
  }

  private static Command<@Nullable Object> fail(String message) {
    return Command.of("fail", Map.of("message", message));
  }

  private static Command<@Nullable Object> execute(String source) {
    return Command.of("execute", Map.of("source", source));
  }

  // ------------------------------------------------------------------ batches

  @Test
  void batchAnswersInOrderAndOneFailureDoesNotLoseTheRest() {
    List<CallResult<@Nullable Object>> results =
        probe.batch(List.of(echo(1), fail("second"), Command.of("ecko", Map.of()), echo("four")));

    assertThat(results).hasSize(4);
    assertThat(results.get(0).value()).isEqualTo(1L);
    assertThat(results.get(3).value()).isEqualTo("four");
    assertThatThrownBy(() -> results.get(1).value())
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("second");
    assertThatThrownBy(() -> results.get(2).value())
        .isInstanceOf(UnknownCommandException.class)
        .hasMessageContaining("echo");
  }

  @Test
  void batchIsOneVisitToOneContext() {
    long before = calls();
    List<CallResult<@Nullable Object>> results =
        probe.batch(
            Collections.nCopies(
                20, Command.of("evaluate", Map.of("expression", "id(sys.modules)"))));

    assertThat(results.stream().map(CallResult::value).distinct()).hasSize(1);
    assertThat(calls() - before).isEqualTo(1);
  }

  private long calls() {
    return terrarium.stats().pool().contexts().stream().mapToLong(each -> each.calls()).sum();
  }

  @Test
  void batchMayStopAtItsFirstFailure() {
    List<CallResult<@Nullable Object>> results =
        probe
            .with(CallOptions.ofDefaults().withStopOnFailure())
            .batch(List.of(echo(1), fail("here"), echo(3)));

    assertThat(results).hasSize(3);
    assertThat(results.get(0).isSuccess()).isTrue();
    assertThat(results.get(1)).isInstanceOf(CallResult.Failure.class);
    assertThat(results.get(2)).isInstanceOf(CallResult.Skipped.class);
  }

  @Test
  void batchThatPassesItsDeadlineKeepsWhatIsDone() {
    List<CallResult<@Nullable Object>> results =
        probe
            .with(CallOptions.deadline(Duration.ofSeconds(2)))
            .batch(List.of(echo(1), execute("while True: pass"), echo(3)));

    assertThat(results.get(0).value()).isEqualTo(1L);
    assertThatThrownBy(() -> results.get(1).value()).isInstanceOf(CallTimeoutException.class);
    assertThatThrownBy(() -> results.get(2).value()).isInstanceOf(CallTimeoutException.class);
    assertThat(probe.call("echo", Map.of("v", "well"))).isEqualTo("well");
  }

  @Test
  void changesOfABatchsCommandsAreRestored() {
    probe.batch(List.of(execute("import builtins; builtins.len = None; 1/0"), echo(1)));

    assertThat(terrarium.adapter("probe").callAll(Collections.nCopies(4, echo(List.of(1)))))
        .allMatch(CallResult::isSuccess);
    assertThat(
            probe.callAll(
                Collections.nCopies(
                    4, Command.of("evaluate", Map.of("expression", "len([1, 2])")))))
        .extracting(CallResult::value)
        .containsOnly(2L);
  }

  @Test
  void emptyBatchNeedsNoContext() {
    long before = calls();

    assertThat(probe.batch(List.of())).isEmpty();
    assertThat(probe.callAll(List.of())).isEmpty();
    assertThat(calls()).isEqualTo(before);
  }

  @Test
  void oversizedBatchIsRefusedWithTheFigures() {
    assertThatThrownBy(() -> probe.batch(Collections.nCopies(10_001, echo(1))))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("10001 commands are more than the 10000");
  }

  // ------------------------------------------------------------------ all at once

  @Test
  void callAllUsesAllContextsAtOnce() {
    CyclicBarrier both = new CyclicBarrier(2);
    TestFunctions.onCall(
        arguments -> {
          try {
            both.await(30, TimeUnit.SECONDS); // two contexts must be in it at once
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          return "met";
        });
    Command<@Nullable Object> meet =
        Command.of("call_host", Map.of("name", "test.call", "arguments", List.of()));

    assertThat(probe.callAll(List.of(meet, meet, meet, meet)))
        .extracting(CallResult::value)
        .containsExactly("met", "met", "met", "met");
  }

  @Test
  void callAllMayStopAtItsFirstFailure() {
    // More than the other context runs until the first one, which takes longer, has failed.
    int many = 10_000;
    List<Command<@Nullable Object>> commands = new ArrayList<>(Collections.nCopies(many, echo(1)));
    commands.set(0, fail("here"));

    List<CallResult<@Nullable Object>> results =
        probe.with(CallOptions.ofDefaults().withStopOnFailure()).callAll(commands);

    assertThat(results).hasSize(many);
    assertThat(results.getFirst()).isInstanceOf(CallResult.Failure.class);
    assertThat(results.getLast()).isInstanceOf(CallResult.Skipped.class);
  }

  @Test
  void callAllKeepsTheOrder() {
    List<Command<@Nullable Object>> commands =
        IntStream.range(0, 200).mapToObj(i -> i % 10 == 3 ? fail("x") : echo(i)).toList();

    List<CallResult<@Nullable Object>> results = probe.callAll(commands);

    for (int i = 0; i < 200; i++) {
      if (i % 10 == 3) {
        assertThat(results.get(i)).isInstanceOf(CallResult.Failure.class);
      } else {
        assertThat(results.get(i).value()).isEqualTo((long) i);
      }
    }
  }

  @Test
  void interruptedCallerOfAllStopsThem() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    TestFunctions.onCall(
        arguments -> {
          inside.countDown();
          return null;
        });
    Task<?> caller =
        Task.of(
            () ->
                probe.callAll(
                    Collections.nCopies(10, execute("host.call('test.call')\nwhile True: pass"))));
    Task.await(inside);
    caller.interrupt();

    assertThat(caller.failure()).hasMessageContaining("Interrupted");
  }

  // ------------------------------------------------------------------ streams

  @Test
  void generatorIsReadAsItIsRequested() throws Exception {
    List<Object> closings = closings();
    Reader reader =
        Reader.of(probe.stream(Command.of("count_to", Map.of("n", 1_000)))).request(3).until(3);

    assertThat(reader.pieces).containsExactly(0L, 1L, 2L);
    assertThat(closings).isEmpty();
    reader.request(Long.MAX_VALUE);
    assertThat(reader.end()).isNull();
    assertThat(reader.pieces)
        .isEqualTo(IntStream.range(0, 1_000).mapToObj(i -> (Object) (long) i).toList());
    assertThat(closings).hasSize(1);
  }

  private static List<Object> closings() {
    List<Object> closings = new CopyOnWriteArrayList<>();
    TestFunctions.onCall(
        arguments -> {
          closings.add(arguments);
          return null;
        });
    return closings;
  }

  @Test
  void cancelledStreamClosesItsGenerator() {
    List<Object> closings = closings();
    Reader reader =
        Reader.of(probe.stream(Command.of("count_to", Map.of("n", 1_000_000_000))))
            .request(2)
            .until(2);
    reader.cancel();

    Task.until("its context is back", () -> terrarium.stats().pool().active() == 0);
    assertThat(closings.size()).isLessThanOrEqualTo(1); // not when it was stopped between pieces
    assertThat(probe.call("echo", Map.of("v", 1))).isEqualTo(1L);
  }

  @Test
  void failingGeneratorFailsItsStream() throws Exception {
    Reader reader =
        Reader.of(probe.stream(Command.of("count_and_fail", Map.of("n", 2))))
            .request(Long.MAX_VALUE);

    assertThat(reader.end()).isInstanceOf(PythonException.class).hasMessageContaining("no more");
    assertThat(reader.pieces).containsExactly(0L, 1L);
  }

  @Test
  void commandThatIsNoGeneratorIsOnePiece() throws Exception {
    Reader reader =
        Reader.of(probe.stream(Command.of("echo", Map.of("v", List.of(1, 2))))).request(5);

    assertThat(reader.end()).isNull();
    assertThat(reader.pieces).containsExactly(List.of(1L, 2L));
  }

  @Test
  void streamOfAnUnknownCommandFails() throws Exception {
    Reader reader = Reader.of(probe.stream(Command.of("cont_to", Map.of()))).request(1);

    assertThat(reader.end()).isInstanceOf(UnknownCommandException.class);
  }

  @Test
  void deadlineEndsAStream() throws Exception {
    closings();
    Reader reader =
        Reader.of(
                probe.with(CallOptions.deadline(Duration.ofSeconds(2))).stream(
                    Command.of("count_to", Map.of("n", 1_000_000_000))))
            .request(1)
            .until(1);
    reader.request(Long.MAX_VALUE);

    assertThat(reader.end()).isInstanceOf(CallTimeoutException.class);
  }

  @Test
  void piecesAreReadAsTheStreamIsTold() throws Exception {
    List<Object> closings = closings();
    Reader reader =
        Reader.of(probe.stream(Command.of("count_to", Map.of("n", 3)).map(piece -> "no. " + piece)))
            .request(5);

    assertThat(reader.end()).isNull();
    assertThat(reader.pieces).containsExactly("no. 0", "no. 1", "no. 2");
    assertThat(closings).hasSize(1);
  }

  @Test
  void pieceThatCannotBeReadFailsTheStreamAndClosesItsGenerator() throws Exception {
    List<Object> closings = closings();
    Reader reader =
        Reader.of(
                probe.stream(
                    Command.of("count_to", Map.of("n", 1_000_000_000))
                        .map(
                            piece -> {
                              if (piece.equals(2L)) {
                                throw new ConversionException("piece", "it is two");
                              }
                              return piece;
                            })))
            .request(Long.MAX_VALUE);

    assertThat(reader.end())
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("it is two");
    assertThat(reader.pieces).containsExactly(0L, 1L);
    assertThat(closings).hasSize(1);
  }

  // ------------------------------------------------------------------ streams of language models

  private static final CountingModel COUNTING = SharedTerrarium.COUNTING;

  /** Returns what a command of the probe yields from an answer of {@link #COUNTING}. */
  private static Flow.Publisher<Object> counting(Adapter probe, String command, String ask, int n) {
    COUNTING.begin();
    Map<String, ?> request =
        Map.of(
            "model",
            COUNTING.name(),
            "max_tokens",
            n,
            "messages",
            List.of(Map.of("role", "user", "content", ask)));
    return probe.stream(Command.of(command, Map.of("request", request)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ask", "push"})
  void answerIsStreamedInPiecesAndThenReturnedAsAWhole(String command) throws Exception {
    Reader reader = Reader.of(counting(probe, command, "count", 40)).request(Long.MAX_VALUE);

    assertThat(reader.end()).isNull();
    assertThat(reader.pieces).hasSize(41).startsWith("0 ", "1 ", "2 ");
    assertThat(reader.pieces.getLast())
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry(
            "text", String.join("", IntStream.range(0, 40).mapToObj(i -> i + " ").toList()))
        .containsEntry("completion_tokens", 40L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ask", "push"})
  void backPressureReachesTheModelAndCancelStopsIt(String command) throws Exception {
    Reader reader =
        Reader.of(counting(probe, command, "count", Integer.MAX_VALUE)).request(2).until(2);
    int ahead = 64 + 16 + 1; // both buffers are full, and one piece is on its way
    Task.until("the model waits", () -> COUNTING.given.get() == 2 + ahead);
    reader.request(1).until(3);
    Task.until("one more", () -> COUNTING.given.get() == 3 + ahead);
    reader.cancel();

    assertThat(COUNTING.stopped()).isInstanceOf(CallInterruptedException.class);
    Task.until("its context is back", () -> terrarium.stats().pool().active() == 0);
    assertThat(COUNTING.given).hasValue(3 + ahead);
    assertThat(probe.call("echo", Map.of("v", 1))).isEqualTo(1L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ask", "push"})
  void streamFailsWithTheExceptionOfItsModelMidway(String command) throws Exception {
    Reader reader = Reader.of(counting(probe, command, "fail", 2)).request(5);

    assertThat(reader.end()).isSameAs(COUNTING.stopped()).isInstanceOf(ModelException.class);
    assertThat(reader.pieces).containsExactly("0 ", "1 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ask", "push"})
  void deadlineStopsAModelMidway(String command) throws Exception {
    Adapter hurried = probe.with(CallOptions.deadline(Duration.ofSeconds(1)));
    Reader reader = Reader.of(counting(hurried, command, "hang", 2)).request(5).until(2);

    assertThat(reader.end()).isInstanceOf(CallTimeoutException.class);
    assertThat(COUNTING.stopped()).isInstanceOf(InterruptedException.class);
    Task.until("its context is back", () -> terrarium.stats().pool().active() == 0);
    assertThat(probe.call("echo", Map.of("v", 1))).isEqualTo(1L);
  }

  @Test
  void modelOfAStreamThatNobodyReadsIsStopped() throws Exception {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1)
            .streamIdleTimeout(Duration.ofMillis(1))
            .languageModel(COUNTING)
            .build();
    try (Terrarium own = Terrarium.start(config).register(SharedTerrarium.probe())) {
      Reader reader =
          Reader.of(counting(own.adapter("probe"), "ask", "count", Integer.MAX_VALUE)).request(1);

      assertThat(COUNTING.stopped()).isInstanceOf(CallInterruptedException.class);
      reader.request(Long.MAX_VALUE);
      assertThat(reader.end()).isInstanceOf(StreamIdleException.class);
    }
  }

  @Test
  void answerThatPythonForgetsEndsWithTheCall() throws Exception {
    COUNTING.begin();
    probe.call(
        "execute",
        Map.of(
            "source",
            """
            kept = host.stream_model({
                "model": "counting", "messages": [{"role": "user", "content": "count"}]})
            first = next(kept)
            """));

    assertThat(COUNTING.stopped()).isInstanceOf(CallInterruptedException.class);
    assertThatThrownBy(() -> probe.call("evaluate", Map.of("expression", "list(kept)")))
        .hasMessageContaining("given up");
  }

  // ------------------------------------------------------------------ call-backs

  private @Nullable Object apply(String command, HostFunction function, Object... arguments) {
    return probe.call(command, Map.of("function", function, "arguments", List.of(arguments)));
  }

  record Point(int x, int y) {}

  private record AtLeast(double bound) implements HostFunction {
    @Override
    public Object call(List<@Nullable Object> arguments) {
      return arguments.getFirst() instanceof Number number && number.doubleValue() >= bound;
    }
  }

  private enum Metric implements HostFunction {
    LENGTH;

    @Override
    public Object call(List<@Nullable Object> arguments) {
      return String.valueOf(arguments.getFirst()).length();
    }
  }

  @Test
  void recordsAndEnumsCanBeCallbacks() {
    assertThat(apply("apply", new AtLeast(0.5), 0.6)).isEqualTo(true);
    assertThat(apply("apply", Metric.LENGTH, "four")).isEqualTo(4L);
  }

  @Test
  void callbackGetsTypedArguments() {
    HostFunction sum = Callback.of(Point.class, Integer.class, (point, by) -> point.x() * by);

    assertThat(apply("apply", sum, new Point(3, 4), 5)).isEqualTo(15L);
    assertThat(apply("apply", Callback.of(() -> new Point(1, 2))))
        .isEqualTo(Map.of("x", 1L, "y", 2L));
    assertThat(apply("apply", Callback.of(String.class, String::length), "four")).isEqualTo(4L);
  }

  @Test
  void callbacksExceptionReachesPythonAndTheJavaCaller() {
    IllegalStateException own = new IllegalStateException("mine");
    HostFunction throwing =
        Callback.of(
            () -> {
              throw own;
            });

    assertThat(apply("apply_and_catch", throwing))
        .isEqualTo(List.of("HostCallError", "args.function failed: mine"));
    assertThatThrownBy(() -> apply("apply", throwing))
        .satisfies(
            e ->
                assertThat(e == own || e.getCause() == own || hasCause(e, own))
                    .as("%s", e)
                    .isTrue());
  }

  @Test
  void pythonReadsWhyLanguageModelFailed() {
    for (ModelException.Kind kind : ModelException.Kind.values()) {
      HostFunction failing =
          Callback.of(
              () -> {
                throw new ModelException(kind, "not now", null);
              });
      assertThat(apply("kind_of_failure", failing))
          .isEqualTo(kind == ModelException.Kind.OTHER ? "" : kind.name());
    }
  }

  private static boolean hasCause(Throwable e, Throwable wanted) {
    Throwable each = e;
    while (each != null && each != wanted) {
      each = each.getCause();
    }
    return each != null;
  }

  @Test
  void callbackWithAResultThatCannotBeConvertedIsNamed() {
    HostFunction wrong = Callback.of(Thread::currentThread);

    assertThatThrownBy(() -> apply("apply", wrong))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("args.function(): result")
        .hasMessageContaining("has no Python form");
  }

  @Test
  void callbackThatIsCalledWronglyIsNamed() {
    HostFunction length = Callback.of(String.class, String::length);

    assertThatThrownBy(() -> apply("apply", length))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("takes 1, and was called with 0");
    assertThatThrownBy(() -> apply("apply", length, List.of()))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("argument 0");
  }

  private static final String KEEPING =
      """
      from terrarium.bridge import BaseBridge, HostCallError, Pushed, handler

      class Keeping(BaseBridge):
          framework = "keeping"

          @handler
          def keep(self, function):
              self.function = function
              return function("now")

          @handler
          def use(self):
              return self.function("later")

          @handler
          def use_and_catch(self):
              try:
                  return self.function("later")
              except HostCallError as error:
                  return str(error)

          @handler
          def push(self):
              def run(emit):
                  self.function = emit
                  emit("now")
              return Pushed(run)
      """;

  @Test
  void functionsThatPythonKeptEndWithTheirCall() throws Exception {
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).build();
    try (Terrarium one = Terrarium.start(config)) {
      one.register(Framework.fromSource("keeping", KEEPING, "keeping.py"));
      List<String> got = new CopyOnWriteArrayList<>();
      HostFunction add = Callback.of(String.class, got::add);
      Adapter keeping = one.adapter("keeping");

      assertThat(keeping.call("keep", Map.of("function", add))).isEqualTo(true);
      assertThatThrownBy(() -> keeping.call("use", Map.of()))
          .isInstanceOf(CallbackEndedException.class)
          .hasMessageContaining("'args.function' ended with the call");
      Command<@Nullable Object> keep = Command.of("keep", Map.of("function", add));
      List<CallResult<@Nullable Object>> both =
          keeping.batch(List.of(keep, Command.of("use_and_catch", Map.of())));
      assertThat((String) both.get(1).value()).contains("ended with the call");
      Reader reader =
          Reader.of(keeping.stream(Command.of("push", Map.of()))).request(Long.MAX_VALUE);
      assertThat(reader.end()).isNull();
      assertThat((String) keeping.call("use_and_catch", Map.of())).contains("'stream' ended");
      assertThat(got).containsExactly("now", "now");
    }
  }

  @Test
  void callbackMayMakeCalls() {
    HostFunction nested =
        Callback.of(
            Integer.class,
            n -> probe.call(Command.of("echo", Map.of("v", n + 1)).as(Integer.class)));

    assertThat(apply("apply", nested, 1)).isEqualTo(2L);
    HostFunction all = Callback.of(() -> probe.callAll(List.of(echo(1), echo(2))).get(1).value());
    assertThat(apply("apply", all)).isEqualTo(2L);
    HostFunction batch = Callback.of(() -> probe.batch(List.of(echo(1), echo(3))).get(1).value());
    assertThat(apply("apply", batch)).isEqualTo(3L);
  }

  @Test
  void callbackThatBlocksIsEndedByTheDeadline() {
    CountDownLatch never = new CountDownLatch(1);
    HostFunction blocking =
        Callback.of(
            () -> {
              try {
                return never.await(30, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });

    assertThatThrownBy(
            () ->
                probe
                    .with(CallOptions.deadline(Duration.ofSeconds(1)))
                    .call("apply", Map.of("function", blocking, "arguments", List.of())))
        .isInstanceOf(CallTimeoutException.class);
    never.countDown();
  }

  // ------------------------------------------------------------------ adapters

  /** A facade of the test's own. */
  record Echo(Adapter adapter) {}

  @Test
  void adaptersAreMadeOnceAndUsersAddTheirOwn() {
    assertThat(terrarium.adapter("probe")).isSameAs(probe);
    terrarium.register(
        new AdapterFactory<Echo>() {
          @Override
          public Class<Echo> type() {
            return Echo.class;
          }

          @Override
          public String framework() {
            return "probe";
          }

          @Override
          public Echo create(Adapter adapter) {
            return new Echo(adapter);
          }
        });

    assertThat(terrarium.adapter(Echo.class)).isSameAs(terrarium.adapter(Echo.class));
    assertThat(terrarium.adapter(Echo.class).adapter().call("echo", Map.of("v", 7))).isEqualTo(7L);
  }
}
