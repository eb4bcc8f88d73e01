package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Describe;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TruncatedAnswerException;
import dev.terrarium.llamacpp.LlamaCpp;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.testkit.Collector;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real DSPy in real contexts, on a scripted model and on the real one. One Terrarium serves all.
 */
@Tag("graalpy")
class DspyTest {

  enum Mood {
    HAPPY,
    ANGRY,
    NEUTRAL
  }

  record Question(String question) {}

  @Describe("Answer the question.")
  record Answer(String answer) {}

  record Letter(@Describe("a customer's letter") String text, int year) {}

  @Describe("Read the customer's letter and fill in the form.")
  record Form(
      boolean complaint,
      Mood mood,
      @Describe("from 0 to 1") double urgency,
      @Describe("products that the letter names") List<String> products,
      Optional<Integer> orderNumber) {}

  record Verdict(List<String> reasoning, boolean ok) {}

  record Num(int n) {}

  record Nested(Form form, Map<String, Integer> counts) {}

  record Amounts(byte level, List<Long> ids, Map<String, Item> items, BigDecimal sum) {}

  record Item(Optional<Short> size, float rate) {}

  private static final ScriptedModel SCRIPTED = new ScriptedModel();

  private static LanguageModel smollm2;
  private static Terrarium terrarium;
  private static Dspy dspy;
  private static DspyOptions real;
  private static DspyOptions scripted;

