package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.PythonSource;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumEvent.SpanEnded;
import dev.terrarium.event.TerrariumEvent.SpanStarted;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.testkit.Collector;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What observers and streams tell of programs that run, in real contexts on a scripted model. */
@Tag("graalpy")
class SpansOfDspyTest {

  record Question(String question) {}

  record Text(String answer) {}

  record Query(String query) {}

  record Noted(String question, String note) {}

  record Sum(int answer) {}

  /** A module in Java of two predictors. */
  static final class Rag extends DspyModule<Question, Text> {

    private final Predictor<Question, Query> query = predict("query", Question.class, Query.class);
    private final Predictor<Noted, Text> answer = chainOfThought("answer", Noted.class, Text.class);

    Rag() {
      super(Question.class, Text.class);
    }

    @Override
    protected Text forward(Question question, Calls calls) {
      String note = calls.call(query, question).query();
      return calls.call(answer, new Noted(question.question(), note));
    }
  }

  /** Tools for the tests. */
  static final class Numbers {
    @ToolMethod("Adds two numbers.")
    public int add(int a, int b) {
      return a + b;
    }
  }

  private static final ConcurrentLinkedQueue<String> ANSWERS = new ConcurrentLinkedQueue<>();
  private static final Question QUESTION = new Question("Where does tea grow?");
  private static final String[] RAG = {
    "{\"query\": \"tea\"}", "{\"reasoning\": \"r\", \"answer\": \"India\"}"
  };
  private static final String[] ADDED = {
    "{\"next_thought\": \"t\", \"next_tool_name\": \"add\", \"next_tool_args\": {\"a\": 2, \"b\":"
        + " 3}}",
    "{\"next_thought\": \"t\", \"next_tool_name\": \"finish\", \"next_tool_args\": {}}",
    "{\"reasoning\": \"the sum\", \"answer\": 5}"
  };

  private static Terrarium terrarium;
  private static Dspy dspy;

  private final List<TerrariumEvent> events = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() {
    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              String answer = ANSWERS.poll();
              if (answer == null) {
                throw new ModelException("the script is over");
              }
              if (answer.equals("hang")) {
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  throw new ModelException("interrupted", e);
                }
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
  }

  private static void script(String... answers) {
    ANSWERS.addAll(Arrays.asList(answers));
  }

  private static Tools tools() {
    return Tools.of(new Numbers());
  }

  private CallOptions observing(SpanDetail detail) {
    return CallOptions.ofDefaults().withSpans(detail, events::add);
  }

  private List<SpanEnded> ends() {
    return events.stream()
        .filter(SpanEnded.class::isInstance)
        .map(SpanEnded.class::cast)
        .filter(each -> !each.kind().startsWith("adapter"))
        .toList();
  }

  /** Returns each span that ended, in order, as its kind and name with the name of its parent. */
  private List<String> spans() {
    Map<String, String> names = new HashMap<>();
    for (TerrariumEvent event : events) {
      if (event instanceof SpanStarted begun) {
        names.put(begun.span(), begun.name());
      }
    }
    return ends().stream()
        .map(
            each -> {
              @Nullable String parent = each.parent();
              return each.kind()
                  + " "
                  + each.name()
                  + (parent == null ? "" : " in " + names.get(parent));
            })
        .toList();
  }

  @Test
  void callReportsModulesAndRequestsWithTimesAndWithoutContent() {
    script("{\"reasoning\": \"r\", \"answer\": \"India\"}");
    dspy.chainOfThought(Question.class, Text.class)
        .with(observing(SpanDetail.TIMES))
        .call(QUESTION);

    assertThat(spans())
        .containsExactly("lm default in predict", "module predict in self", "module self");
    assertThat(ends())
        .extracting(SpanEnded::type)
        .containsExactly("LM", "Predict", "ChainOfThought");
    assertThat(ends()).allSatisfy(each -> assertThat(each.nanos()).isPositive());
    assertThat(ends().getFirst().nanos()).isLessThan(ends().getLast().nanos());
    assertThat(ends()).allSatisfy(each -> assertThat(each.outputs()).isNull());
    assertThat(events.stream().filter(SpanStarted.class::isInstance).count())
        .isEqualTo(events.size() / 2);
  }

