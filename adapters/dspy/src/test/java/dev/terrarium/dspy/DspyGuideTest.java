package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.PythonSource;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The code that the guide of DSPy shows; the command line's tests compare them. */
@Tag("graalpy")
@NullUnmarked // as a user's code may be
class DspyGuideTest {

  // guide: dspyRecords
  record Question(String question) {}

  record Answer(String answer, List<String> notes) {}

  record Query(@Describe("one word") String query) {}

  record Notes(String question, List<String> notes) {}

  record Place(@Describe("one word") String answer) {}

  // end

  // guide: dspyJava
  static final class MultiHop extends DspyModule<Question, Answer> {
    private final Predictor<Notes, Query> query = predict("query", Notes.class, Query.class);
    private final Predictor<Notes, Place> answer =
        chainOfThought("answer", Notes.class, Place.class);
    private final Map<String, String> facts;

    MultiHop(Map<String, String> facts) {
      super(Question.class, Answer.class);
      this.facts = facts;
    }

    @Override
    protected Answer forward(Question question, Calls calls) {
      List<String> notes = new ArrayList<>();
      for (int hop = 0; hop < 2; hop++) {
        Query next = calls.call(query, new Notes(question.question(), List.copyOf(notes)));
        notes.add(facts.getOrDefault(next.query(), "nothing is known"));
      }
      Place found = calls.call(answer, new Notes(question.question(), notes));
      return new Answer(found.answer(), notes);
    }
  }

  // end

  private static final ConcurrentLinkedQueue<String> ANSWERS = new ConcurrentLinkedQueue<>();
  private static final ConcurrentLinkedQueue<ChatRequest> REQUESTS = new ConcurrentLinkedQueue<>();
  private static final Map<String, String> facts =
      Map.of("tea", "Tea grows in Assam.", "Assam", "Assam is in India.");
  private static final Answer INDIA =
      new Answer("India", List.of("Tea grows in Assam.", "Assam is in India."));

  private static Terrarium terrarium;
  private static Dspy dspy;