  @BeforeAll
  static void start() {
    smollm2 = new LlamaCpp().open(null);
    terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(4)
                .languageModel(SCRIPTED)
                .languageModel(smollm2)
                .build());
    dspy = terrarium.adapter(Dspy.class);
    scripted = DspyOptions.ofDefaults();
    real = DspyOptions.ofDefaults().withModel(smollm2.name()).withTemperature(0).withMaxTokens(200);
  }

  @AfterAll
  static void close() {
    terrarium.close();
    smollm2.close();
  }

  @AfterEach
  void nothingIsLeftBehind() {
    assertThat(terrarium.stats().pool().leased()).isZero();
    assertThat(terrarium.stats().pool().pending()).isZero();
  }

  @Test
  void aRecordsComponentsAreTheFieldsOfTheSignature() {
    SCRIPTED.answers(
        """
        {"complaint": true, "mood": "ANGRY", "urgency": 0.75, "products": ["kettle"], "orderNumber": 12}\
        """);
    Traced<Form> traced =
        dspy.predict(Letter.class, Form.class, scripted).trace(new Letter("It leaks.", 2026));

    assertThat(traced.outputs())
        .isEqualTo(new Form(true, Mood.ANGRY, 0.75, List.of("kettle"), Optional.of(12)));
    String system = traced.messages().getFirst().content();
    assertThat(traced.messages().getFirst().role()).isEqualTo(ChatMessage.Role.SYSTEM);
    assertThat(system)
        .contains("Read the customer's letter and fill in the form.")
        .contains("`text` (str): a customer's letter")
        .contains("`year` (int)")
        .contains("`urgency` (float): from 0 to 1")
        .contains("HAPPY", "ANGRY", "NEUTRAL");
    assertThat(traced.messages().getLast().content()).contains("It leaks.").contains("2026");
    assertThat(SCRIPTED.last().responseSchema())
        .contains("\"complaint\":{\"type\":\"boolean\"}")
        .contains("\"enum\":[\"HAPPY\",\"ANGRY\",\"NEUTRAL\"]");
  }

  @Test
  void nestedRecordsAndMapsComeBack() {
    SCRIPTED.answers(
        """
        {"form": {"complaint": false, "mood": "HAPPY", "urgency": 0, "products": [], "orderNumber": null},
         "counts": {"a": 1}}\
        """);
    Nested nested = dspy.predict(Question.class, Nested.class).call(new Question("?"));
    assertThat(nested)
        .isEqualTo(
            new Nested(
                new Form(false, Mood.HAPPY, 0, List.of(), Optional.empty()), Map.of("a", 1)));
  }

  @Test
  void numbersAreBoundToTheirJavaTypesAndDecimalsAreExact() {
    SCRIPTED.answers(
        """
        {"level": 127, "ids": [9223372036854775807], "items": {"a": {"size": 3, "rate": 0.5}},
         "sum": 1234567890123456.78}\
        """);
    Amounts amounts = dspy.predict(Question.class, Amounts.class).call(new Question("?"));
    assertThat(amounts)
        .isEqualTo(
            new Amounts(
                (byte) 127,
                List.of(Long.MAX_VALUE),
                Map.of("a", new Item(Optional.of((short) 3), 0.5f)),
                new BigDecimal("1234567890123456.78")));
    assertThat(SCRIPTED.last().responseSchema())
        .contains("{\"type\":\"integer\",\"minimum\":-128,\"maximum\":127}")
        .contains("\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807")
        .contains("\"minimum\":-32768,\"maximum\":32767")
        .contains("\"minimum\":-3.4028234663852886E38,\"maximum\":3.4028234663852886E38");
  }

  /** With pydantic's own time zone writing it would end the JVM (terrarium.bridge.times). */
  @Test
  void aTimeWithAnOffsetIsReadAndWritten() {
    SCRIPTED.answers("{\"later\": \"2024-03-01T01:02:03Z\"}");
    Map<String, Object> time = Map.of("type", "datetime");
    UntypedDspyProgram program =
        dspy.program(
            Map.of(
                "kind",
                "predict",
                "signature",
                Map.of(
                    "inputs",
                    List.of(Map.of("name", "times", "type", Map.of("type", "list", "items", time))),
                    "outputs",
                    List.of(Map.of("name", "later", "type", time))),
                "options",
                Map.of()));

    assertThat(program.call(Map.of("times", List.of("2024-02-29T01:02:03+05:30"))))
        .containsKey("later");
    assertThat(SCRIPTED.last().messages().getLast().content())
        .contains("[\"2024-02-29T01:02:03+05:30\"]");
  }

  @Test
  void chainOfThoughtReasonsFirst() {
    SCRIPTED.answers("{\"reasoning\": \"France's capital is Paris.\", \"answer\": \"Paris\"}");
    Traced<Answer> traced =
        dspy.chainOfThought(Question.class, Answer.class).trace(new Question("Capital?"));
    assertThat(traced.outputs()).isEqualTo(new Answer("Paris"));
    assertThat(traced.reasoning()).contains("France's capital is Paris.");
    assertThat(traced.usage().completionTokens()).isPositive();
  }

  private static String text(List<DspyChunk<Answer>> chunks, String field) {
    StringBuilder text = new StringBuilder();
    for (DspyChunk<Answer> chunk : chunks) {
      if (chunk instanceof DspyChunk.Text<Answer> piece && piece.field().equals(field)) {
        text.append(piece.text());
      }
    }
    return text.toString();
  }

  private static Traced<Answer> done(List<DspyChunk<Answer>> chunks) {
    return switch (chunks.getLast()) {
      case DspyChunk.Done<Answer>(Traced<Answer> traced) -> traced;
      case DspyChunk<Answer> other -> throw new AssertionError("ends with " + other);
    };
  }

  @Test
  void streamYieldsTextsWhileTheModelWritesAndThenTheOutputs() throws Exception {
    SCRIPTED.answers("{\"reasoning\": \"It is \\\"so\\\".\", \"answer\": \"Paris, of course\"}");
    DspyProgram<Question, Answer> program = dspy.chainOfThought(Question.class, Answer.class);
    List<DspyChunk<Answer>> chunks = Collector.all(program.stream(new Question("Capital?")));

    assertThat(text(chunks, "reasoning")).isEqualTo("It is \"so\".");
    assertThat(text(chunks, "answer")).isEqualTo("Paris, of course");
    assertThat(chunks).hasSizeGreaterThan(5);
    Traced<Answer> done = done(chunks);
    assertThat(done.outputs()).isEqualTo(new Answer("Paris, of course"));
    assertThat(done.reasoning()).contains("It is \"so\".");
    assertThat(done.messages()).isNotEmpty();
  }

  @Test
  void streamThatIsCancelledStopsItsModel() throws Exception {
    SCRIPTED.answers("{\"answer\": \"one two three\"}");
    CompletableFuture<Boolean> interrupted = SCRIPTED.hangs();
    try {
      DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
      assertThat(text(Collector.first(1, program.stream(new Question("?"))), "answer"))
          .isEqualTo("one ");
      assertThat(interrupted.get(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      SCRIPTED.hangsNoMore();
    }
    untilAtRest();
  }

  /** Who cancels does not wait for the context to come back. */
  private static void untilAtRest() {
    while (terrarium.stats().pool().leased() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void streamFailsWithTheExceptionOfItsModel() {
    SCRIPTED.fails(new ModelException("out of order"));
    DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
    assertThatThrownBy(() -> Collector.all(program.stream(new Question("?"))))
        .hasStackTraceContaining("ModelException: out of order");
  }

  @Test
  void anOutputCalledReasoningMayBeOfAnyType() {
    SCRIPTED.answers("{\"reasoning\": [\"a\"], \"ok\": true}");
    DspyProgram<Question, Verdict> program = dspy.predict(Question.class, Verdict.class);

    Traced<Verdict> traced = program.trace(new Question("?"));
    assertThat(traced.outputs()).isEqualTo(new Verdict(List.of("a"), true));
    assertThat(traced.reasoning()).isEmpty();
    assertThat(program.freeze().call(new Question("?"))).isEqualTo(traced.outputs());
  }

  @Test
  void manyInputsGiveTypedResults() throws Exception {
    SCRIPTED.answers("{\"answer\": \"x\"}");
    DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
    List<Question> questions = List.of(new Question("a"), new Question("b"), new Question("c"));

    assertThat(program.callAsync(questions.getFirst()).get()).isEqualTo(new Answer("x"));
    assertThat(program.callAll(questions))
        .containsOnly(new CallResult.Success<>(new Answer("x")))
        .hasSize(3);
    assertThat(program.batch(questions))
        .containsOnly(new CallResult.Success<>(new Answer("x")))
        .hasSize(3);
    SCRIPTED.answers("I would rather not.");
    assertThat(program.batch(questions))
        .allSatisfy(result -> assertThat(result).isInstanceOf(CallResult.Failure.class));
    assertThatThrownBy(() -> program.callAsync(questions.getFirst()).join())
        .hasCauseInstanceOf(PythonException.class);
  }

  @Test
  void theRealModelStreams() throws Exception {
    DspyProgram<Question, Answer> program = dspy.chainOfThought(Question.class, Answer.class, real);
    Question question = new Question("What is the capital of France?");
    List<DspyChunk<Answer>> chunks = Collector.all(program.stream(question));

    assertThat(chunks).hasSizeGreaterThan(2);
    assertThat(text(chunks, "answer")).isEqualTo(done(chunks).outputs().answer());
    assertThat(done(chunks).reasoning()).contains(text(chunks, "reasoning"));
  }

  @Test
  void cutOffAnswerIsReportedByName() {
    DspyProgram<Question, Num> program =
        dspy.predict(Question.class, Num.class, scripted.withMaxTokens(8));
    FrozenDspyProgram<Question, Num> frozen = program.freeze();
    Question question = new Question("?");
    SCRIPTED.answersCutOff("{\"n\": 123");
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> program.call(question),
            () -> program.trace(question),
            () -> program.batch(List.of(question)).getFirst().value(),
            () -> frozen.call(question))) {
      assertThatThrownBy(call)
          .isInstanceOfSatisfying(
              TruncatedAnswerException.class,
              e -> {
                assertThat(e.text()).isEqualTo("{\"n\": 123");
                assertThat(e.maxTokens()).isEqualTo(8);
                assertThat(e).hasMessageContaining("cut off by max_tokens=8");
              });
    }
    assertThatThrownBy(() -> Collector.all(program.stream(question)))
        .hasCauseInstanceOf(TruncatedAnswerException.class);

    SCRIPTED.answersCutOff("{\"n\": 123}");
    assertThat(program.trace(question).finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(frozen.call(question)).isEqualTo(new Num(123));
  }

  @Test
  void chatFormsTextsAreStreamedWhole() throws Exception {
    terrarium.call("dspy", "configure", Map.of("adapter", "chat"));
    try {
      DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
      FrozenDspyProgram<Question, Answer> frozen = program.freeze();
      Question question = new Question("?");
      for (String text :
          List.of(
              "see [[x]] ok then", "matrix [[1, 2], [3, 4]] end", "a \u2028b [[ ## c ## ]] d")) {
        for (String answer :
            List.of(
                "[[ ## answer ## ]]\n" + text + "\n\n[[ ## completed ## ]]",
                "  [[ ## answer ## ]]\n" + text + "[[ ## completed ## ]]\nGood luck!")) {
          SCRIPTED.answers(answer);
          List<DspyChunk<Answer>> chunks = Collector.all(program.stream(question));
          Traced<Answer> traced = done(chunks);
          assertThat(traced.outputs().answer()).isEqualTo(text.replace("\u2028", "\n"));
          assertThat(text(chunks, "answer")).isEqualTo(traced.outputs().answer());
          assertThat(frozen.call(question)).isEqualTo(traced.outputs());
        }
      }
      assertThat(frozen.stats()).isEqualTo(new FrozenStats(6, 0, 0));
    } finally {
      terrarium.call("dspy", "configure", Map.of());
    }
  }

  @Test
  void chatFormsTextThatIsCutOffIsMarked() throws Exception {
    terrarium.call("dspy", "configure", Map.of("adapter", "chat"));
    try {
      DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
      Question question = new Question("?");
      SCRIPTED.answersCutOff("[[ ## answer ## ]]\nRain is");
      Traced<Answer> traced = program.trace(question);
      assertThat(traced.outputs()).isEqualTo(new Answer("Rain is"));
      assertThat(traced.finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(traced.requests())
          .containsExactly(
              new Traced.Request(
                  "self",
                  traced.messages(),
                  "[[ ## answer ## ]]\nRain is",
                  FinishReason.LENGTH,
                  Optional.of("scripted"),
                  new TokenUsage(3, 2)));
      assertThat(done(Collector.all(program.stream(question)))).isEqualTo(traced);
      assertThat(program.freeze().call(question)).isEqualTo(traced.outputs());
    } finally {
      terrarium.call("dspy", "configure", Map.of());
    }
  }

  @Test
  void nullIsNoText() {
    SCRIPTED.answers("{\"answer\": null}");
    DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
    assertThatThrownBy(() -> program.call(new Question("?")))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("Failed to parse field answer: it is null, and must be a text");
  }

  @Test
  void optionsReachTheModel() {
    SCRIPTED.answers("{\"answer\": \"x\"}");
    dspy.predict(
            Question.class,
            Answer.class,
            DspyOptions.ofDefaults().withTemperature(0.5).withMaxTokens(7).withSeed(3))
        .call(new Question("?"));
    assertThat(SCRIPTED.last().temperature()).isEqualTo(0.5);
    assertThat(SCRIPTED.last().maxTokens()).isEqualTo(7);
    assertThat(SCRIPTED.last().seed()).isEqualTo(3);
  }

  @Test
  void answerOfAnotherFormFailsByName() {
    SCRIPTED.answers("I would rather not.");
    DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
    assertThatThrownBy(() -> program.call(new Question("?")))
        .isInstanceOfSatisfying(
            PythonException.class,
            e -> {
              assertThat(e.type()).startsWith("dspy.");
              assertThat(e.getStackTrace()[0].getClassName()).startsWith("dspy.");
            });
  }

  @Test
  void callFailsWithTheExceptionOfItsModel() {
    SCRIPTED.fails(new ModelException("out of order"));
    DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
    assertThatThrownBy(() -> program.call(new Question("?")))
        .satisfies(
            e -> {
              Throwable cause = e;
              while (cause != null && !(cause instanceof ModelException)) {
                cause = cause.getCause();
              }
              assertThat(cause).isNotNull().hasMessage("out of order");
            });
  }

  @Test
  void wrongInputNamesAreReported() {
    SCRIPTED.answers("{\"answer\": \"x\"}");
    UntypedDspyProgram program =
        dspy.program(Map.of("kind", "predict", "signature", "question -> answer"));
    assertThatThrownBy(() -> program.call(Map.of("questoin", "?")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("questoin")
        .hasMessageContaining("question");
  }

  @Test
  void anUnsupportedComponentTypeIsRefusedWithItsPath() {
    record Odd(Thread thread) {}
    assertThatThrownBy(() -> dspy.predict(Question.class, Odd.class))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("Odd.thread")
        .hasMessageContaining("java.lang.Thread");
  }

  @Test
  void invalidSpecIsRefused() {
    assertThatThrownBy(() -> dspy.program(Map.of("kind", "guess", "signature", "a -> b")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("guess");
  }

  @Test
  void compiledStateReachesEveryContextAndDeletionToo() {
    DspyProgram<Question, Answer> program =
        dspy.chainOfThought(Question.class, Answer.class, scripted.withSeed(77));
    SCRIPTED.answers("{\"reasoning\": \"\", \"answer\": \"x\"}");
    Adapter adapter = terrarium.adapter("dspy");
    Map<String, ?> id = Map.of("program", program.id());
    String state = String.valueOf(adapter.call("get_program_state", id));
    assertThat(state).contains("instructions=Answer the question.");

    Map<String, ?> own = Map.of("instructions", "Answer in verse.", "fields", fields(3));
    Map<String, Object> verse = new HashMap<>();
    verse.put("signature", own);
    verse.put("demos", List.of());
    verse.put("traces", List.of());
    verse.put("train", List.of());
    verse.put("lm", null);
    adapter.call(
        "set_program_state", Map.of("program", program.id(), "state", Map.of("predict", verse)));
    assertThat(dspy.programs().info(program.id()).compiled()).isTrue();
    assertThat(program.trace(new Question("?")).messages().getFirst().content())
        .contains("Answer in verse.");
    assertThatThrownBy(
            () -> adapter.call("set_program_state", Map.of("program", program.id(), "state", own)))
        .isInstanceOf(ArgumentException.class)
        .hasMessageStartingWith("state: unknown key");

    dspy.programs().delete(program.id());
    assertThat(dspy.programs().list()).doesNotContain(program.id());
    assertThatThrownBy(() -> program.call(new Question("?")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining(program.id());
  }

  private static List<Map<String, String>> fields(int count) {
    return Collections.nCopies(count, Map.of("prefix", "Field:", "description", "of the form"));
  }

  @Test
  void fourContextsRunNativeExtensionsAtOnceAndAnyServesAnyProgram() throws Exception {
    SCRIPTED.answers("{\"answer\": \"x\"}");
    DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class);
    CyclicBarrier together = new CyclicBarrier(4);
    SCRIPTED.beforeAnswering(() -> together.await(4, TimeUnit.MINUTES));
    try (ExecutorService callers = Executors.newFixedThreadPool(4)) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Question question = new Question("number " + i);
        answers.add(
            callers.submit(
                () -> {
                  try {
                    return program.call(question);
                  } finally {
                    together.reset(); // or, after a failure, the others would wait for it
                  }
                }));
      }
      for (Future<Answer> answer : answers) {
        assertThat(answer.get(5, TimeUnit.MINUTES)).isEqualTo(new Answer("x"));
      }
    } finally {
      SCRIPTED.beforeAnswering(() -> 0);
    }
    assertThat(terrarium.stats().nativeSlotsTaken()).isGreaterThanOrEqualTo(4);
  }

  @Test
  void theRealModelAnswersTyped() {
    Form form =
        dspy.predict(Letter.class, Form.class, real)
            .call(new Letter("The kettle I ordered leaks and I am very angry.", 2026));
    assertThat(form.mood()).isIn((Object[]) Mood.values());
    assertThat(form.products()).isNotNull();
  }

  @Test
  void theRealModelReasons() {
    Traced<Answer> traced =
        dspy.chainOfThought(Question.class, Answer.class, real)
            .trace(new Question("What is the capital of France?"));
    assertThat(traced.outputs().answer()).isNotBlank();
    assertThat(traced.reasoning()).hasValueSatisfying(text -> assertThat(text).isNotBlank());
    assertThat(traced.usage().promptTokens()).isPositive();
  }

  @Test
  void theRealModelGivesTheSameInEveryContext() {
    DspyProgram<Question, Answer> program = dspy.predict(Question.class, Answer.class, real);
    Question question = new Question("What is the capital of France?");
    Answer alone = program.call(question);
    List<CompletableFuture<Answer>> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(CompletableFuture.supplyAsync(() -> program.call(question)));
    }
    assertThat(all).allSatisfy(each -> assertThat(each.join()).isEqualTo(alone));
    assertThat(alone.answer()).contains("Paris");
  }

  @Test
  void customFrameworkSharesItsContext() {
    terrarium.register(
        Framework.fromSource(
            "beside",
            """
            from terrarium.bridge import BaseBridge, handler

            class Beside(BaseBridge):
                framework = "beside"

                @handler
                def twice(self, text: str) -> str:
                    return text * 2
            """,
            "beside.py"));
    assertThat(terrarium.call("beside", "twice", Map.of("text", "ab"))).isEqualTo("abab");
  }

  /**
   * The import of a large framework, cut off again and again by a caller's deadline, can be made
   * again and then works. Its own context, in which nothing is imported yet.
   */
  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void interruptedImportCanBeRetried() {
    Framework importer =
        Framework.fromSource(
            "importer",
            """
            import sys
            from terrarium.bridge import BaseBridge, handler

            class Importer(BaseBridge):
                framework = "importer"

                @handler
                def has_imported(self) -> bool:
                    return "dspy" in sys.modules

                @handler
                def run(self) -> str:
                    import dspy
                    return dspy.__version__
            """,
            "importer.py");
    List<Terrarium> others = new ArrayList<>();
    Terrarium one = ofOneContext(importer);
    try {
      while (Boolean.TRUE.equals(one.call("importer", "has_imported", Map.of()))) {
        others.add(one); // which keeps a context that an earlier test has left
        one = ofOneContext(importer);
      }
      one.call("dspy", "ping", Map.of()); // puts the packages on the path, and imports nothing
      int cut = 0;
      for (int millis = 250; millis <= 2_000; millis += 250) {
        try {
          one.adapter("importer")
              .with(CallOptions.deadline(Duration.ofMillis(millis)))
              .call("run", Map.of());
        } catch (CallTimeoutException e) {
          cut++;
        }
      }
      assertThat(cut).isPositive();
      assertThat(one.call("importer", "run", Map.of())).isEqualTo("3.4.1");

      SCRIPTED.answers("{\"answer\": \"Paris\"}");
      Answer answer =
          one.adapter(Dspy.class)
              .predict(Question.class, Answer.class, scripted)
              .call(new Question("Capital of France?"));
      assertThat(answer).isEqualTo(new Answer("Paris"));
      assertThat(one.stats().pool().retired()).isZero();
    } finally {
      one.close();
      others.forEach(Terrarium::close);
    }
  }

  /** DSPy sets a handler for SIGINT meanwhile, since a call runs on the context's main thread. */
  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void programsAreEvaluatedByEightThreads() {
    Framework evaluation =
        Framework.fromSource(
            "evaluation",
            """
            from terrarium.bridge import BaseBridge, handler

            class Evaluation(BaseBridge):
                framework = "evaluation"

                @handler
                def run(self) -> list:
                    import dspy
                    from dspy.utils import DummyLM
                    answers = DummyLM([{"answer": "Paris"}] * 100)
                    devset = [
                        dspy.Example(question=str(n), answer="Paris").with_inputs("question")
                        for n in range(16)
                    ]
                    def right(example, prediction, trace=None):
                        return example.answer == prediction.answer
                    with dspy.context(lm=answers):
                        predict = dspy.Predict("question -> answer")
                        evaluate = dspy.Evaluate(devset=devset, metric=right, num_threads=8)
                        scores = [evaluate(predict).score, evaluate(predict).score]
                        scores.append(dspy.Evaluate(devset=devset, metric=right)(predict).score)
                        batch = predict.batch(devset)
                        parallel = dspy.Parallel(num_threads=8)([(predict, each) for each in devset])
                    answers = [each.answer for each in (*batch, *parallel)]
                    return [*scores, len(answers), set(answers) == {"Paris"}]
            """,
            "evaluation.py");
    try (Terrarium one = ofOneContext(evaluation)) {
      one.call("dspy", "ping", Map.of()); // puts the packages on the path
      for (int time = 0; time < 2; time++) {
        assertThat(one.call("evaluation", "run", Map.of()))
            .isEqualTo(List.of(100.0, 100.0, 100.0, 32L, true));
      }
      assertThat(one.stats().pool().retired()).isZero();
    }
  }

  private static Terrarium ofOneContext(Framework framework) {
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).languageModel(SCRIPTED).build();
    return Terrarium.start(config).register(framework);
  }

  /** A load that fails is not remembered, and takes no packages away. */
  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void failedLoadCanBeRetried() {
    Framework saboteur =
        Framework.fromSource(
            "saboteur",
            """
            import os
            import sys
            import warnings

            from terrarium.bridge import BaseBridge, handler

            class Saboteur(BaseBridge):
                framework = "saboteur"

                def _load_framework(self) -> None:
                    filter_warnings, refused = warnings.filterwarnings, []

                    def once(*args, **kwargs):  # which DSPy's bridge calls when it loads
                        if not refused:
                            refused.append(args)
                            raise ImportError("not yet")
                        filter_warnings(*args, **kwargs)

                    warnings.filterwarnings = once

                @handler
                def sees(self, package: str) -> bool:
                    return any(os.path.isdir(os.path.join(folder, package)) for folder in sys.path)
            """,
            "saboteur.py");
    try (Terrarium one = ofOneContext(saboteur)) {
      one.call("saboteur", "sees", Map.of("package", "dspy"));
      Map<String, Object> spec = Map.of("kind", "predict", "signature", "question -> answer");
      assertThatThrownBy(() -> one.call("dspy", "create_program", Map.of("spec", spec)))
          .isInstanceOf(FrameworkLoadException.class)
          .hasMessageContaining("not yet");

      SCRIPTED.answers("{\"answer\": \"Paris\"}");
      assertThat(one.adapter(Dspy.class).program(spec).call(Map.of("question", "?")))
          .isEqualTo(Map.of("answer", "Paris"));
      assertThat(one.call("saboteur", "sees", Map.of("package", "dspy"))).isEqualTo(true);
    }
  }
}
