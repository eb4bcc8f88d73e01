package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.CallResult;
import dev.terrarium.Describe;
import dev.terrarium.PythonSource;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.testkit.Collector;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Java code of the guide "DSPy for Java teams", beside its Python code, which runs on CPython
 * with the same answers of a language model: both give the same, and send the model the same.
 */
@Tag("graalpy")
@Tag("launcher") // needs DSPy of PyPI
@NullUnmarked // as a user's code may be
class DspyPairsTest {

  // guide: javaSignature
  record Question(String question) {}

  @Describe("Answer the question.")
  record Place(@Describe("one word") String answer) {}

  // end

  record Notes(String answer, List<String> notes) {}

  // guide: javaShop
  static final class Shop {
    @ToolMethod("Return the price of a product in euros.")
    BigDecimal price(String product) {
      return PRICES.get(product);
    }
  }

  // end

  private static final Map<String, BigDecimal> PRICES = Map.of("tea", new BigDecimal("2.50"));
  private static final String INDIA = "{\"answer\": \"India\"}";
  private static final Map<String, List<String>> ANSWERS = answers();
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final ConcurrentLinkedQueue<String> SCRIPT = new ConcurrentLinkedQueue<>();
  private static final List<ChatRequest> REQUESTS = Collections.synchronizedList(new ArrayList<>());

  @TempDir private static Path folder = Path.of("");
  private static JsonNode python;
  private static Terrarium terrarium;
  private static Dspy dspy;

  /** Returns what the language model answers in each pair, in Python and in Java. */
  private static Map<String, List<String>> answers() {
    List<String> tooLong = List.of("{\"answer\": \"in India\"}", INDIA);
    Map<String, List<String>> answers = new LinkedHashMap<>();
    for (String name : List.of("predict", "adapter", "history", "save", "stream", "usage")) {
      answers.put(name, List.of(INDIA));
    }
    answers.put("adapter", List.of("<answer>India</answer>"));
    answers.put("stream", List.of("[[ ## answer ## ]]\nIndia\n\n[[ ## completed ## ]]"));
    for (String name : List.of("batch", "evaluate", "optimize")) {
      answers.put(name, List.of(INDIA, INDIA));
    }
    answers.put("best", tooLong);
    answers.put(
        "refine",
        List.of(
            tooLong.getFirst(),
            "{\"discussion\": \"\", \"advice\": {\"self\": \"One word.\"}}",
            INDIA));
    answers.put("chain", List.of("{\"reasoning\": \"It is warm.\", \"answer\": \"India\"}"));
    answers.put(
        "compare",
        List.of(
            "{\"reasoning\": \"near\", \"answer\": \"Nepal\"}",
            "{\"reasoning\": \"big\", \"answer\": \"India\"}",
            "{\"rationale\": \"big\", \"answer\": \"India\"}"));
    answers.put(
        "react",
        List.of(
            "{\"next_thought\": \"I look.\", \"next_tool_name\": \"price\","
                + " \"next_tool_args\": {\"product\": \"tea\"}}",
            "{\"next_thought\": \"So.\", \"next_tool_name\": \"finish\", \"next_tool_args\": {}}",
            "{\"reasoning\": \"Found.\", \"answer\": \"2.50\"}"));
    answers.put(
        "module",
        List.of(
            "{\"query\": \"tea\"}",
            "{\"query\": \"Assam\"}",
            "{\"reasoning\": \"Both.\", \"answer\": \"India\"}"));
    return answers;
  }

