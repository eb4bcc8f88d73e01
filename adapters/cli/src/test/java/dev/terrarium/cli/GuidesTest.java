package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.terrarium.Adapter;
import dev.terrarium.AdmissionConfig;
import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.AdmissionConfig.Retry;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Callback;
import dev.terrarium.Command;
import dev.terrarium.Framework;
import dev.terrarium.Invocable;
import dev.terrarium.MessageFormat;
import dev.terrarium.Programs;
import dev.terrarium.ResourceLimits;
import dev.terrarium.Session;
import dev.terrarium.Stats.HeapUse;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyChunk;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.dspy.FrozenDspyProgram;
import dev.terrarium.dspy.FrozenStats;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.event.JfrObserver;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.langchain.Chain;
import dev.terrarium.langchain.LangChain;
import dev.terrarium.langchain.TextChain;
import dev.terrarium.llamacpp.LlamaCpp;
import dev.terrarium.llamacpp.LlamaCppOptions;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.spi.ResourcePool;
import dev.terrarium.testkit.FakeLanguageModel;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The guides show code that tests compile and run: what stands between a mark and its end. */
@Tag("graalpy")
@Timeout(300)
@NullUnmarked // as a user's code may be
class GuidesTest {

  private static final Path GUIDES = Path.of("../../docs/guides");
  private static final List<Path> SOURCES =
      List.of(
          Path.of("src/test/java/dev/terrarium/cli/GuidesTest.java"),
          Path.of("src/test/java/dev/terrarium/cli/TinyFrameworks.java"),
          Path.of("src/test/java/dev/terrarium/cli/ToolsGuideTest.java"),
          Path.of("src/test/java/dev/terrarium/cli/OptimizingGuideTest.java"),
          Path.of("../dspy/src/test/java/dev/terrarium/dspy/StateFileTest.java"),
          Path.of("../dspy/src/test/java/dev/terrarium/dspy/RlmTest.java"),
          Path.of("../dspy/src/test/java/dev/terrarium/dspy/DspyGuideTest.java"),
          Path.of("../dspy/src/test/java/dev/terrarium/dspy/DspyPairsTest.java"),
          Path.of("../dspy/src/test/resources/multi_hop.py"),
          Path.of("../dspy/src/test/resources/dspy_pairs.py"),
          Path.of("../dspy/src/test/resources/explore.py"),
          Path.of("../mcp/src/test/java/dev/terrarium/mcp/McpToolsTest.java"),
          Path.of("../langchain4j/src/test/java/dev/terrarium/langchain4j/ModelsGuideTest.java"),
          Path.of("../transformers/src/test/java/dev/terrarium/transformers/TransformersTest.java"),
          Path.of("../transformers/src/test/resources/reader.py"),
          Path.of("../langgraph/src/test/java/dev/terrarium/langgraph/GraphTest.java"),
          Path.of("../langgraph/src/test/resources/orders.py"),
          Path.of("../langgraph/src/test/resources/more_graphs.py"),
          Path.of("../consumer/src/main/java/dev/example/Reports.java"),
          Path.of("../consumer/src/main/resources/report.py"),
          Path.of("src/test/resources/guide.py"),
          Path.of("src/test/resources/ratings.py"),
          Path.of("src/test/resources/phrases/__init__.py"),
          Path.of("src/test/resources/phrases/commands.py"),
          Path.of("src/test/resources/phrases/words.py"),
          Path.of("../../python-modules/bridge/src/test/wheel/test_phrases.py"),
          Path.of("../../python-modules/numpy/src/test/resources/figures.py"),
          Path.of(
              "../../python-modules/numpy/src/test/java/dev/terrarium/python/numpy/NumpyTest.java"),
          Path.of("../../python-modules/dspy-optimizers/src/test/resources/tuner.py"),
          Path.of(
              "../../python-modules/dspy-optimizers/src/test/java/dev/terrarium/python/optimizers"
                  + "/NearestExamplesTest.java"),
          Path.of("src/test/resources/tiny/tiny.py"));

  private static final Pattern BLOCK =
      Pattern.compile("(?:<!-- (\\w+) -->\\n)?```(java|python)\\n(.*?)```", Pattern.DOTALL);