  @BeforeAll
  static void start() {
    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              REQUESTS.add(request);
              return String.valueOf(ANSWERS.poll());
            });
    terrarium =
        Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(scripted).build());
    dspy = terrarium.adapter(Dspy.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  private static void script(String... answers) {
    REQUESTS.clear();
    ANSWERS.clear();
    ANSWERS.addAll(Arrays.asList(answers));
  }

  private static void scriptHops() {
    script(
        "{\"query\": \"tea\"}",
        "{\"query\": \"Assam\"}",
        "{\"reasoning\": \"Both.\", \"answer\": \"India\"}");
  }

  @Test
  void pythonModules() {
    scriptHops();
    // guide: dspyModule
    DspyProgram<Question, Answer> hops =
        dspy.module(
            PythonSource.fromResource("/multi_hop.py"),
            "MultiHop",
            Question.class,
            Answer.class,
            Map.of("facts", facts), // arguments of the constructor
            DspyOptions.ofDefaults());
    Answer answer = hops.call(new Question("Where does tea grow?"));
    // end

    assertThat(answer).isEqualTo(INDIA);
  }

  @Test
  void javaModules() {
    scriptHops();
    // guide: dspyJavaModule
    DspyModuleProgram<Question, Answer> hops = dspy.module(new MultiHop(facts));
    Answer answer = hops.call(new Question("Where does tea grow?"));
    // end
    assertThat(answer).isEqualTo(INDIA);

    scriptHops();
    // guide: dspyFrozen
    DspyModuleProgram<Question, Answer> frozen = hops.freeze();
    Answer same = frozen.call(new Question("Where does tea grow?"));
    // end
    assertThat(same).isEqualTo(INDIA);
    assertThat(frozen.stats().get("query").answered()).isEqualTo(2);
  }

  /** Adds two numbers. */
  static final class Numbers {
    @ToolMethod("Adds two numbers.")
    public int add(int a, int b) {
      return a + b;
    }
  }

  @Test
  void watching() throws Exception {
    DspyProgram<Question, Answer> hops =
        dspy.module(
            PythonSource.fromResource("/multi_hop.py"),
            "MultiHop",
            Question.class,
            Answer.class,
            Map.of("facts", facts),
            DspyOptions.ofDefaults());
    scriptHops();
    // guide: dspySpans
    List<String> ended = new CopyOnWriteArrayList<>();
    TerrariumObserver watcher =
        event -> {
          if (event instanceof TerrariumEvent.SpanEnded span) {
            ended.add(span.kind() + " " + span.name()); // and span.nanos(), failure(), parent()
          }
        };
    hops.with(CallOptions.ofDefaults().withSpans(SpanDetail.TIMES, watcher))
        .call(new Question("Where does tea grow?"));
    // end
    assertThat(ended)
        .filteredOn(each -> each.startsWith("module"))
        .containsExactly(
            "module query",
            "module query",
            "module answer.predict",
            "module answer",
            "module self");

    scriptHops();
    // guide: dspyUsage
    Traced<Answer> traced = hops.trace(new Question("Where does tea grow?"));
    TokenUsage all = traced.usage();
    Map<String, TokenUsage> usage = traced.usageByPredictor(); // of query and answer.predict
    // end
    assertThat(usage).containsOnlyKeys("query", "answer.predict");
    assertThat(usage.values().stream().mapToLong(TokenUsage::total).sum()).isEqualTo(all.total());

    script(
        "{\"next_thought\": \"\", \"next_tool_name\": \"add\", \"next_tool_args\": {\"a\": 2,"
            + " \"b\": 3}}",
        "{\"next_thought\": \"\", \"next_tool_name\": \"finish\", \"next_tool_args\": {}}",
        "{\"reasoning\": \"\", \"answer\": \"5\"}");
    ReActProgram<Question, Place> agent =
        dspy.react(Question.class, Place.class, Tools.of(new Numbers()));
    List<String> shown = new CopyOnWriteArrayList<>();
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    Flow.Subscriber<DspyChunk<Place>> subscriber =
        new Flow.Subscriber<>() {
          @Override
          public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
          }

          @Override
          public void onNext(DspyChunk<Place> chunk) {
            if (chunk instanceof DspyChunk.Status<Place>(String message)) {
              shown.add(message);
            }
          }

          @Override
          public void onError(Throwable failure) {
            done.completeExceptionally(failure);
          }

          @Override
          public void onComplete() {
            done.complete(true);
          }
        };
    // guide: dspyStatus
    StatusMessages messages =
        StatusMessages.of(
            moment ->
                moment.kind() == StatusMessages.Kind.TOOL_START
                    ? Optional.of("Looking at " + moment.name() + "…")
                    : Optional.empty());
    agent.stream(new Question("2 + 3?"), messages).subscribe(subscriber);
    // end
    assertThat(done.get(1, TimeUnit.MINUTES)).isTrue();
    assertThat(shown).containsExactly("Looking at add…");
  }

  /** A shop for the guide of frozen programs. */
  static final class Shop {
    @ToolMethod("Returns the price of a product in euros.")
    double price(String product) {
      return 2.5;
    }
  }

  @Test
  void frozenSteps() {
    script(
        "{\"next_thought\": \"\", \"next_tool_name\": \"price\", \"next_tool_args\": {\"product\":"
            + " \"tea\"}}",
        "{\"next_thought\": \"\", \"next_tool_name\": \"finish\", \"next_tool_args\": {}}",
        "{\"reasoning\": \"\", \"answer\": \"2.50\"}");
    // guide: frozenReact
    ReActProgram<Question, Place> agent =
        dspy.react(Question.class, Place.class, Tools.of(new Shop())).freeze();
    ReActTrace<Place> trace = agent.trace(new Question("What is the price of tea?"));
    // end
    assertThat(trace.steps()).hasSize(2);
    assertThat(agent.stats()).isEqualTo(new FrozenStats(1, 0, 0));
  }

  @Test
  void adapters() {
    // guide: dspyAdapter
    DspyOptions options =
        DspyOptions.ofDefaults()
            .withAdapter(DspyAdapter.TWO_STEP)
            .withExtractionModel("fake"); // by its name; the default model if absent
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class, options);
    // end

    script("It grows in India.", "[[ ## answer ## ]]\nIndia\n\n[[ ## completed ## ]]");
    assertThat(ask.call(new Question("Where does tea grow?"))).isEqualTo(new Place("India"));
    assertThat(REQUESTS).hasSize(2);

    script("<answer>India</answer>");
    DspyOptions xml = DspyOptions.ofDefaults().withAdapter(DspyAdapter.XML);
    assertThat(dspy.predict(Question.class, Place.class, xml).call(new Question("Where?")))
        .isEqualTo(new Place("India"));

    script("{\"answer\": \"India\"}");
    DspyOptions baml = DspyOptions.ofDefaults().withAdapter(DspyAdapter.BAML);
    assertThat(dspy.predict(Question.class, Place.class, baml).call(new Question("Where?")))
        .isEqualTo(new Place("India"));
    assertThat(REQUESTS.element().responseSchema()).contains("\"answer\"");
  }

  @Test
  void types() {
    byte[] png = {(byte) 0x89, 'P', 'N', 'G'};
    script("{\"text\": \"Invoice 7\"}");
    // guide: dspyTypes
    record Scan(Image page, History history) {}

    record Found(String text) {}

    History history = History.empty().with(Map.of("text", "Invoice 6"));
    Found found =
        dspy.predict(Scan.class, Found.class).call(new Scan(Image.of(png, "image/png"), history));
    // end

    assertThat(found).isEqualTo(new Found("Invoice 7"));
    ChatRequest request = REQUESTS.element();
    assertThat(request.messages().getLast().media()).hasSize(1);
    assertThat(request.messages().getLast().media().getFirst().mimeType()).isEqualTo("image/png");
    assertThat(request.messages().toString()).contains("Invoice 6");

    record Task(Code code) {}

    record Better(Reasoning why, Code better) {}

    script("{\"why\": \"It is short.\", \"better\": \"```python\\nprint(1)\\n```\"}");
    assertThat(dspy.predict(Task.class, Better.class).call(new Task(new Code("print(2)"))))
        .isEqualTo(new Better(new Reasoning("It is short."), new Code("print(1)")));
  }
}
