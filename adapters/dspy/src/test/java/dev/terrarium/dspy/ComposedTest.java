package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Describe;
import dev.terrarium.PythonSource;
import dev.terrarium.Stats;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.PythonException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.testkit.Collector;
import dev.terrarium.testkit.FakeLanguageModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs of several predictors in real contexts, on a scripted model. */
@Tag("graalpy")
class ComposedTest {

  record Question(String question) {}

  record Answer(String answer, List<String> notes) {}

  record Query(String query) {}

  @Describe("Answer with the note.")
  record Noted(String question, String note) {}

  record Text(String answer) {}

  private static final ConcurrentLinkedQueue<String> ANSWERS = new ConcurrentLinkedQueue<>();
  private static final ConcurrentLinkedQueue<ChatRequest> REQUESTS = new ConcurrentLinkedQueue<>();
  private static final Question QUESTION = new Question("Where does tea grow?");
  private static final Map<String, String> PASSAGES =
      Map.of("tea", "Tea grows in Assam.", "Assam", "Assam is in India.");
  private static final String[] HOPS = {
    "{\"query\": \"tea\"}",
    "{\"query\": \"Assam\"}",
    "{\"reasoning\": \"Both.\", \"answer\": \"India\"}"
  };
  private static final String[] ONE_HOP = {HOPS[0], HOPS[2]};

  private static Terrarium terrarium;
  private static Dspy dspy;

  @TempDir private Path folder = Path.of("");

  /** A module in Java: one search, one answer. */
  static class Rag extends DspyModule<Question, Text> {

    final Predictor<Question, Query> query = predict("query", Question.class, Query.class);
    final Predictor<Noted, Text> answer = chainOfThought("answer", Noted.class, Text.class);

    Rag() {
      super(Question.class, Text.class);
    }

    @Override
    protected Text forward(Question question, Calls calls) {
      String note = search(calls.call(query, question).query());
      return calls.call(answer, new Noted(question.question(), note));
    }

    String search(String word) {
      @Nullable String passage = PASSAGES.get(word);
      if (passage == null) {
        throw new IllegalArgumentException("there is no passage of " + word);
      }
      return passage;
    }
  }

