package dev.terrarium.langgraph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Callback;
import dev.terrarium.PythonSource;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.PythonException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import dev.terrarium.testkit.Collector;
import dev.terrarium.testkit.FakeLanguageModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.h2.jdbcx.JdbcDataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of LangGraph in real contexts, two of them. */
@Tag("graalpy")
class GraphTest {

  // guide: langgraphRecords
  record Order(String item, int amount) {}

  record Handled(int total, boolean approved, List<String> log) {}

  record Question(String question, int total) {}

  // end
  private static final PythonSource ORDERS = PythonSource.fromResource("/orders.py");
  private static final PythonSource MORE = PythonSource.fromResource("/more_graphs.py");

  private static Terrarium terrarium;
  private static LangGraph langgraph;

  private final CheckpointSaver saver = new MemoryCheckpointSaver();

  @TempDir private Path folder = Path.of("");

  @BeforeAll
  static void start() {
    terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(2)
                .languageModel(FakeLanguageModel.of(request -> "It is tea."))
                .build());
    langgraph = terrarium.adapter(LangGraph.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  private static Graph<Order, Handled> orders() {
    return langgraph.graph(ORDERS, "builder", Order.class, Handled.class);
  }

  private static Graph<Map<String, ?>, Map<String, @Nullable Object>> more(String name) {
    return langgraph.graph(MORE, name);
  }

  private static List<?> got(Map<String, @Nullable Object> values) {
    return TypedReader.read(values.get("got"), List.class, "got");
  }

  @Test
  void recordsGoInAndComeOut() {
    // guide: langgraphCall
    Graph<Order, Handled> graph =
        terrarium
            .adapter(LangGraph.class)
            .graph(PythonSource.fromResource("/orders.py"), "builder", Order.class, Handled.class);
    Handled handled = graph.call(new Order("tea", 3));
    // end
    assertThat(handled).isEqualTo(new Handled(21, true, List.of("priced", "approved by itself")));
    assertThat(langgraph.graph(ORDERS, "builder").call(Map.of("item", "tea", "amount", 2)))
        .containsEntry("total", 14L)
        .containsEntry("approved", true);
  }

  @Test
  void humanAnswersAnInterrupt() {
    Graph<Order, Handled> graph = orders();
    // guide: langgraphInterrupt
    GraphThread<Order, Handled> thread = graph.thread("order-17", saver);
    Run<Handled> run = thread.invoke(new Order("tea", 20));
    Interrupt interrupt = run.interrupts().getFirst();
    Question question = interrupt.valueAs(Question.class); // Approve? 140
    Run<Handled> rest = thread.resume(true);
    Handled handled = rest.output();
    // end
    assertThat(run.isFinished()).isFalse();
    assertThat(run.next()).containsExactly("approve");
    assertThat(run.values()).containsEntry("total", 140L).doesNotContainKey("approved");
    assertThatThrownBy(run::output)
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("approved");
    assertThat(question).isEqualTo(new Question("Approve?", 140));
    assertThat(rest.isFinished()).isTrue();
    assertThat(handled).isEqualTo(new Handled(140, true, List.of("priced", "approved")));
    assertThatThrownBy(() -> thread.resume(true))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("'order-17' waits for no answer");
  }

  @Test
  void answersMayBeEmptyOrNull() {
    for (Object answer : new @Nullable Object[] {null, Map.of(), false, List.of(), "yes"}) {
      var thread = more("two_questions").thread("t", new MemoryCheckpointSaver());
      List<Interrupt> open = thread.invoke(Map.of("got", List.of())).interrupts();
      assertThat(open).extracting(Interrupt::value).containsExactlyInAnyOrder("one?", "two?");
      assertThatThrownBy(() -> thread.resume(answer))
          .isInstanceOf(ArgumentException.class)
          .hasMessageContaining(open.get(0).id())
          .hasMessageContaining(open.get(1).id());
      var one = thread.resumeAll(Map.of(open.get(0).id(), 1));
      assertThat(one.interrupts()).containsExactly(open.get(1));
      var all = thread.resume(answer);
      assertThat(all.interrupts()).isEmpty();
      assertThat(got(all.values())).hasSize(2);
      assertThat(got(all.values()).contains(answer)).isTrue();
    }
  }

  @Test
  void interruptWithoutThreadIsRefused() {
    assertThatThrownBy(() -> orders().call(new Order("tea", 20)))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("Approve?")
        .hasMessageContaining("run it in a thread");
  }

  @Test
  void endlessGraphReachesItsLimitAndGoesOn() {
    var thread = more("endless").withRecursionLimit(3).thread("t", saver);
    assertThatThrownBy(() -> thread.invoke(Map.of("got", List.of())))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("3")
        .hasMessageContaining("withRecursionLimit");
    assertThat(got(thread.state().orElseThrow().values())).hasSize(3);
    assertThatThrownBy(thread::proceed).isInstanceOf(LimitExceededException.class);
    var state = thread.state().orElseThrow();
    assertThat(got(state.values())).hasSizeGreaterThan(3);
    assertThat(state.next()).containsExactly("go");
  }

  @Test
  void nodeThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> more("lost").call(Map.of("got", List.of())))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("'go' goes to 'nowhere', which is no node");
  }

  @Test
  void partsAreTyped() throws Exception {
    Graph<Order, Handled> graph = orders();
    // guide: langgraphStream
    Flow.Publisher<StreamPart<Handled>> parts =
        graph.stream(
            new Order("tea", 3), Set.of(StreamMode.VALUES, StreamMode.UPDATES, StreamMode.CUSTOM));
    // end
    List<StreamPart<Handled>> all = Collector.all(parts);
    assertThat(all)
        .filteredOn(part -> part instanceof StreamPart.Custom)
        .containsExactly(new StreamPart.Custom<>(Map.of("looked_up", "tea")));
    assertThat(all)
        .filteredOn(part -> part instanceof StreamPart.Update)
        .extracting(part -> ((StreamPart.Update<Handled>) part).node())
        .containsExactly("price", "approve");
    assertThat(all).filteredOn(part -> part instanceof StreamPart.Values).hasSize(3);
    assertThat(
            all.getLast() instanceof StreamPart.Ended<Handled> ended ? ended.run().output() : null)
        .isEqualTo(new Handled(21, true, List.of("priced", "approved by itself")));
  }

  @Test
  void messagesOfModelsAreStreamed() throws Exception {
    var graph = more("chats");
    Map<String, ?> hello =
        Map.of("messages", List.of(Map.of("role", "user", "content", "What is it?")));
    List<StreamPart<Map<String, @Nullable Object>>> all =
        Collector.all(graph.stream(hello, Set.of(StreamMode.MESSAGES)));
    StringBuilder text = new StringBuilder();
    for (var part : all) {
      if (part instanceof StreamPart.Message<Map<String, @Nullable Object>> message) {
        assertThat(message.node()).isEqualTo("chat");
        text.append(message.text());
      }
    }
    assertThat(text).hasToString("It is tea.");
    assertThat(all.size()).isGreaterThan(2);

    // Messages are kept and come back as messages.
    var thread = graph.thread("t", saver);
    thread.invoke(hello);
    assertThat((List<?>) thread.invoke(hello).values().get("messages")).hasSize(4);
  }

  @Test
  void threadHasAHistoryThatCanBeRunAgain() {
    GraphThread<Order, Handled> thread = orders().thread("order-18", saver);
    thread.invoke(new Order("tea", 3));
    // guide: langgraphHistory
    List<StateSnapshot<Handled>> history = thread.history(); // the latest first
    StateSnapshot<Handled> priced =
        history.stream()
            .filter(state -> state.next().contains("approve"))
            .findFirst()
            .orElseThrow();
    String changed = thread.at(priced.checkpoint()).update(Map.of("total", 500));
    Run<Handled> other = thread.at(changed).proceed(); // which asks, since 500 is much
    // end
    assertThat(history)
        .extracting(StateSnapshot::next)
        .containsExactly(List.of(), List.of("approve"), List.of("price"), List.of("__start__"));
    assertThat(history.get(0).output().total()).isEqualTo(21);
    assertThat(history.get(0).parent()).contains(history.get(1).checkpoint());
    assertThat(history.get(3).parent()).isEmpty();
    assertThat(other.interrupts()).hasSize(1);
    assertThat(thread.state().orElseThrow().values()).containsEntry("total", 500L);
    assertThat(thread.resume(false).output())
        .isEqualTo(new Handled(500, false, List.of("priced", "refused")));
    assertThat(thread.history(2)).hasSize(2);
    assertThatThrownBy(() -> thread.at("none").proceed())
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("has no checkpoint 'none'");
    thread.delete();
    assertThat(thread.state()).isEmpty();
    assertThatThrownBy(thread::proceed)
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("no checkpoint to go on from");
  }

  @Test
  void stateHoldsClassesOfTheCode() {
    var thread = more("rich").thread("t", saver);
    assertThat(thread.invoke(Map.of("seen", List.of())).values())
        .containsEntry("seen", List.of("Shape", "Point", "Mood", "date", "set"));
    var before = thread.history().stream().filter(each -> each.next().contains("look")).findFirst();
    var again = thread.at(before.orElseThrow().checkpoint()).proceed();
    assertThat(again.values())
        .containsEntry("seen", List.of("Shape", "Point", "Mood", "date", "set"));
  }

  @Test
  void stateThatCannotBeKeptIsNamed() {
    assertThatThrownBy(() -> more("unkept").thread("t", saver).invoke(Map.of("seen", List.of())))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("cannot be kept");
  }

  @Test
  void checkpointThatIsDamagedIsNamed() {
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL("jdbc:h2:" + folder.resolve("checkpoints"));
    // guide: langgraphSaver
    CheckpointSaver saver = new JdbcCheckpointSaver(dataSource).createTables();
    // end
    var thread = orders().thread("order-19", saver);
    thread.invoke(new Order("tea", 20));
    StoredCheckpoint whole = saver.get("order-19", "", null).orElseThrow();
    saver.put(
        new StoredCheckpoint(
            whole.thread(),
            whole.namespace(),
            whole.id(),
            whole.parent(),
            Arrays.copyOf(whole.checkpoint(), 100),
            whole.metadata(),
            List.of()));
    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            () -> thread.resume(true), thread::state, thread::history, thread::proceed)) {
      assertThatThrownBy(use)
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining(whole.id())
          .hasMessageContaining("'order-19'")
          .hasMessageContaining("its bytes are damaged");
    }
    saver.put(whole);
    assertThat(thread.resume(true).output().approved()).isTrue();
  }

  @Test
  void nodesCallJavaByTheirContext() {
    // guide: langgraphContext
    HostFunction priceOf = Callback.of(String.class, item -> item.equals("tea") ? 7 : 9);
    Graph<Map<String, ?>, Map<String, @Nullable Object>> offers =
        langgraph
            .graph(PythonSource.fromResource("/more_graphs.py"), "offers")
            .withContext(Map.of("currency", "EUR", "price_of", priceOf));
    Object text = offers.call(Map.of("item", "tea")).get("text"); // tea for 7 EUR
    // end
    assertThat(text).isEqualTo("tea for 7 EUR");
  }

  @Test
  void runThatWasStoppedGoesOn() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    HostFunction never =
        Callback.of(
            () -> {
              begun.countDown();
              return false;
            });
    var stopped = more("slow").withContext(Map.of("may_go_on", never)).thread("t", saver);
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Thread caller =
        Thread.startVirtualThread(
            () -> {
              try {
                stopped.invoke(Map.of("log", List.of()));
              } catch (RuntimeException e) {
                failure.complete(e);
              }
            });
    await(begun);
    caller.interrupt();
    assertThat(failure.get()).isInstanceOf(CallInterruptedException.class);

    HostFunction atOnce = Callback.of(() -> true);
    var thread = more("slow").withContext(Map.of("may_go_on", atOnce)).thread("t", saver);
    assertThat(thread.state().orElseThrow().next()).containsExactly("work");
    assertThat(thread.proceed().values()).containsEntry("log", List.of("a", "worked"));
  }

  @Test
  void failureOfANodeHasItsLine() {
    assertThatThrownBy(() -> more("failing").call(Map.of("effects", "")))
        .isInstanceOf(PythonException.class)
        .hasMessage("ValueError: no stock")
        .satisfies(
            failure ->
                assertThat(failure.getStackTrace())
                    .anySatisfy(
                        frame -> {
                          assertThat(frame.getFileName()).isEqualTo("more_graphs.py");
                          assertThat(frame.getMethodName()).isEqualTo("broken");
                        }));
  }

  @Test
  void runsOfASessionWaitForEachOther() {
    Graph<Order, Handled> graph = orders().with(terrarium.session("order-20").options());
    GraphThread<Order, Handled> thread = graph.thread("order-20", saver);
    List<CompletableFuture<Run<Handled>>> runs =
        Stream.generate(
                () -> CompletableFuture.supplyAsync(() -> thread.invoke(new Order("tea", 1))))
            .limit(4)
            .toList();
    runs.forEach(CompletableFuture::join);
    assertThat(thread.state().orElseThrow().output().log()).hasSize(8);
  }

  @Test
  void otherContextGoesOnAfterAnInterrupt() throws Exception {
    var thread = more("places").thread("t", saver);
    Object first = log(thread.invoke(Map.of("log", List.of())).values()).getFirst();

    Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
    CountDownLatch both = new CountDownLatch(2);
    HostFunction hold =
        Callback.of(
            String.class,
            here -> {
              CountDownLatch until = held.computeIfAbsent(here, each -> new CountDownLatch(1));
              both.countDown();
              await(until);
              return null;
            });
    var holding = more("holding").withContext(Map.of("hold", hold));
    List<CompletableFuture<?>> calls =
        List.of(
            holding.callAsync(Map.of("log", List.of())),
            holding.callAsync(Map.of("log", List.of())));
    await(both); // now both contexts are in use
    held.entrySet().stream()
        .filter(each -> !each.getKey().equals(first))
        .forEach(each -> each.getValue().countDown());
    CompletableFuture.anyOf(calls.toArray(CompletableFuture[]::new)).join();
    List<?> log = log(thread.resume("yes").values());
    held.values().forEach(CountDownLatch::countDown);
    CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new)).join();

    assertThat(held).hasSize(2);
    assertThat(log).hasSize(3);
    assertThat(log.get(1)).isEqualTo("yes");
    assertThat(log.getLast()).isNotEqualTo(first).isIn(held.keySet());
  }

  private static List<?> log(Map<String, @Nullable Object> values) {
    return TypedReader.read(values.get("log"), List.class, "log");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