  @Test
  void contentIsPlainData() {
    script("{\"answer\": \"India\"}");
    dspy.predict(Question.class, Text.class).with(observing(SpanDetail.CONTENT)).call(QUESTION);

    assertThat(ends().getLast().outputs()).isEqualTo(Map.of("answer", "India"));
    assertThat(events.toString()).contains("Where does tea grow?");
  }

  @Test
  void toolsAreSpansAndSoIsTheRequestThatFailed() {
    script(ADDED);
    ReActProgram<Question, Sum> react = dspy.react(Question.class, Sum.class, tools());
    react.with(observing(SpanDetail.TIMES)).call(QUESTION);
    assertThat(spans())
        .containsSubsequence("lm default in react", "module react in self", "tool add in self")
        .endsWith("module self");

    events.clear();
    script(ADDED);
    react.freeze().with(observing(SpanDetail.TIMES)).call(QUESTION);
    assertThat(spans())
        .containsExactly(
            "lm default in self",
            "tool add in self",
            "lm default in self",
            "lm default in self",
            "module self");

    events.clear();
    assertThatThrownBy(
            () ->
                dspy.predict(Question.class, Text.class)
                    .with(observing(SpanDetail.TIMES))
                    .call(QUESTION))
        .hasStackTraceContaining("the script is over");
    assertThat(ends()).extracting(SpanEnded::failure).doesNotContainNull().hasSize(2);
  }

  @Test
  void spansOfAStoppedCallEndWithIt() {
    CallOptions options = observing(SpanDetail.TIMES).withDeadline(Duration.ofSeconds(2));
    script("{\"answer\": \"x\"}", "{\"answer\": \"x\"}", "hang");
    DspyProgram<Question, Text> program = dspy.predict(Question.class, Text.class);
    program.callAll(List.of(QUESTION, QUESTION)); // so that nothing is loaded within the deadline

    assertThatThrownBy(() -> program.with(options).call(QUESTION))
        .isInstanceOf(CallTimeoutException.class);
    assertThat(ends())
        .extracting(SpanEnded::failure)
        .containsExactly("CallTimeoutException", "CallTimeoutException");
    assertThat(events.stream().filter(SpanStarted.class::isInstance).count())
        .isEqualTo(events.stream().filter(SpanEnded.class::isInstance).count());
  }

  @Test
  void moduleInJavaIsTheSpanAroundItsPredictorsInAllContexts() {
    script(RAG);
    DspyModuleProgram<Question, Text> program = dspy.module(new Rag());
    program.with(observing(SpanDetail.TIMES)).call(QUESTION);
    assertThat(spans())
        .containsExactly(
            "lm default in self",
            "module self in self",
            "lm default in predict",
            "module predict in self",
            "module self in self",
            "module self");
    assertThat(ends().getLast().type()).isEqualTo("Rag");

    events.clear();
    script(RAG);
    program.freeze().with(observing(SpanDetail.TIMES)).call(QUESTION);
    assertThat(spans())
        .containsExactly(
            "lm default in query",
            "module query in self",
            "lm default in answer",
            "module answer in self",
            "module self");
    assertThat(ends().getFirst().type()).isEqualTo("LM");
  }