  @BeforeAll
  static void start() throws IOException {
    python = JSON.readTree(CPythonDspy.run(JSON.writeValueAsString(ANSWERS), "dspy_pairs.py"));
    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              REQUESTS.add(request);
              return String.valueOf(SCRIPT.poll());
            });
    terrarium =
        Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(scripted).build());
    dspy = terrarium.adapter(Dspy.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  private static void script(String pair) {
    REQUESTS.clear();
    SCRIPT.clear();
    SCRIPT.addAll(ANSWERS.get(pair));
  }

  /** Requires of a pair that the Python code gave the same result. */
  private static void assertSameResult(String pair, Object result) {
    assertThat(JSON.<JsonNode>valueToTree(result)).isEqualTo(python.at("/" + pair + "/result"));
  }

  /** Requires of a pair that the Python code sent the model the same messages, in any order. */
  private static void assertSameRequests(String pair) {
    List<JsonNode> expected = new ArrayList<>();
    python.at("/" + pair + "/requests").forEach(expected::add);
    List<JsonNode> sent =
        REQUESTS.stream()
            .map(request -> request.messages().stream().map(ChatMessage::content).toList())
            .map(JSON::<JsonNode>valueToTree)
            .toList();
    Comparator<JsonNode> order = Comparator.comparing(JsonNode::toString);
    assertThat(sent.stream().sorted(order).toList())
        .isNotEmpty()
        .isEqualTo(expected.stream().sorted(order).toList());
  }

  @Test
  void predictors() {
    script("predict");
    // guide: javaPredict
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class);
    String answer = ask.call(new Question("Where does tea grow?")).answer();
    // end
    assertSameResult("predict", answer);
    assertSameRequests("predict");

    script("chain");
    // guide: javaChain
    Traced<Place> found =
        dspy.chainOfThought(Question.class, Place.class)
            .trace(new Question("Where does tea grow?"));
    System.out.println(found.reasoning().orElseThrow() + found.outputs().answer());
    // end
    assertSameResult("chain", List.of(found.reasoning().orElseThrow(), found.outputs().answer()));
    assertSameRequests("chain");
  }

  @Test
  void agents() {
    script("react");
    // guide: javaReact
    ReActTrace<Place> found =
        dspy.react(Question.class, Place.class, Tools.of(new Shop()))
            .withMaxSteps(5)
            .trace(new Question("What does tea cost?"));
    ReActTrace.Step first = found.steps().getFirst();
    System.out.println(first.tool() + first.observation() + found.outputs().answer());
    // end
    assertSameResult(
        "react", List.of(first.tool(), first.observation().toString(), found.outputs().answer()));
    assertSameRequests("react");
  }

  @Test
  void severalAttempts() {
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class);
    script("best");
    // guide: javaBest
    Reward<Question, Place> oneWord = (question, found) -> found.answer().contains(" ") ? 0 : 1;
    RewardedProgram<Question, Place> best = dspy.bestOfN(ask, 3, 1.0, oneWord);
    String answer = best.call(new Question("Where does tea grow?")).answer();
    // end
    assertSameResult("best", answer);
    assertSameRequests("best");

    script("refine");
    // guide: javaRefine
    RewardedProgram<Question, Place> refined =
        dspy.refine(ask, 3, 1.0, "1 if the answer is one word, else 0", oneWord);
    // end
    assertSameResult("refine", refined.call(new Question("Where does tea grow?")).answer());

    script("compare");
    Question question = new Question("Where does tea grow?");
    // guide: javaCompare
    DspyProgram<Question, Place> warm =
        dspy.chainOfThought(
            Question.class, Place.class, DspyOptions.ofDefaults().withTemperature(0.7));
    List<Traced<Place>> attempts = List.of(warm.trace(question), warm.trace(question));
    Place compared =
        dspy.multiChainComparison(Question.class, Place.class, 2).call(question, attempts);
    // end
    assertSameResult("compare", compared.answer());
    assertSameRequests("compare");
  }

  @Test
  void manyInputs() {
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class);
    script("batch");
    // guide: javaBatch
    List<Question> questions =
        List.of(new Question("Where does tea grow?"), new Question("And coffee?"));
    List<CallResult<Place>> found = ask.callAll(questions);
    // end
    assertSameResult("batch", found.stream().map(each -> each.value().answer()).toList());
    assertSameRequests("batch");
  }

  @Test
  void modules() {
    Map<String, String> facts = Map.of("tea", "Tea grows in Assam.", "Assam", "Assam is in India.");
    script("module");
    // guide: javaModule
    DspyProgram<Question, Notes> hops =
        dspy.module(
            PythonSource.fromResource("/multi_hop.py"),
            "MultiHop",
            Question.class,
            Notes.class,
            Map.of("facts", facts),
            DspyOptions.ofDefaults());
    String answer = hops.call(new Question("Where does tea grow?")).answer();
    // end
    assertSameResult("module", answer);
    assertSameRequests("module");
  }

  @Test
  void adapters() {
    script("adapter");
    // guide: javaAdapter
    DspyOptions xml = DspyOptions.ofDefaults().withAdapter(DspyAdapter.XML);
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class, xml);
    String answer = ask.call(new Question("Where does tea grow?")).answer();
    // end
    assertSameResult("adapter", answer);
    assertSameRequests("adapter");
  }

  @Test
  void conversations() {
    script("history");
    // guide: javaHistory
    record Turn(History history, String question) {}

    History history =
        History.empty().with(Map.of("question", "Where does tea grow?", "answer", "India"));
    String answer =
        dspy.predict(Turn.class, Place.class).call(new Turn(history, "And coffee?")).answer();
    // end
    assertSameResult("history", answer);
    assertSameRequests("history");
  }

  @Test
  void evaluationAndOptimization() throws IOException {
    DspyOptions own = DspyOptions.ofDefaults().withTemperature(0); // equal programs share a state
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class, own);
    // guide: javaExamples
    List<Example<Question, Place>> examples =
        List.of(
            new Example<>(new Question("Where does tea grow?"), new Place("India")),
            new Example<>(new Question("And coffee?"), new Place("Brazil")));
    // end

    script("evaluate");
    // guide: javaEvaluate
    double score = dspy.evaluate(ask, examples, Metric.exactMatch()).score();
    // end
    assertSameResult("evaluate", score);
    assertSameRequests("evaluate");

    script("evaluate"); // before, and again with the demonstrations
    SCRIPT.addAll(ANSWERS.get("optimize"));
    SCRIPT.addAll(ANSWERS.get("evaluate"));
    // guide: javaOptimize
    Optimization optimized =
        dspy.optimize(
            ask,
            examples,
            Optimizer.bootstrapFewShot().with("max_bootstrapped_demos", 1),
            Metric.exactMatch());
    // end
    Path state = folder.resolve("optimized.json");
    optimized.state().save(state);
    List<String> demonstrations = new ArrayList<>();
    JSON.readTree(state.toFile())
        .get("demos")
        .forEach(each -> demonstrations.add(each.get("question").asText()));
    assertSameResult("optimize", demonstrations);
  }

  @Test
  void states() {
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class);
    script("save");
    // guide: javaSave
    ask.save(folder.resolve("state.json"));
    DspyProgram<Question, Place> same = dspy.predict(Question.class, Place.class);
    same.load(folder.resolve("state.json"));
    // end
    assertSameResult("save", same.call(new Question("Where does tea grow?")).answer());
  }

  @Test
  void pieces() throws Exception {
    script("stream");
    DspyOptions chat = DspyOptions.ofDefaults().withAdapter(DspyAdapter.CHAT);
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class, chat);
    // guide: javaStream
    Flow.Publisher<DspyChunk<Place>> stream = ask.stream(new Question("Where does tea grow?"));
    // end
    StringBuilder answer = new StringBuilder();
    for (DspyChunk<Place> chunk : Collector.all(stream)) {
      // guide: javaChunk
      if (chunk instanceof DspyChunk.Text<Place> piece && piece.field().equals("answer")) {
        answer.append(piece.text());
      }
      // end
    }
    assertSameResult("stream", answer.toString());
    assertSameRequests("stream");
  }

  @Test
  void whatWasSentAndUsed() {
    DspyProgram<Question, Place> ask = dspy.predict(Question.class, Place.class);
    script("usage");
    // guide: javaUsage
    Traced<Place> traced = ask.trace(new Question("Where does tea grow?"));
    System.out.println(traced.usage().promptTokens() + traced.usage().completionTokens());
    for (Traced.Request request : traced.requests()) {
      System.out.println(request.predictor() + request.messages() + request.response());
    }
    // end
    assertThat(traced.requests()).hasSize(1);
    assertThat(traced.usage().completionTokens()).isPositive();
    assertSameRequests("usage");
  }

  @Test
  void codeOfTheModel() {
    String text = "ok\nE42 no disk\nok\nE7 no net\n".repeat(1_000);
    String[] codes = {
      "codes = [line.split()[0] for line in text.splitlines() if line.startswith('E')]",
      "SUBMIT(len(codes), sorted(set(codes)))"
    };
    record Text(String text) {}

    record Log(String text, String question) {}

    record Report(int errors, List<String> codes) {}

    scriptCode(codes);
    // guide: javaRlm
    RlmProgram<Log, Report> program = dspy.rlm(Log.class, Report.class).withMaxIterations(10);
    Report found = program.call(new Log(text, "Which errors are there?"));
    // end
    assertThat(found).isEqualTo(new Report(2_000, List.of("E42", "E7")));
    List<String> sent = contents();

    // CPython would need Deno for the code; here the Python of the guide runs on GraalPy.
    scriptCode(codes);
    assertThat(dspy.module("/explore.py", "Explore", Text.class, Report.class).call(new Text(text)))
        .isEqualTo(found);
    assertThat(contents()).isEqualTo(sent);
  }

  private static void scriptCode(String... codes) {
    script("predict");
    SCRIPT.clear();
    for (String code : codes) {
      SCRIPT.add("{\"reasoning\": \"\", \"code\": \"" + code + "\"}");
    }
  }

  private static List<String> contents() {
    return REQUESTS.stream()
        .flatMap(request -> request.messages().stream())
        .map(ChatMessage::content)
        .toList();
  }
}