  record Counts(int words) {}

  record Question(String question) {}

  record Answer(String answer) {}

  private static Terrarium terrarium;
  private static Adapter guide;

  @BeforeAll
  static void start() {
    terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(2)
                .languageModel(FakeLanguageModel.schemaConforming())
                .build());
    terrarium.register(Framework.fromResource("/guide.py"));
    guide = terrarium.adapter("guide");
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  @Test
  void theGuidesShowWhatIsCompiledAndRunHere() throws IOException {
    String sources = "";
    for (Path source : SOURCES) {
      sources += flat(Files.readString(source));
    }
    int blocks = 0;
    for (Path file : guides()) {
      Matcher block = BLOCK.matcher(Files.readString(file));
      while (block.find()) {
        String mark = block.group(2).equals("java") ? "// guide: " : "# guide: ";
        String end = block.group(2).equals("java") ? "// end\n" : "# end\n";
        assertThat(sources)
            .as(file + ", " + block.group(1))
            .contains(mark + block.group(1) + "\n" + flat(block.group(3)) + end);
        blocks++;
      }
    }
    assertThat(blocks).isGreaterThan(15);
  }

  private static List<Path> guides() throws IOException {
    try (Stream<Path> files = Files.list(GUIDES)) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList();
    }
  }

  /** Without indentation and empty lines. */
  private static String flat(String text) {
    StringBuilder flat = new StringBuilder();
    text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .forEach(line -> flat.append(line).append('\n'));
    return flat.toString();
  }

  // ------------------------------------------------------------------ getting started

  @Test
  void firstPrograms() {
    // guide: first
    Dspy dspy = terrarium.adapter(Dspy.class);
    DspyProgram<Question, Answer> ask = dspy.predict(Question.class, Answer.class);
    Answer answer = ask.call(new Question("What is the capital of France?"));
    // end

    assertThat(answer.answer()).isEqualTo("text");

    // guide: chain
    TextChain chain = terrarium.adapter(LangChain.class).prompt("Name a {kind}.").text();
    String name = chain.call(Map.of("kind", "colour")); // or chain.stream(...)
    // end

    assertThat(name).isNotNull();
  }

  // ------------------------------------------------------------------ calling

  @Test
  void oneCall() {
    // guide: call
    Object counts = terrarium.call("guide", "count", Map.of("text", "to be or not to be"));

    Adapter adapter = terrarium.adapter("guide"); // made once, then looked up
    Counts typed = adapter.call(Command.of("count", Map.of("text", "to be")).as(Counts.class));
    // end

    assertThat(counts).isEqualTo(Map.of("words", 6L));
    assertThat(typed.words()).isEqualTo(2);

    Command<Object> command = Command.of("count_each", Map.of("texts", List.of("to", "be or")));
    assertThat(List.of(adapter.call(command.as(Counts[].class))))
        .containsExactly(new Counts(1), new Counts(2));
    assertThat(adapter.call("ask", Map.of("question", "What is the capital of France?")))
        .isInstanceOf(String.class);
  }

  // guide: review
  enum Mood {
    HAPPY,
    SAD
  }

  record Review(String text, Mood mood, Set<String> tags) {}

  // end

  @Test
  void byAnnotations() {
    terrarium.register(Framework.fromResource("/ratings.py"));
    Adapter ratings = terrarium.adapter("ratings");
    List<Review> reviews =
        List.of(
            new Review("fine", Mood.HAPPY, Set.of("food")), new Review("dull", Mood.SAD, Set.of()));
    Map<String, Object> wrong =
        Map.of("text", "fine", "mood", "SAD", "tags", List.of(), "stars", "4");

    assertThat(ratings.call("rate", Map.of("reviews", reviews))).isEqualTo(0.5);
    assertThatThrownBy(() -> ratings.call("rate", Map.of("reviews", List.of(wrong))))
        .isInstanceOf(ArgumentException.class)
        .hasMessage(
            "rate: argument 'reviews' at reviews[0].stars: expected int or None, found str '4'");
  }

  @Test
  void frameworkOfAPackage() {
    // guide: package
    terrarium.register(Framework.fromResource("/phrases"));
    Object kept = terrarium.call("phrases", "keywords", Map.of("text", "To be or not to be"));
    // end

    assertThat(kept).isEqualTo(List.of("not"));
    assertThat(terrarium.call("phrases", "title", Map.of("text", "to be"))).isNotNull();
  }

  @Test
  void watchedFramework(@TempDir Path folder) throws IOException {
    for (String file : List.of("__init__.py", "commands.py", "words.py", "stop.txt")) {
      String text = Files.readString(Path.of("src/test/resources/phrases", file));
      Files.createDirectories(folder.resolve("songs"));
      Files.writeString(folder.resolve("songs").resolve(file), text.replace("phrases", "songs"));
    }
    Path sources = folder.resolve("songs");

    // guide: watching
    terrarium.register(Framework.watching(sources)); // such as src/main/resources/phrases
    // end

    Map<String, String> text = Map.of("text", "To be or not to be");
    assertThat(terrarium.call("songs", "keywords", text)).isEqualTo(List.of("not"));
    Files.writeString(
        sources.resolve("words.py"),
        Files.readString(sources.resolve("words.py")).replace("text.lower()", "text.upper()"));
    assertThat(terrarium.call("songs", "keywords", text)).isEqualTo(List.of("TO", "BE", "OR"));
  }

  // guide: integration
  /** The share of happy reviews. Thread-safe. */
  public static final class Ratings extends Invocable<List<Review>, Double> {

    Ratings(Adapter adapter) {
      super(adapter);
    }

    @Override
    protected Command<Double> command(List<Review> reviews) {
      return Command.of("rate", Map.of("reviews", reviews)).as(Double.class);
    }

    @Override
    public Ratings with(CallOptions options) {
      return new Ratings(adapter().with(options));
    }
  }

  /** Makes {@link Ratings}. */
  public static final class RatingsFactory implements AdapterFactory<Ratings> {

    @Override
    public Class<Ratings> type() {
      return Ratings.class;
    }

    @Override
    public String framework() {
      return "ratings";
    }

    @Override
    public Optional<String> resource() {
      return Optional.of("/ratings.py");
    }

    @Override
    public Ratings create(Adapter adapter) {
      return new Ratings(adapter);
    }
  }

  // end

  @Test
  void anIntegration() {
    List<Review> reviews = List.of(new Review("fine", Mood.HAPPY, Set.of("food")));
    try (Terrarium terrarium = Terrarium.start()) {
      // guide: integrated
      terrarium.register(new RatingsFactory());
      Ratings ratings = terrarium.adapter(Ratings.class);
      double share = ratings.call(reviews);
      List<CallResult<Double>> each = ratings.callAll(List.of(reviews, reviews));
      // end

      assertThat(share).isEqualTo(1.0);
      assertThat(each).allMatch(CallResult::isSuccess);
    }
  }

  @Test
  void withoutWaiting() {
    // guide: async
    CompletableFuture<Object> later = guide.callAsync(Command.of("count", Map.of("text", "to be")));
    Object counts = later.join(); // or later.cancel(true), which stops the Python code
    // end

    assertThat(counts).isEqualTo(Map.of("words", 2L));
  }

  @Test
  void byADeadline() {
    // guide: deadline
    terrarium.prewarm("guide", 1).join(); // not part of the deadline
    Adapter hurried = guide.with(CallOptions.deadline(Duration.ofSeconds(5)));
    Object counts = hurried.call("count", Map.of("text", "to be"));
    // end

    assertThat(counts).isEqualTo(Map.of("words", 2L));
  }

  @Test
  void manyAtOnce() {
    // guide: many
    List<Command<Object>> commands =
        List.of(
            Command.of("count", Map.of("text", "to be")),
            Command.of("count", Map.of("wrong", "argument")),
            Command.of("count", Map.of("text", "or not to be")));

    List<CallResult<Object>> inOrder = guide.batch(commands); // one visit to one context
    List<CallResult<Object>> spread = guide.callAll(commands); // in all contexts at once
    List<CallResult<Object>> untilTheFirst =
        guide.with(CallOptions.ofDefaults().withStopOnFailure()).batch(commands);

    for (CallResult<Object> result : inOrder) {
      String line =
          switch (result) {
            case CallResult.Success<Object>(Object value) -> "counted " + value;
            case CallResult.Failure<Object>(RuntimeException error) -> error.getMessage();
            case CallResult.Skipped<Object>() -> "not run";
          };
      System.getLogger("words").log(System.Logger.Level.INFO, line);
    }
    // end

    assertThat(inOrder).extracting(CallResult::isSuccess).containsExactly(true, false, true);
    assertThat(spread).extracting(CallResult::isSuccess).containsExactly(true, false, true);
    assertThat(untilTheFirst.get(2)).isInstanceOf(CallResult.Skipped.class);
  }

  // guide: subscriber
  /** Keeps what it is given, one piece at a time. */
  static final class Pieces<T> implements Flow.Subscriber<T> {
    final List<T> all = new ArrayList<>();
    final CountDownLatch done = new CountDownLatch(1);
    volatile Throwable failure;
    private Flow.Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      subscription.request(1);
    }

    @Override
    public void onNext(T piece) {
      all.add(piece);
      subscription.request(1); // or subscription.cancel(), which stops the Python code
    }

    @Override
    public void onError(Throwable thrown) {
      failure = thrown;
      done.countDown();
    }

    @Override
    public void onComplete() {
      done.countDown();
    }
  }

  // end

  @Test
  void pieceByPiece() throws InterruptedException {
    // guide: stream
    Pieces<Object> pieces = new Pieces<>();
    guide.stream(Command.of("words", Map.of("text", "to be or not"))).subscribe(pieces);
    boolean ended = pieces.done.await(10, TimeUnit.SECONDS);
    if (pieces.failure instanceof RuntimeException failure) {
      throw failure; // such as a PythonException, after the pieces before it
    }
    // end

    assertThat(ended).isTrue();
    assertThat(pieces.all).containsExactly("to", "be", "or", "not");
  }

  @Test
  void callingBack() {
    // guide: callback
    HostFunction length = Callback.of(String.class, text -> (double) text.length());
    Object best =
        guide.call("best", Map.of("texts", List.of("to", "be", "or", "not"), "score", length));
    // end

    assertThat(best).isEqualTo("not");
  }

  @Test
  void numbers() {
    // guide: numbers
    double[] table = new double[100_000];
    double[] halved = guide.call(Command.of("halve", Map.of("numbers", table)).as(double[].class));
    // end

    assertThat(halved).isEqualTo(table);
  }

  @Test
  void messages() {
    // guide: message
    byte[] request = "{\"text\": \"to be or not to be\"}".getBytes(StandardCharsets.UTF_8);
    byte[] response = guide.call(Command.of("count", request, MessageFormat.JSON));
    // end

    assertThat(response).asString(StandardCharsets.UTF_8).isEqualTo("{\"words\":6}");
  }

  @Test
  void sessions() {
    // guide: session
    Session session = terrarium.session("user-42");
    Adapter conversation = guide.with(session.options());
    conversation.call("next_turn", Map.of("text", "hello"));
    Object turns = conversation.call("next_turn", Map.of("text", "and again"));
    Map<String, Object> state = session.state(); // {turns=[hello, and again]}
    session.forget();
    // end

    assertThat(turns).isEqualTo(2L);
    assertThat(state).isEqualTo(Map.of("turns", List.of("hello", "and again")));
    assertThat(session.state()).isEmpty();
  }

  @Test
  void typedPrograms() throws InterruptedException {
    // guide: programs
    DspyProgram<Question, Answer> ask =
        terrarium.adapter(Dspy.class).predict(Question.class, Answer.class);

    Answer one = ask.call(new Question("Why?"));
    CompletableFuture<Answer> later = ask.callAsync(new Question("Why not?"));
    List<CallResult<Answer>> many =
        ask.callAll(List.of(new Question("Who?"), new Question("When?")));
    Pieces<DspyChunk<Answer>> live = new Pieces<>();
    ask.stream(new Question("How?")).subscribe(live);
    // end

    assertThat(one.answer()).isEqualTo("text");
    assertThat(later.join()).isEqualTo(one);
    assertThat(many).allMatch(CallResult::isSuccess);
    assertThat(live.done.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(live.all).last().isInstanceOf(DspyChunk.Done.class);

    assertThatThrownBy(() -> ask.call(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("input");
    assertThatThrownBy(() -> ask.stream(null)).hasMessage("input");

    // guide: growing
    Chain<Answer> chain = terrarium.adapter(LangChain.class).prompt("{question}").as(Answer.class);
    Map<String, Object> arguments =
        Map.of("program", chain.id(), "inputs", Map.of("question", "How?"));
    Pieces<Object> values = new Pieces<>();
    terrarium.adapter("langchain").stream(Command.of("stream", arguments)).subscribe(values);
    // end

    assertThat(values.done.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(values.all).last().isEqualTo(Map.of("answer", "text"));

    // guide: registry
    Programs programs = terrarium.adapter(Dspy.class).programs();
    List<String> ids = programs.list();
    long version = programs.info(ask.id()).version(); // rises with every change
    programs.delete(ask.id()); // in all contexts, from their next call on
    // end

    assertThat(ids).contains(ask.id());
    assertThat(version).isPositive();
    assertThatThrownBy(() -> ask.call(new Question("Still there?"))).hasMessageContaining(ask.id());
  }

  @Test
  void keptAnswers(@TempDir Path folder) {
    // guide: answers
    TerrariumConfig config =
        TerrariumConfig.custom()
            .answerCache(64L << 20) // bytes in memory
            .answerTtl(Duration.ofDays(1))
            .answerFolder(folder) // optional: keeps them beyond this process
            .build();
    // end

    assertThat(config.answerFolder()).contains(folder);
  }

  // ------------------------------------------------------------------ frozen programs

  @Test
  void frozenPrograms() {
    Dspy dspy = terrarium.adapter(Dspy.class);
    // guide: freeze
    DspyProgram<Question, Answer> ask = dspy.predict(Question.class, Answer.class);
    FrozenDspyProgram<Question, Answer> frozen = ask.freeze(); // or says what is in the way
    Answer answer = frozen.call(new Question("What is the capital of France?"));
    FrozenStats stats = frozen.stats(); // answered=1, continued=0, handedOver=0
    // end

    assertThat(answer).isEqualTo(ask.call(new Question("What is the capital of France?")));
    assertThat(stats).isEqualTo(new FrozenStats(1, 0, 0));

    // guide: thaw
    terrarium.call("dspy", "configure", Map.of("temperature", 0.2)); // changes every program
    if (!frozen.isFrozen()) {
      frozen = ask.freeze();
    }
    // end

    assertThat(frozen.isFrozen()).isTrue();
    terrarium.call("dspy", "configure", Map.of());
    assertThat(frozen.isFrozen()).isFalse();
  }

  @Test
  void conversations() {
    // guide: conversation
    TextChain chat =
        terrarium
            .adapter(LangChain.class)
            .prompt("{question}")
            .system("Be brief.")
            .history(20)
            .text();
    TextChain hers = chat.with(terrarium.session("ann").options());
    hers.call(Map.of("question", "What is the capital of France?"));
    hers.call(Map.of("question", "And of Italy?")); // the model sees the first question, too
    // end

    assertThat(terrarium.session("ann").state().get("history"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .hasSize(4);
  }

  // ------------------------------------------------------------------ caching and limits

  /** Stands for a model of native code. */
  record Scorer(long bytes) implements AutoCloseable {
    static Scorer open(String file) {
      return new Scorer(file.length() * 1_000L);
    }

    double score(String text) {
      return text.length();
    }

    @Override
    public void close() {}
  }

  @Test
  void loadedModels() {
    // guide: models
    ModelCache models = terrarium.shared().modelCache();
    models.limit("scorer", ModelCache.Limits.custom().models(2).bytes(512L << 20).build());
    double score;
    try (ModelCache.Use<Scorer> use =
        models.acquire("scorer", "small", () -> Scorer.open("small"), Scorer::bytes)) {
      score = use.model().score("a text"); // not evicted before the use is closed
    }
    // end

    assertThat(score).isEqualTo(6);
    assertThat(terrarium.stats().modelCache().models()).isPositive();
  }

  @Test
  void sharedResources() {
    // guide: resources
    ResourcePool.Kind<StringBuilder> buffers =
        ResourcePool.Kind.exclusive("buffer", key -> new StringBuilder())
            .check(buffer -> buffer.length() < 1_000) // before it is used again
            .closer(buffer -> buffer.setLength(0))
            .build();
    try (ResourcePool.Lease<StringBuilder> lease =
        terrarium.shared().pool().borrow(buffers, "any")) {
      lease.resource().append("mine alone until the lease is closed");
    }
    // end
  }

  @Test
  void tokens() {
    // guide: tokens
    Tokenizer tokenizer = terrarium.shared().tokenizer(Optional.empty()); // the default model's
    int count = tokenizer.count("to be or not to be"); // without loading the model
    String text = tokenizer.decode(tokenizer.encode("to be"));
    // end

    assertThat(count).isEqualTo(6);
    assertThat(text).isEqualTo("to be");
  }

  @Test
  void requestsOverHttp() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("to be".getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });
    server.start();
    try {
      String url = "http://127.0.0.1:" + server.getAddress().getPort();

      assertThat(guide.call("fetch", Map.of("url", url)))
          .isEqualTo(Map.of("status", 200L, "tokens", 2L));
    } finally {
      server.stop(0);
    }
  }

  @Test
  void memoryOfContexts() {
    guide.call("count", Map.of("text", "loads it"));
    // guide: memory
    HeapUse heap = terrarium.stats().resources().get("guide").heap();
    long bytes = heap.bytes(); // counts toward the limit, together with the models
    String word = heap.measured() ? "measured" : "by estimate";
    Map<String, Long> held = terrarium.measureContexts().join(); // now; none on a plain JDK
    // end

    assertThat(bytes).isPositive();
    assertThat(word).isEqualTo("by estimate");
    assertThat(held).isEmpty();
  }

  @Test
  void limitsAndAdmission() {
    // guide: limits
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1)
            .limits(ResourceLimits.custom().memory(1L << 30).models(4).build())
            .limits("guide", ResourceLimits.custom().connections(2).build())
            .admission(
                AdmissionConfig.custom()
                    .circuitBreaker(CircuitBreaker.ofDefaults()) // 5 failures, 30 s, 1 trial
                    .bulkhead(Bulkhead.of(4).withQueue(16, Duration.ofSeconds(2)))
                    .retry(Retry.ofDefaults()) // of commands that say they are idempotent
                    .budget(Budget.ofCalls(2, Duration.ofHours(1)).withTokens(100_000))
                    .build())
            .build();
    // end

    try (Terrarium guarded = Terrarium.start(config)) {
      guarded.register(Framework.fromResource("/guide.py"));
      // guide: account
      CallOptions account = CallOptions.ofDefaults().withCallerKey("ann");
      guarded.adapter("guide").with(account).call("count", Map.of("text", "once"));
      guarded.adapter("guide").with(account).call("count", Map.of("text", "twice"));
      // end
      assertThatThrownBy(
              () -> guarded.adapter("guide").with(account).call("count", Map.of("text", "thrice")))
          .isInstanceOf(BudgetExceededException.class)
          .hasMessageContaining("ann");
      assertThat(guarded.stats().admission().get("guide").rejected()).isEqualTo(1);
    }
  }

  @Test
  void events() {
    List<TerrariumEvent> slow = new CopyOnWriteArrayList<>();
    Duration limit = Duration.ZERO;
    // guide: events
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1)
            .observer(new JfrObserver()) // terrarium.CommandExecuted and others, in a recording
            .observer(
                event -> {
                  if (event instanceof TerrariumEvent.CallEnded call
                      && call.runNanos() > limit.toNanos()) {
                    slow.add(call); // limit is a Duration of yours
                  }
                })
            .build();
    // end

    try (Terrarium observed = Terrarium.start(config)) {
      observed.register(Framework.fromResource("/guide.py"));
      observed.call("guide", "count", Map.of("text", "to be"));
    }
    assertThat(slow).hasSize(1);
  }

  @Test
  void metricsOfMicrometer() {
    // guide: metrics
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    TerrariumObserver calls =
        event -> {
          if (event instanceof TerrariumEvent.CallEnded call) {
            Timer.builder("terrarium.calls")
                .tags("framework", call.framework(), "outcome", call.outcome().name())
                .register(registry)
                .record(call.runNanos(), TimeUnit.NANOSECONDS);
          }
        };
    Terrarium measured =
        Terrarium.start(TerrariumConfig.custom().contexts(1).observer(calls).build());
    registry.gauge("terrarium.pending", measured, each -> each.stats().pool().pending());
    // end

    try (measured) {
      measured.register(Framework.fromResource("/guide.py"));
      measured.call("guide", "count", Map.of("text", "to be"));

      assertThat(registry.scrape())
          .contains("terrarium_calls_seconds_count{framework=\"guide\",outcome=\"SUCCEEDED\"} 1")
          .contains("terrarium_pending 0.0");
    }
  }

  // ------------------------------------------------------------------ language models

  // guide: parrot
  /** Says the same to everything; yours asks a service or a library. Many threads call it. */
  record Parrot(String words) implements LanguageModel {
    @Override
    public String name() {
      return "parrot";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      return new ChatResponse(words, FinishReason.STOP, new TokenUsage(0, 0), Duration.ZERO);
    }

    @Override
    public void close() {}
  }

  // end

  @Test
  void languageModels() {
    LlamaCppOptions options = LlamaCppOptions.custom().slots(4).build();
    try (LanguageModel embedded = new LlamaCpp(options).open(null)) {
      // guide: given
      TerrariumConfig config =
          TerrariumConfig.custom()
              .contexts(1)
              .languageModel(new Parrot("Paris")) // the first one is the default
              .languageModel(embedded) // others are asked for by their names
              .build();
      // end

      try (Terrarium asking = Terrarium.start(config)) {
        ChatRequest request = ChatRequest.of("What is the capital of France?");
        assertThat(asking.shared().languageModel(Optional.empty()).chat(request).text())
            .isEqualTo("Paris");
        assertThat(asking.shared().languageModel(Optional.of(embedded.name())).name())
            .isEqualTo("smollm2-135m-instruct");
      }
    }
  }

  @Test
  void fakeLanguageModel() {
    // guide: fake
    FakeLanguageModel model = FakeLanguageModel.answering("{\"answer\": \"Paris\"}");
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).languageModel(model).build();
    try (Terrarium tested = Terrarium.start(config)) {
      // the code that is to be tested, such as
      tested.shared().languageModel(Optional.empty()).chat(ChatRequest.of("Where?"));
    }
    List<ChatRequest> asked = model.requests();
    // end

    assertThat(config.contexts()).isEqualTo(1);
    assertThat(asked).containsExactly(ChatRequest.of("Where?"));
  }

  // ------------------------------------------------------------------ configuration

  @Test
  void configuration() {
    // guide: config
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(1, 4) // one at the start, up to four under load
            .borrowTimeout(Duration.ofSeconds(5))
            .build();
    TerrariumConfig larger = TerrariumConfig.from(config).contexts(4, 8).build();
    // end

    assertThat(larger.contexts()).isEqualTo(8);
    assertThat(larger.borrowTimeout()).isEqualTo(Duration.ofSeconds(5));

    // guide: environment
    TerrariumConfig deployed =
        TerrariumConfig.from(TerrariumConfig.ofEnvironment()) // -Dterrarium.borrow-timeout=5s
            .set("load-timeout", "90s")
            .set("frameworks.guide.circuit-breaker-failures", "3")
            .build();
    // end

    assertThat(deployed.loadTimeout()).isEqualTo(Duration.ofSeconds(90));
    assertThat(deployed.admission("guide").circuitBreaker().orElseThrow().failures()).isEqualTo(3);

    String key = "of LangSmith";
    // guide: variables
    TerrariumConfig traced =
        TerrariumConfig.custom()
            .environment(Map.of("LANGSMITH_TRACING", "true", "LANGSMITH_API_KEY", key))
            .build();
    // end

    assertThat(traced.environment()).containsEntry("LANGSMITH_TRACING", "true");
  }
}