  @Test
  void callbacksOfOnesOwnPythonFileRunBesideTheSpans(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("counted.py");
    Files.writeString(
        file,
        """
        import dspy
        from dspy.utils.callback import BaseCallback


        class Counting(BaseCallback):
            count = 0

            def on_lm_start(self, call_id, instance, inputs):
                Counting.count += 1


        class Counted(dspy.Module):
            def __init__(self):
                super().__init__()
                self.ask = dspy.Predict("question -> answer", callbacks=[Counting()])

            def forward(self, question):
                with dspy.context(callbacks=[*dspy.settings.callbacks, Counting()]):
                    self.ask(question=question)
                return dspy.Prediction(answer=str(Counting.count))
        """);
    script("{\"answer\": \"x\"}");
    DspyProgram<Question, Text> counted =
        dspy.module(
            PythonSource.fromPath(file),
            "Counted",
            Question.class,
            Text.class,
            Map.of(),
            DspyOptions.ofDefaults());

    assertThat(counted.with(observing(SpanDetail.TIMES)).call(QUESTION)).isEqualTo(new Text("1"));
    assertThat(spans()).containsExactly("lm default in ask", "module ask in self", "module self");
  }

  @Test
  void streamSaysWhoWritesAndWhichPieceIsTheLast() throws Exception {
    script("{\"query\": \"tea\"}", "{\"reasoning\": \"a b\", \"answer\": \"in India\"}");
    DspyProgram<Question, Text> hop =
        dspy.module(
            PythonSource.fromResource("/hop.py"),
            "Hop",
            Question.class,
            Text.class,
            Map.of("passages", Map.of("tea", "Tea grows in Assam.")),
            DspyOptions.ofDefaults());
    List<DspyChunk.Text<Text>> texts = new ArrayList<>();
    for (DspyChunk<Text> chunk : Collector.all(hop.stream(QUESTION))) {
      if (chunk instanceof DspyChunk.Text<Text> text) {
        texts.add(text);
      }
    }

    assertThat(texts).extracting(DspyChunk.Text::predictor).containsOnly("answer.predict");
    assertThat(texts.stream().map(DspyChunk.Text::text).reduce("", String::concat))
        .isEqualTo("in India");
    assertThat(texts.subList(0, texts.size() - 1)).noneMatch(DspyChunk.Text::last);
    assertThat(texts.getLast().last()).isTrue();
  }

  private static <O> List<String> messages(List<DspyChunk<O>> chunks) {
    return chunks.stream()
        .filter(DspyChunk.Status.class::isInstance)
        .map(chunk -> ((DspyChunk.Status<O>) chunk).message())
        .toList();
  }

  @Test
  void streamWithStatusMessagesHasThoseOfDspyOrOnesOwn(@TempDir Path folder) throws Exception {
    ReActProgram<Question, Sum> react = dspy.react(Question.class, Sum.class, tools());
    script(ADDED);
    List<DspyChunk<Sum>> chunks =
        Collector.all(react.stream(QUESTION, StatusMessages.ofDefaults()));
    assertThat(messages(chunks))
        .containsExactly(
            "Calling tool add...",
            "Tool calling finished! Querying the LLM with tool calling results...");
    assertThat(chunks.getLast())
        .isInstanceOfSatisfying(
            DspyChunk.Done.class,
            done -> assertThat(done.traced().outputs()).isEqualTo(new Sum(5)));

    script(ADDED);
    assertThat(messages(Collector.all(react.stream(QUESTION)))).isEmpty();

    script(ADDED);
    StatusMessages own =
        StatusMessages.of(
            moment ->
                switch (moment.kind()) {
                  case TOOL_START -> Optional.of(moment.name() + " " + moment.content());
                  case TOOL_END -> throw new IllegalStateException("no words");
                  default -> Optional.empty();
                });
    assertThat(messages(Collector.all(react.stream(QUESTION, own))))
        .containsExactly("add {a=2, b=3}");

    Path file = folder.resolve("chatty.py");
    Files.writeString(
        file,
        """
        import dspy


        class Chatty(dspy.streaming.StatusMessageProvider):
            def lm_start_status_message(self, instance, inputs):
                return "thinking"
        """);
    script("{\"answer\": \"India\"}");
    StatusMessages chatty = StatusMessages.of(PythonSource.fromPath(file), "Chatty");
    assertThat(
            messages(
                Collector.all(dspy.predict(Question.class, Text.class).stream(QUESTION, chatty))))
        .containsExactly("thinking");
  }

