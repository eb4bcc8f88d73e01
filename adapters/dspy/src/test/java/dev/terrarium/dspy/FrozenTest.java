package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig;
import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Retry;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PythonException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Tests that compare frozen programs with DSPy itself, in one context. */
@Tag("graalpy")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("FrozenTest") // its methods share a model, so only other classes run beside it
class FrozenTest {

  private static final int SIGNATURES = 80;
  private static final int CASES = 20;

  enum Mood {
    GOOD,
    BAD
  }

  record Point(double x, Optional<String> label) {}

  record Dates(LocalDate day, List<LocalDateTime> times, Optional<LocalDate> maybe) {}

  record Dated(LocalDate due, List<LocalDateTime> at, Optional<LocalDate> paid) {}

  record Numbered(String text) {}

  record Reply(int reply) {}

  record Question(String question, Mood mood, List<Integer> numbers, Point point) {}

  record Answer(String answer, Mood tone, Map<String, Integer> counts, Point place) {}

  private static final ScriptedModel SCRIPTED = new ScriptedModel();
  private static final CaseModel BY_CASE = new CaseModel();

  private static Terrarium terrarium;
  private static Dspy dspy;

  @BeforeAll
  static void start() {
    terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(1)
                .languageModel(SCRIPTED)
                .languageModel(BY_CASE)
                .build());
    dspy = terrarium.adapter(Dspy.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  /** A model that answers by the number in the question, and records its requests. */
  private static final class CaseModel implements LanguageModel {

    private static final Pattern NUMBER = Pattern.compile("<case (\\d+)>");

    final Map<Integer, ChatResponse> answers = new ConcurrentHashMap<>();
    final Map<Integer, List<ChatRequest>> asked = new ConcurrentHashMap<>();

    @Override
    public String name() {
      return "by-case";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      Matcher matcher = NUMBER.matcher(request.messages().getLast().content());
      assertThat(matcher.find()).isTrue();
      int number = Integer.parseInt(matcher.group(1));
      asked.computeIfAbsent(number, n -> new ArrayList<>()).add(request);
      return Objects.requireNonNull(answers.get(number));
    }

    void answers(int number, String answer, FinishReason reason) {
      answers.put(number, new ChatResponse(answer, reason, new TokenUsage(1, 1), Duration.ZERO));
    }

    @Override
    public void close() {}
  }

  // ------------------------------------------------------------------ against DSPy

  @Test
  void generatedProgramsGiveTheSameResultsAsInPython() {
    FrozenStats all = new FrozenStats(0, 0, 0);
    for (int seed = 0; seed < SIGNATURES; seed++) {
      FrozenStats stats = sameAsInPython(new FrozenCases(seed), seed);
      all =
          new FrozenStats(
              all.answered() + stats.answered(),
              all.continued() + stats.continued(),
              all.handedOver() + stats.handedOver());
    }
    assertThat(all.answered() + all.continued() + all.handedOver())
        .isEqualTo(SIGNATURES * CASES)
        .isGreaterThanOrEqualTo(1_000);
    // Else nothing of Java's was compared, or nothing that is malformed.
    assertThat(all.answered()).isGreaterThan(SIGNATURES * CASES / 4);
    assertThat(all.continued()).isGreaterThan(SIGNATURES * CASES / 10);
    assertThat(all.handedOver()).isPositive();
  }

  private static FrozenStats sameAsInPython(FrozenCases cases, int seed) {
    UntypedDspyProgram program = dspy.program(cases.spec(BY_CASE.name()));
    setDemos(program, cases.demos());
    UntypedFrozenDspyProgram frozen = program.freeze();
    List<Map<String, @Nullable Object>> inputs = new ArrayList<>();
    List<Command<@Nullable Object>> commands = new ArrayList<>();
    for (int i = 0; i < CASES; i++) {
      Map<String, @Nullable Object> input = cases.inputs(i);
      inputs.add(input);
      BY_CASE.answers(
          i, cases.answer(), cases.isCutOff() ? FinishReason.LENGTH : FinishReason.STOP);
      commands.add(Command.of("call", program.arguments(input, false)));
    }
    BY_CASE.asked.clear();
    List<CallResult<@Nullable Object>> expected = terrarium.adapter("dspy").batch(commands);
    Map<Integer, List<ChatRequest>> asked = new HashMap<>(BY_CASE.asked);
    for (int i = 0; i < CASES; i++) {
      BY_CASE.asked.clear();
      String what =
          "seed " + seed + ", case " + i + ": " + inputs.get(i) + " -> " + BY_CASE.answers.get(i);
      Map<String, @Nullable Object> input = inputs.get(i);
      Object got =
          outcome(CallResult.<@Nullable Object>of(() -> Map.of("outputs", frozen.call(input))));
      assertThat(got).as(what).isEqualTo(outcome(expected.get(i)));
      assertThat(BY_CASE.asked.get(i)).as(what).isEqualTo(asked.get(i));
    }
    return frozen.stats();
  }

  /** Returns the outputs, or the failure as its class, type and message. */
  private static @Nullable Object outcome(CallResult<@Nullable Object> result) {
    return switch (result) {
      case CallResult.Success<?> success -> success.result();
      case CallResult.Failure<?> failure -> {
        RuntimeException error = failure.error();
        String type = error instanceof PythonException python ? python.type() : "";
        String message = String.valueOf(error.getMessage());
        yield error.getClass() + " " + type + " " + message.replace("continue_program", "call");
      }
      case CallResult.Skipped<?> skipped -> "skipped";
    };
  }

  /** Replaces the demonstrations as an optimizer would. */
  private static void setDemos(
      UntypedDspyProgram program, List<? extends Map<String, ? extends @Nullable Object>> demos) {
    Map<String, Object> named = Map.of("program", program.id());
    Object state = Objects.requireNonNull(terrarium.call("dspy", "get_program_state", named));
    terrarium.call(
        "dspy",
        "set_program_state",
        Map.of("program", program.id(), "state", withDemos((Map<?, ?>) state, demos)));
  }

  private static Map<?, ?> withDemos(Map<?, ?> state, List<?> demos) {
    Map<Object, @Nullable Object> changed = new LinkedHashMap<>(state);
    if (state.get("predict") instanceof Map<?, ?> predictor) { // of a chain of thought
      changed.put("predict", withDemos(predictor, demos));
    } else {
      changed.put("demos", demos);
    }
    return changed;
  }

  // ------------------------------------------------------------------ optimized

  @Test
  void aChainOfThoughtWithDemosIsAnsweredInJava() {
    UntypedDspyProgram program =
        dspy.program(
            Map.of(
                "kind",
                "chain_of_thought",
                "signature",
                "question, year: int -> shown",
                "options",
                Map.of()));
    setDemos(
        program,
        List.of(
            Map.of("question", "whole", "year", 7, "reasoning", "since", "shown", "a"),
            Map.of("question", "augmented", "year", 7, "shown", "b", "augmented", true),
            Map.of("question", "incomplete", "shown", "c"),
            Map.of("question", "no output")));
    SCRIPTED.answers("{\"reasoning\": \"So.\", \"shown\": \"d\"}");
    UntypedFrozenDspyProgram frozen = program.freeze();
    Map<String, ?> inputs = Map.of("question", "?", "year", 8);

    Map<String, @Nullable Object> expected = program.call(inputs);
    ChatRequest asked = SCRIPTED.last();
    assertThat(asked.messages()).as("system, three demonstrations, user").hasSize(8);
    assertThat(frozen.call(inputs)).isEqualTo(expected);
    assertThat(SCRIPTED.last()).isEqualTo(asked).isNotSameAs(asked);
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 0));
  }

  // ------------------------------------------------------------------ typed

  @Test
  void aTypedProgramIsAnsweredInJava() {
    DspyProgram<Question, Answer> program = dspy.chainOfThought(Question.class, Answer.class);
    FrozenDspyProgram<Question, Answer> frozen = program.freeze();
    SCRIPTED.answers(
        """
        {"reasoning": "So.", "answer": "a", "tone": "BAD", "counts": {"k": 1},
         "place": {"x": 2.5, "label": null}}\
        """);
    Question question =
        new Question("Why?", Mood.GOOD, List.of(1, 2), new Point(0.1, Optional.of("l")));

    Answer expected = program.call(question);
    ChatRequest asked = SCRIPTED.last();
    assertThat(frozen.call(question)).isEqualTo(expected);
    assertThat(SCRIPTED.last()).isEqualTo(asked).isNotSameAs(asked);
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 0));
    while (terrarium.stats().pool().leased() > 0) {
      Thread.onSpinWait(); // until the call of the other program has given its context back
    }
  }

  @Test
  void manyCallsAreAnsweredInJava() throws Exception {
    DspyProgram<Dates, Dated> program = dspy.predict(Dates.class, Dated.class);
    FrozenDspyProgram<Dates, Dated> frozen = program.freeze();
    SCRIPTED.answers(
        """
        {"due": "2024-02-29", "at": ["2024-02-29T12:00:00.5"], "paid": null}\
        """);
    Dates dates =
        new Dates(
            LocalDate.of(24, 1, 2),
            List.of(LocalDateTime.of(2024, 1, 2, 3, 4)),
            Optional.of(LocalDate.of(2024, 1, 3)));

    Dated expected = program.call(dates);
    ChatRequest asked = SCRIPTED.last();
    assertThat(frozen.callAsync(dates).get(60, TimeUnit.SECONDS)).isEqualTo(expected);
    assertThat(SCRIPTED.last()).isEqualTo(asked).isNotSameAs(asked);
    assertThat(frozen.callAll(List.of(dates, dates)))
        .hasSize(2)
        .allSatisfy(result -> assertThat(result.value()).isEqualTo(expected));
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(3, 0, 0));
  }

  private enum Label {
    label
  }

  @Test
  void mapsWithAnOrderOrKeysOfTheirOwnAreReadAsPythonReadsThem() {
    UntypedDspyProgram program =
        dspy.program(
            spec(
                Map.of(
                    "inputs",
                    List.of(
                        Map.of(
                            "name",
                            "tag",
                            "type",
                            Map.of(
                                "type",
                                "record",
                                "name",
                                "Tag",
                                "fields",
                                List.of(
                                    Map.of(
                                        "name",
                                        "label",
                                        "type",
                                        Map.of(
                                            "type",
                                            "optional",
                                            "of",
                                            Map.of("type", "string"))))))),
                    "outputs",
                    List.of(Map.of("name", "answer", "type", Map.of("type", "string")))),
                Map.of()));
    UntypedFrozenDspyProgram frozen = program.freeze();
    SCRIPTED.answers("{\"answer\": \"so\"}");
    Map<String, String> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    anyCase.put("LABEL", "x");
    for (Map<?, String> tag :
        List.of(new EnumMap<>(Map.of(Label.label, "x")), anyCase, new TreeMap<>(Map.of(1L, "x")))) {
      String expected = outcome(() -> program.call(Map.of("tag", tag)));
      assertThat(outcome(() -> frozen.call(Map.of("tag", tag)))).isEqualTo(expected);
    }
  }

  /** Returns the request for an answer, or the failure. */
  private static String outcome(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      return e.toString();
    }
    return SCRIPTED.last().toString();
  }

  @Test
  void failedCallDoesNotAffectTheOthers() {
    DspyProgram<Numbered, Reply> program = dspy.predict(Numbered.class, Reply.class);
    FrozenDspyProgram<Numbered, Reply> frozen = program.freeze();
    SCRIPTED.answers("{\"reply\": \"no number\"}");
    List<Numbered> two = List.of(new Numbered("a"), new Numbered("b"));
    List<CallResult<Reply>> expected = program.callAll(two);
    List<CallResult<Reply>> results = frozen.callAll(two);

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(results.get(i)::value)
          .isInstanceOf(PythonException.class)
          .hasMessage(failure(expected.get(i)));
    }
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(0, 2, 0));
  }

  private static String failure(CallResult<?> result) {
    return Objects.requireNonNull(((CallResult.Failure<?>) result).error().getMessage());
  }

  // ------------------------------------------------------------------ thawing

  @Test
  void aChangeOfTheProgramsStateThawsIt() {
    UntypedDspyProgram program = dspy.program(spec("question -> thawed", Map.of()));
    SCRIPTED.answers("{\"thawed\": \"a\"}");
    UntypedFrozenDspyProgram frozen = program.freeze();
    frozen.call(Map.of("question", "?"));
    setDemos(program, List.of(Map.of("question", "a demo", "thawed", "so")));

    assertThat(frozen.isFrozen()).isFalse();
    frozen.call(Map.of("question", "?"));
    ChatRequest plain = SCRIPTED.last();
    assertThat(plain.messages()).as("the demonstration is there").hasSize(4);
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 1));

    UntypedFrozenDspyProgram again = program.freeze();
    again.call(Map.of("question", "?"));
    assertThat(again.isFrozen()).isTrue();
    assertThat(again.stats()).isEqualTo(new FrozenStats(1, 0, 0));
    assertThat(SCRIPTED.last()).isEqualTo(plain);
  }

  @Test
  void changedDefaultsThawAProgramAndADeletedProgramFails() {
    UntypedDspyProgram program = dspy.program(spec("question -> defaults", Map.of()));
    SCRIPTED.answers("{\"defaults\": \"a\"}");
    UntypedFrozenDspyProgram frozen = program.freeze();
    terrarium.call("dspy", "configure", Map.of("temperature", 0.5));
    try {
      assertThat(frozen.isFrozen()).isFalse();
      frozen.call(Map.of("question", "?"));
      assertThat(SCRIPTED.last().temperature()).isEqualTo(0.5);
    } finally {
      terrarium.call("dspy", "configure", Map.of());
    }
    dspy.programs().delete(program.id());
    assertThatThrownBy(() -> frozen.call(Map.of("question", "?")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining(program.id());
  }

  // ------------------------------------------------------------------ refusing and failing

  @Test
  void partThatCannotBeFrozenExactlyIsRefusedByName() {
    UntypedDspyProgram program = dspy.program(spec("question -> days: set[str]", Map.of()));
    assertThatThrownBy(program::freeze)
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("output 'days', since it is of the type set[str]");
  }

  @Test
  void anAnswerThatWasCutOffIsReadByDspy() {
    UntypedDspyProgram program = dspy.program(spec("question -> cut", Map.of()));
    UntypedFrozenDspyProgram frozen = program.freeze();
    for (String answer : List.of("{\"cut\": \"whole\"}", "{\"cut\": \"brok", "")) {
      SCRIPTED.answersCutOff(answer);
      Map<String, ?> inputs = Map.of("question", "?");
      assertThat(outcome(CallResult.<@Nullable Object>of(() -> frozen.call(inputs))))
          .as(answer)
          .isEqualTo(outcome(CallResult.<@Nullable Object>of(() -> program.call(inputs))));
    }
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(0, 3, 0));
  }

  @Test
  void callThrowsTheExceptionOfItsModel() {
    UntypedFrozenDspyProgram frozen = dspy.program(spec("question -> fails", Map.of())).freeze();
    SCRIPTED.fails(new ModelException("out of order"));
    assertThatThrownBy(() -> frozen.call(Map.of("question", "?")))
        .isInstanceOf(ModelException.class)
        .hasMessage("out of order");
  }

  @Test
  void aDeadlineStopsTheModel() {
    UntypedFrozenDspyProgram frozen =
        dspy.program(spec("question -> late", Map.of()))
            .freeze()
            .with(CallOptions.deadline(Duration.ofMillis(50)));
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    SCRIPTED.beforeAnswering(
        () -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
          return "";
        });
    try {
      assertThatThrownBy(() -> frozen.call(Map.of("question", "?")))
          .isInstanceOf(CallTimeoutException.class)
          .hasMessageContaining("50ms");
      assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      SCRIPTED.beforeAnswering(() -> "");
    }
  }

  @Test
  void frozenCallIsOnTheCallersAccountAndEndsWithItsTerrarium() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1)
            .languageModel(SCRIPTED)
            .admission(
                AdmissionConfig.custom().budget(Budget.ofTokens(5, Duration.ofHours(1))).build())
            .build();
    SCRIPTED.answers("{\"answer\": \"a\"}");
    UntypedFrozenDspyProgram frozen;
    try (Terrarium metered = Terrarium.start(config)) {
      frozen =
          metered
              .adapter(Dspy.class)
              .program(spec("question -> answer", Map.of()))
              .freeze()
              .with(CallOptions.ofDefaults().withCallerKey("ann"));
      frozen.call(Map.of("question", "?"));
      assertThatThrownBy(() -> frozen.call(Map.of("question", "?")))
          .isInstanceOf(BudgetExceededException.class);
    }
    assertThatThrownBy(() -> frozen.with(CallOptions.ofDefaults()).call(Map.of("question", "?")))
        .isInstanceOf(ClosedException.class);
  }

  @Test
  void frozenCallIsRetriedAsTheProgramIs() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1)
            .languageModel(SCRIPTED)
            .admission(AdmissionConfig.custom().retry(new Retry(3, Duration.ZERO)).build())
            .build();
    try (Terrarium retrying = Terrarium.start(config)) {
      UntypedDspyProgram program =
          retrying.adapter(Dspy.class).program(spec("question -> answer", Map.of()));
      UntypedFrozenDspyProgram frozen = program.freeze();
      Deque<Runnable> script = new ArrayDeque<>();
      SCRIPTED.beforeAnswering(
          () -> {
            script.remove().run();
            return "";
          });
      for (Function<Map<String, ?>, Map<String, ?>> call :
          List.<Function<Map<String, ?>, Map<String, ?>>>of(program::call, frozen::call)) {
        script.add(() -> SCRIPTED.fails(new ModelException("busy")));
        script.add(() -> SCRIPTED.answers("{\"answer\": \"a\"}"));
        assertThat(call.apply(Map.of("question", "?"))).isEqualTo(Map.of("answer", "a"));
        script.add(() -> SCRIPTED.answers("no form"));
        script.add(() -> SCRIPTED.answers("{\"answer\": \"b\"}"));
        assertThat(call.apply(Map.of("question", "?"))).isEqualTo(Map.of("answer", "b"));
        assertThat(script).isEmpty();
      }
      assertThat(frozen.stats()).isEqualTo(new FrozenStats(2, 1, 0));
    } finally {
      SCRIPTED.beforeAnswering(() -> "");
    }
  }

  private static Map<String, Object> spec(Object signature, Map<String, ?> options) {
    return Map.of("kind", "predict", "signature", signature, "options", options);
  }
}
