package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.RlmTrace.Step;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ToolException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tool.OnFailure;
import dev.terrarium.tool.Tools;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real dspy.RLM in one real context, on a scripted model. */
@Tag("graalpy")
class RlmTest {

  record Document(String text, String word) {}

  @Describe("Find the word in the text.")
  record Found(int count, List<Integer> places) {}

  record Order(String item, LocalDate day, List<Line> lines) {}

  record Line(String product, double price) {}

  record Sum(double total, String ordered) {}

  record Query(String product) {}

  private static final Document DOCUMENT = new Document("a needle and a needle", "needle");
  private static final Deque<String> CODE = new ArrayDeque<>();
  private static final List<ChatRequest> REQUESTS = Collections.synchronizedList(new ArrayList<>());

  private static Terrarium terrarium;
  private static Dspy dspy;

  @BeforeAll
  static void start() {
    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              REQUESTS.add(request);
              String last = request.messages().getLast().content();
              if (last.startsWith("echo ")) {
                return last.substring("echo ".length());
              }
              String code = CODE.poll();
              if (code == null) {
                throw new IllegalStateException("the script is over");
              }
              return code;
            });
    terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(1)
                .codeSessions(2)
                .codeTimeout(Duration.ofSeconds(20))
                .languageModel(scripted)
                .build());
    dspy = terrarium.adapter(Dspy.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  @AfterEach
  void nothingIsLeftBehind() {
    while (terrarium.stats().pool().leased() > 0 || codeRuns()) {
      Thread.onSpinWait();
    }
    assertThat(terrarium.stats().pool().pending()).isZero();
    CODE.clear();
    REQUESTS.clear();
  }

  private static boolean codeRuns() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().startsWith("terrarium-code-"));
  }

  private static void script(String... codes) {
    for (String code : codes) {
      CODE.add(
          "{\"reasoning\": \"I look.\", \"code\": \"%s\"}"
              .formatted(code.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")));
    }
  }

  @Test
  void codeLooksAtATextOfTenMillionCharacters() {
    String text = "needle" + "hay ".repeat(2_500_000) + "needle";
    script(
        "import re\nplaces = [m.start() for m in re.finditer(word, text)]\nprint(len(text))",
        "places",
        "SUBMIT(len(places), places)");
    RlmTrace<Found> trace =
        dspy.rlm(Document.class, Found.class).trace(new Document(text, "needle"));

    assertThat(trace.outputs()).isEqualTo(new Found(2, List.of(0, 10_000_006)));
    assertThat(trace.steps())
        .extracting(Step::output)
        .containsExactly(
            "10000012\n", "0\n10000006", "FINAL: {'count': 2, 'places': [0, 10000006]}");
    assertThat(trace.steps().getLast().code()).isEqualTo("SUBMIT(len(places), places)");
    assertThat(trace.usage().completionTokens()).isPositive();
    assertThat(REQUESTS)
        .allSatisfy(
            request ->
                assertThat(request.messages().stream().mapToInt(m -> m.content().length()).sum())
                    .isLessThan(30_000));
  }

  @Test
  void codeAsksTheModelSeveralQuestionsAtOnce() {
    script(
        """
        answers = llm_query_batched([f"echo {i}" for i in range(20)])
        SUBMIT(int(llm_query("echo 7")), [int(answer) for answer in answers])\
        """);

    assertThat(dspy.rlm(Document.class, Found.class).call(DOCUMENT).places())
        .isEqualTo(IntStream.range(0, 20).boxed().toList());

    script("llm_query_batched(['echo 1', 'echo 2'])", "SUBMIT(1, [])");
    assertThat(
            dspy.rlm(Document.class, Found.class)
                .withMaxLlmCalls(1)
                .trace(DOCUMENT)
                .steps()
                .getFirst()
                .output())
        .contains("LLM call limit exceeded");
  }

  @Test
  void recordsCrossAsPlainData() {
    script("SUBMIT(sum(line['price'] for line in lines), day)");
    Order order =
        new Order(
            "tea", LocalDate.of(2026, 12, 1), List.of(new Line("tea", 2.5), new Line("cup", 4)));

    assertThat(dspy.rlm(Order.class, Sum.class).call(order)).isEqualTo(new Sum(6.5, "2026-12-01"));
  }

  @Test
  void toolsAreFunctionsOfTheCode() {
    Tool price =
        Tool.of(
            "price",
            "Returns the price of a product.",
            Query.class,
            query -> {
              if (query.product().equals("nothing")) {
                throw new IllegalArgumentException("there is no nothing");
              }
              return new Line(query.product(), 2.5);
            });
    script(
        "first = price('tea')['price']\nfirst",
        "try:\n    price(product='nothing')\nexcept RuntimeError as error:\n    print(error)",
        "SUBMIT(int(2 * first), [])");
    RlmTrace<Found> trace =
        dspy.rlm(Document.class, Found.class, Tools.of(price), DspyOptions.ofDefaults())
            .trace(DOCUMENT);

    assertThat(trace.outputs().count()).isEqualTo(5);
    assertThat(trace.steps().get(0).output()).isEqualTo("2.5");
    assertThat(trace.steps().get(1).output()).contains("there is no nothing");

    Tools ending = Tools.of(price.onFailure(OnFailure.END_CALL));
    script("try:\n    price('nothing')\nexcept BaseException:\n    pass");
    assertThatThrownBy(
            () ->
                dspy.rlm(Document.class, Found.class, ending, DspyOptions.ofDefaults())
                    .call(DOCUMENT))
        .isInstanceOf(ToolException.class)
        .hasRootCauseMessage("there is no nothing");
  }

  @Test
  void toolMayRunAProgramInTheOneContext() {
    RlmProgram<Document, Found> inner = dspy.rlm(Document.class, Found.class);
    Tool ask = Tool.of("ask", "Asks another.", Query.class, query -> inner.call(DOCUMENT).count());
    script("SUBMIT(ask('tea'), [])", "SUBMIT(len(text), [])");

    assertThat(
            dspy.rlm(Document.class, Found.class, Tools.of(ask), DspyOptions.ofDefaults())
                .call(DOCUMENT)
                .count())
        .isEqualTo(21);
  }

  @Test
  void subAgentsOfTheCodeHaveContextsOfTheirOwn() {
    script(
        """
        import dspy
        secret = 7
        agent = dspy.RLM('text -> length: int')
        SUBMIT(agent(text=text).length, [])\
        """,
        "secret",
        "SUBMIT(len(text))");

    assertThat(dspy.rlm(Document.class, Found.class).call(DOCUMENT).count()).isEqualTo(21);
    assertThat(REQUESTS.getLast().messages().getLast().content()).contains("NameError");
  }

  @Test
  void codeThatDoesNotEndFailsTheCall() {
    try (Terrarium brief =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(1)
                .codeTimeout(Duration.ofMillis(500))
                .languageModel(FakeLanguageModel.of(request -> CODE.remove()))
                .build())) {
      RlmProgram<Document, Found> program =
          brief.adapter(Dspy.class).rlm(Document.class, Found.class);
      script("while True: pass");
      assertThatThrownBy(() -> program.call(DOCUMENT))
          .isInstanceOf(LimitExceededException.class)
          .hasMessageContaining("codeTimeout");
      script("SUBMIT(1, [])");
      assertThat(program.call(DOCUMENT).count()).isEqualTo(1);
    }
  }

  @Test
  void deadlineStopsTheCode() {
    RlmProgram<Document, Found> program = dspy.rlm(Document.class, Found.class);
    script("SUBMIT(1, [])");
    program.call(DOCUMENT); // loads DSPy, which no deadline should have to wait for
    script("while True: pass");

    assertThatThrownBy(
            () -> program.with(CallOptions.deadline(Duration.ofSeconds(2))).call(DOCUMENT))
        .isInstanceOf(CallTimeoutException.class);
    nothingIsLeftBehind();
    script("SUBMIT(2, [])");
    assertThat(program.call(DOCUMENT).count()).isEqualTo(2);
  }

  @Test
  void cancellingInterruptsTheToolThatTheCodeWaitsFor() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<String> ended = new CompletableFuture<>();
    Tool wait =
        Tool.of(
            "wait",
            "Waits.",
            Query.class,
            query -> {
              started.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                ended.complete("interrupted");
                throw e;
              }
              return "never";
            });
    script("wait('tea')");
    CompletableFuture<Found> call =
        dspy.rlm(Document.class, Found.class, Tools.of(wait), DspyOptions.ofDefaults())
            .callAsync(DOCUMENT);
    assertThat(started.await(1, TimeUnit.MINUTES)).isTrue();
    call.cancel(true);

    assertThat(ended.get(1, TimeUnit.MINUTES)).isEqualTo("interrupted");
  }

  @Test
  void iterationsAreLimited() {
    script("print('seen')");
    CODE.add("{\"count\": 3, \"places\": [1]}");
    RlmProgram<Document, Found> program =
        dspy.rlm(Document.class, Found.class).withMaxIterations(1);

    RlmTrace<Found> trace = program.trace(DOCUMENT);
    assertThat(trace.outputs()).isEqualTo(new Found(3, List.of(1)));
    assertThat(trace.steps()).hasSize(1);
    assertThatThrownBy(() -> program.withMaxIterations(0))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> program.withMaxLlmCalls(0)).isInstanceOf(ConfigurationException.class);
  }

  @Test
  void namesThatCodeCannotHaveAreRefused() {
    Tool print = Tool.of("print", "Prints.", Query.class, Query::product);

    assertThatThrownBy(
            () ->
                dspy.rlm(Document.class, Found.class, Tools.of(print), DspyOptions.ofDefaults())
                    .call(DOCUMENT))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("Tool name 'print' conflicts with built-in sandbox function");
  }

  @Test
  void programsOfTheGuide() {
    String text = "ok\nE42 no disk\nok\nE7 no net\n".repeat(1000);
    script(
        "codes = [line.split()[0] for line in text.splitlines() if line.startswith('E')]",
        "SUBMIT(len(codes), sorted(set(codes)))");
    // guide: rlm
    record Log(String text, String question) {}

    record Report(@Describe("lines with errors") int errors, List<String> codes) {}

    RlmProgram<Log, Report> program = dspy.rlm(Log.class, Report.class).withMaxIterations(10);
    RlmTrace<Report> trace = program.trace(new Log(text, "Which errors are there?"));
    for (RlmTrace.Step step : trace.steps()) {
      System.out.println(step.code() + "\n-> " + step.output());
    }
    Report report = trace.outputs();
    // end

    assertThat(report).isEqualTo(new Report(2000, List.of("E42", "E7")));
    toolsOfTheGuide(text);
  }

  record Code(String code) {}

  private static void toolsOfTheGuide(String text) {
    record Log(String text, String question) {}

    record Owners(List<String> owners) {}

    Map<String, String> owners = Map.of("E42", "storage", "E7", "network");
    script("SUBMIT([owner(code) for code in ('E42', 'E7')])");
    // guide: rlmTools
    Tool owner =
        Tool.of(
            "owner",
            "Returns who owns an error code.",
            Code.class,
            code -> owners.get(code.code()));
    RlmProgram<Log, Owners> program =
        dspy.rlm(Log.class, Owners.class, Tools.of(owner), DspyOptions.ofDefaults());
    Owners answer = program.call(new Log(text, "Who owns the errors?"));
    // end

    assertThat(answer.owners()).containsExactly("storage", "network");
  }
}