  @Test
  void usageOfPredictorsAddsUpToThatOfTheCall() {
    script(ADDED);
    ReActTrace<Sum> react = dspy.react(Question.class, Sum.class, tools()).trace(QUESTION);
    assertThat(react.usageByPredictor()).containsOnlyKeys("react", "extract.predict");
    assertSum(react.usageByPredictor(), react.usage());

    script("{\"answer\": \"in India\"}", "{\"answer\": \"India\"}");
    Traced<Text> best =
        dspy.bestOfN(
                dspy.predict(Question.class, Text.class),
                2,
                1.0,
                (question, found) -> found.answer().contains(" ") ? 0 : 1)
            .trace(QUESTION);
    assertThat(best.usageByPredictor()).containsOnlyKeys("module");
    assertSum(best.usageByPredictor(), best.usage());
  }

  private static void assertSum(Map<String, TokenUsage> parts, TokenUsage whole) {
    assertThat(parts.values().stream().mapToInt(TokenUsage::promptTokens).sum())
        .isEqualTo(whole.promptTokens())
        .isPositive();
    assertThat(parts.values().stream().mapToInt(TokenUsage::completionTokens).sum())
        .isEqualTo(whole.completionTokens());
  }

  @Test
  void eachKindOfProgramHasAnAsynchronousForm() throws Exception {
    String answer = "{\"answer\": \"India\"}";
    Text india = new Text("India");
    DspyProgram<Question, Text> ask = dspy.predict(Question.class, Text.class);
    script(answer, answer, answer, answer);
    assertThat(ask.callAsync(QUESTION).get(1, TimeUnit.MINUTES)).isEqualTo(india);
    assertThat(ask.traceAsync(QUESTION).get(1, TimeUnit.MINUTES).outputs()).isEqualTo(india);
    assertThat(ask.batchAsync(List.of(QUESTION, QUESTION)).get(1, TimeUnit.MINUTES))
        .containsExactly(new CallResult.Success<>(india), new CallResult.Success<>(india));

    script(ADDED);
    assertThat(
            dspy.react(Question.class, Sum.class, tools())
                .traceAsync(QUESTION)
                .get(1, TimeUnit.MINUTES)
                .steps())
        .hasSize(2);

    RewardedProgram<Question, Text> best = dspy.bestOfN(ask, 1, 1.0, (question, found) -> 1);
    script(answer, answer);
    assertThat(best.callAsync(QUESTION).get(1, TimeUnit.MINUTES)).isEqualTo(india);
    assertThat(best.traceAsync(QUESTION).get(1, TimeUnit.MINUTES).outputs()).isEqualTo(india);

    DspyModuleProgram<Question, Text> module = dspy.module(new Rag());
    script(RAG);
    assertThat(module.callAsync(QUESTION).get(1, TimeUnit.MINUTES)).isEqualTo(india);
    script(RAG);
    assertThat(module.freeze().callAsync(QUESTION).get(1, TimeUnit.MINUTES)).isEqualTo(india);

    UntypedDspyProgram untyped =
        dspy.program(Map.of("kind", "predict", "signature", "question -> answer"));
    Map<String, String> inputs = Map.of("question", "Where?");
    script(answer, answer, answer);
    assertThat(untyped.callAsync(inputs).get(1, TimeUnit.MINUTES)).containsEntry("answer", "India");
    assertThat(untyped.traceAsync(inputs).get(1, TimeUnit.MINUTES).requests()).hasSize(1);
    assertThat(Collector.all(untyped.stream(inputs)).getLast()).isInstanceOf(DspyChunk.Done.class);
  }
}