  @BeforeAll
  static void start() {
    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              REQUESTS.add(request);
              String answer = ANSWERS.poll();
              if (answer == null) {
                throw new IllegalStateException("the script is over");
              }
              return answer;
            });
    terrarium =
        Terrarium.start(TerrariumConfig.custom().contexts(2).languageModel(scripted).build());
    dspy = terrarium.adapter(Dspy.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  @AfterEach
  void nothingIsLeftBehind() {
    while (terrarium.stats().pool().leased() > 0) { // a call that was stopped ends by itself
      Thread.onSpinWait();
    }
    ANSWERS.clear();
    REQUESTS.clear();
  }

  private static long callsOfContexts() {
    return terrarium.stats().pool().contexts().stream().mapToLong(Stats.Context::calls).sum();
  }

  private static Map<String, @Nullable Object> state(String program) {
    return UntypedDspyProgram.named(
        terrarium.call("dspy", "get_program_state", Map.of("program", program)));
  }

  private static void script(String... answers) {
    ANSWERS.addAll(Arrays.asList(answers));
  }

  private static DspyProgram<Question, Answer> hops() {
    return dspy.module(
        PythonSource.fromResource("/hop.py"),
        "Hop",
        Question.class,
        Answer.class,
        Map.of("hops", 2, "passages", PASSAGES),
        DspyOptions.ofDefaults().withTemperature(0.5));
  }

  // ------------------------------------------------------------ modules in Python

  @Test
  void pythonModuleIsAProgramOfRecords() {
    script(HOPS);
    Traced<Answer> traced = hops().trace(QUESTION);

    assertThat(traced.outputs())
        .isEqualTo(new Answer("India", List.of("Tea grows in Assam.", "Assam is in India.")));
    assertThat(traced.usage().completionTokens()).isPositive();
    assertThat(REQUESTS).hasSize(3);
    assertThat(REQUESTS).allSatisfy(request -> assertThat(request.temperature()).isEqualTo(0.5));
  }

  @Test
  void pythonModuleRunsInBatchesAndLater() throws Exception {
    DspyProgram<Question, Answer> program = hops();
    script(HOPS);
    assertThat(program.batch(List.of(QUESTION)).getFirst().value().answer()).isEqualTo("India");
    script(HOPS);
    CompletableFuture<Answer> later = program.callAsync(QUESTION);
    assertThat(later.get(1, TimeUnit.MINUTES).answer()).isEqualTo("India");
  }

  @Test
  void packageOfTheUsersIsRead() throws Exception {
    Path rag = Files.createDirectory(folder.resolve("rag"));
    Files.writeString(rag.resolve("__init__.py"), "from .modules import Loud\n");
    Files.writeString(
        rag.resolve("modules.py"),
        """
        import dspy

        from .words import loud


        class Loud(dspy.Module):
            def forward(self, question):
                return dspy.Prediction(answer=loud(question))
        """);
    Files.writeString(
        rag.resolve("words.py"),
        """
        def loud(text):
            if not text:
                raise ValueError("no words")
            return text.upper()
        """);
    DspyProgram<Question, Text> program =
        dspy.module(
            PythonSource.fromPath(rag),
            "Loud",
            Question.class,
            Text.class,
            Map.of(),
            DspyOptions.ofDefaults());

    assertThat(program.call(new Question("why"))).isEqualTo(new Text("WHY"));
    assertThatThrownBy(() -> program.call(new Question("")))
        .isInstanceOf(PythonException.class)
        .hasMessage("ValueError: no words")
        .satisfies(
            error -> {
              StackTraceElement top = error.getStackTrace()[0];
              assertThat(top.getFileName() + ":" + top.getLineNumber()).isEqualTo("words.py:3");
            });
  }

  @Test
  void faultyCodeIsNamedWithItsLine() throws Exception {
    Path file = folder.resolve("faulty.py");
    Files.writeString(file, "import dspy\n\nclass Faulty(:\n    pass\n");
    assertThatThrownBy(() -> module(file, "Faulty"))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("spec.source: faulty.py, line 3: SyntaxError");

    Files.writeString(file, "import dspy\n\n\nunknown()\n");
    DspyProgram<Question, Text> program = module(file, "Faulty");
    assertThatThrownBy(() -> program.call(QUESTION))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("faulty.py, line 4: NameError");

    Files.writeString(
        file,
        """
        import dspy


        class Faulty(dspy.Module):
            def forward(self, question):
                return dspy.Prediction(reply=question)
        """);
    assertThatThrownBy(() -> module(file, "Faultless").call(QUESTION))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("faulty.py has no class 'Faultless'")
        .hasMessageContaining("Its modules: Faulty");
    assertThatThrownBy(() -> module(file, "Faulty").call(QUESTION))
        .hasMessageContaining("Faulty returned no 'answer'; it returned reply");
    assertThatThrownBy(() -> PythonSource.fromResource("/nowhere.py"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("/nowhere.py");
  }

  private static DspyProgram<Question, Text> module(Path file, String name) {
    return dspy.module(
        PythonSource.fromPath(file),
        name,
        Question.class,
        Text.class,
        Map.of(),
        DspyOptions.ofDefaults());
  }

  @Test
  void pythonModuleStreamsTheTextOfItsOnePredictor() throws Exception {
    script(HOPS);
    List<DspyChunk<Answer>> chunks = Collector.all(hops().stream(QUESTION));

    StringBuilder streamed = new StringBuilder();
    for (DspyChunk<Answer> chunk : chunks) {
      if (chunk instanceof DspyChunk.Text<Answer> piece) {
        assertThat(piece.field()).isEqualTo("answer");
        assertThat(piece.predictor()).isEqualTo("answer.predict");
        streamed.append(piece.text());
      }
    }
    assertThat(streamed.toString()).isEqualTo("India");
    assertThat(chunks.getLast()).isInstanceOf(DspyChunk.Done.class);
  }

  @Test
  void codeOfOnesOwnCannotBeFrozenButAPlainPredictorCan() {
    assertThatThrownBy(() -> hops().freeze())
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("the module Hop");

    FrozenDspyProgram<Question, Text> frozen =
        dspy.module("/hop.py", "plain", Question.class, Text.class).freeze();
    script(HOPS[2]);
    assertThat(frozen.call(QUESTION)).isEqualTo(new Text("India"));
    assertThat(frozen.stats().answered()).isEqualTo(1);
  }

  @Test
  void stateOfAPythonModuleHasAllItsPredictors() {
    DspyProgram<Question, Answer> program = hops();
    Map<String, @Nullable Object> state = state(program.id());
    assertThat(state.keySet().toString()).isEqualTo("[query, answer.predict]");
    terrarium.call("dspy", "set_program_state", Map.of("program", program.id(), "state", state));
    assertThat(dspy.programs().info(program.id()).compiled()).isTrue();
  }

  // ------------------------------------------------------------ modules in Java

  @Test
  void javaModuleCallsItsPredictors() {
    script(ONE_HOP);
    assertThat(dspy.module(new Rag()).call(QUESTION)).isEqualTo(new Text("India"));
    assertThat(REQUESTS.stream().toList().getLast().messages().getLast().content())
        .contains("Tea grows in Assam.");
  }

  @Test
  void javaModulesHoldNoContextWhileJavaWorks() {
    List<Long> leased = new ArrayList<>();
    Rag counting =
        new Rag() {
          @Override
          String search(String word) {
            leased.add((long) terrarium.stats().pool().leased());
            return super.search(word);
          }
        };
    script(ONE_HOP);
    dspy.module(counting).call(QUESTION);
    assertThat(leased).containsExactly(0L);
  }

  @Test
  void deadlineStopsAJavaModuleAndItsPredictors() {
    CountDownLatch never = new CountDownLatch(1);
    CompletableFuture<String> ended = new CompletableFuture<>();
    Rag waiting =
        new Rag() {
          @Override
          String search(String word) {
            try {
              never.await();
            } catch (InterruptedException e) {
              ended.complete("interrupted");
            }
            return word;
          }
        };
    script(ONE_HOP);
    assertThatThrownBy(
            () ->
                dspy.module(waiting)
                    .with(CallOptions.deadline(Duration.ofSeconds(5)))
                    .call(QUESTION))
        .isInstanceOf(CallTimeoutException.class);
    assertThat(ended.orTimeout(1, TimeUnit.MINUTES).join()).isEqualTo("interrupted");
  }

  @Test
  void failureOfAJavaModuleIsTheCallers() {
    script("{\"query\": \"coffee\"}");
    assertThatThrownBy(() -> dspy.module(new Rag()).call(QUESTION))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no passage of coffee");
  }

  @Test
  void frozenJavaModuleTouchesNoContext() {
    DspyModuleProgram<Question, Text> frozen = dspy.module(new Rag()).freeze();
    long before = callsOfContexts();
    script(ONE_HOP);

    assertThat(frozen.call(QUESTION)).isEqualTo(new Text("India"));
    assertThat(frozen.isFrozen()).isTrue();
    assertThat(frozen.stats())
        .isEqualTo(Map.of("query", new FrozenStats(1, 0, 0), "answer", new FrozenStats(1, 0, 0)));
    assertThat(callsOfContexts()).isEqualTo(before);
  }

  @Test
  void callsOfAJavaModuleRunAtOnce() {
    for (int i = 0; i < 4; i++) {
      script("{\"query\": \"tea\", \"reasoning\": \"\", \"answer\": \"India\"}");
      script("{\"query\": \"tea\", \"reasoning\": \"\", \"answer\": \"India\"}");
    }
    List<CallResult<Text>> results =
        dspy.module(new Rag()).callAll(List.of(QUESTION, QUESTION, QUESTION, QUESTION));
    assertThat(results).allSatisfy(each -> assertThat(each.value().answer()).isEqualTo("India"));
  }

  @Test
  void stateOfAJavaModuleIsOneForAllPredictors() {
    DspyModuleProgram<Question, Text> program = dspy.module(new Rag());
    Map<String, @Nullable Object> state = state(program.id());
    assertThat(state.keySet().toString()).isEqualTo("[query, answer.predict]");

    Map<String, @Nullable Object> query = UntypedDspyProgram.named(state.get("query"));
    query.put("demos", List.of(Map.of("question", "Who drinks tea?", "query", "drinkers")));
    state.put("query", query);
    terrarium.call("dspy", "set_program_state", Map.of("program", program.id(), "state", state));
    script(ONE_HOP);
    program.call(QUESTION);
    assertThat(REQUESTS.element().messages().toString()).contains("Who drinks tea?");
  }

  @Test
  void moduleWithoutPredictorsOrWithForeignOnesIsRefused() {
    DspyModule<Question, Text> empty =
        new DspyModule<>(Question.class, Text.class) {
          @Override
          protected Text forward(Question question, Calls calls) {
            return new Text("");
          }
        };
    assertThatThrownBy(() -> dspy.module(empty)).isInstanceOf(ConfigurationException.class);

    Rag other = new Rag();
    Rag foreign =
        new Rag() {
          @Override
          protected Text forward(Question question, Calls calls) {
            return new Text(calls.call(other.query, question).query());
          }
        };
    assertThatThrownBy(() -> dspy.module(foreign).call(QUESTION))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Predictor[query: Question -> Query] is no predictor of");
  }

  // ------------------------------------------------------------ modules that choose

  @Test
  void bestOfNTakesTheFirstAnswerThatIsGoodEnough() {
    DspyProgram<Question, Text> ask = dspy.predict(Question.class, Text.class);
    script("{\"answer\": \"in India\"}", "{\"answer\": \"India\"}");
    Text best =
        dspy.bestOfN(ask, 3, 1, (question, text) -> text.answer().contains(" ") ? 0 : 1)
            .call(QUESTION);

    assertThat(best).isEqualTo(new Text("India"));
    assertThat(REQUESTS).hasSize(2);
  }

  @Test
  void pythonRunsAJavaModuleWithItsOwnPredictors() {
    script(ONE_HOP[0], "{\"reasoning\": \"\", \"answer\": \"in India\"}");
    script(ONE_HOP);
    RewardedProgram<Question, Text> best =
        dspy.bestOfN(
            dspy.module(new Rag()), 3, 1, (question, text) -> text.answer().contains(" ") ? 0 : 1);

    assertThat(best.call(QUESTION)).isEqualTo(new Text("India"));
    assertThat(REQUESTS)
        .hasSize(4)
        .allSatisfy(request -> assertThat(request.temperature()).isEqualTo(1.0));
  }

  @Test
  void moduleThatPythonRunsMayCallOtherPrograms() {
    DspyProgram<Question, Text> expert = dspy.predict(Question.class, Text.class);
    Rag asking =
        new Rag() {
          @Override
          String search(String word) {
            return expert.call(new Question(word)).answer();
          }
        };
    script(ONE_HOP[0], "{\"answer\": \"Assam, says the expert\"}", ONE_HOP[1]);

    assertThat(dspy.bestOfN(dspy.module(asking), 1, 1, (question, text) -> 1).call(QUESTION))
        .isEqualTo(new Text("India"));
    assertThat(REQUESTS.stream().toList().getLast().messages().getLast().content())
        .contains("says the expert");
  }

  @Test
  void rewardThatThrowsEndsTheCall() {
    DspyProgram<Question, Text> ask = dspy.predict(Question.class, Text.class);
    script("{\"answer\": \"India\"}");

    assertThatThrownBy(
            () ->
                dspy.bestOfN(
                        ask,
                        3,
                        1,
                        (question, text) -> {
                          throw new IllegalStateException("no scale");
                        })
                    .call(QUESTION))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no scale");
    assertThat(REQUESTS).hasSize(1);
  }

  @Test
  void refineGivesAdviceToTheNextAttempt() {
    String advice =
        "{\"discussion\": \"Long.\", \"advice\": {\"answer.predict\": \"Say one word.\"}}";
    script(HOPS[0], HOPS[1], "{\"reasoning\": \"\", \"answer\": \"in India\"}", advice);
    script(HOPS);
    Answer refined =
        dspy.refine(
                hops(),
                2,
                1,
                "The answer is one word.",
                (question, answer) -> answer.answer().contains(" ") ? 0 : 1)
            .call(QUESTION);

    assertThat(refined.answer()).isEqualTo("India");
    List<ChatRequest> requests = REQUESTS.stream().toList();
    assertThat(requests.get(3).messages().toString())
        .contains("The answer is one word.", "class Hop(dspy.Module)");
    assertThat(requests.getLast().messages().toString()).contains("Say one word.");
  }

  @Test
  void attemptsAreCompared() {
    DspyProgram<Question, Text> ask = dspy.chainOfThought(Question.class, Text.class);
    script("{\"reasoning\": \"It is near.\", \"answer\": \"Nepal\"}");
    script("{\"reasoning\": \"It is big.\", \"answer\": \"India\"}");
    List<Traced<Text>> attempts = List.of(ask.trace(QUESTION), ask.trace(QUESTION));
    script("{\"rationale\": \"Big.\", \"answer\": \"India\"}");
    ComparisonProgram<Question, Text> compare =
        dspy.multiChainComparison(Question.class, Text.class, 2);

    assertThat(compare.call(QUESTION, attempts)).isEqualTo(new Text("India"));
    assertThatThrownBy(() -> compare.call(QUESTION, attempts.subList(0, 1)))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("input 'attempts': must be a list of 2 attempts");
  }

  @Test
  void nearestExamplesNeedNumpy() {
    List<Question> examples = List.of(new Question("tea?"), new Question("coffee?"));
    assertThatThrownBy(
            () -> dspy.nearest(1, examples, Function.<Question>identity()).call(QUESTION))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("add the dependency dev.terrarium:terrarium-python-numpy");
  }
}
