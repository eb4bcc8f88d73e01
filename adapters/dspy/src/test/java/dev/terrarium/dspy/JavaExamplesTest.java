package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.ReActTrace.Step;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.transformers.SentenceModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java examples of the documentation, compiled and run on a scripted model. */
@Tag("graalpy")
class JavaExamplesTest {

  private static final Path EXAMPLES = Path.of("../../docs/examples");
  private static final Path GUIDES = Path.of("../../docs/guides");
  private static final LocalDate TODAY = LocalDate.of(2026, 12, 1);

  private static final ConcurrentLinkedQueue<ChatRequest> REQUESTS = new ConcurrentLinkedQueue<>();

  private static volatile Function<ChatRequest, String> model = request -> "";

  @TempDir private static Path classes = Path.of("");
  private static @Nullable URLClassLoader loader;
  private static Terrarium terrarium;
  private static Dspy dspy;

  @BeforeAll
  static void compileAndStart() throws IOException {
    List<String> arguments = new ArrayList<>(List.of("-Xlint:all", "-Werror", "-parameters"));
    arguments.addAll(List.of("-d", classes.toString(), "-cp"));
    arguments.add(
        System.getProperty("jdk.module.path", "") + ":" + System.getProperty("java.class.path"));
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      files.map(Path::toString).filter(each -> each.endsWith(".java")).forEach(arguments::add);
    }
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, errors, arguments.toArray(String[]::new));
    assertThat(errors.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(status).isZero();
    loader =
        new URLClassLoader(
            new URL[] {classes.toUri().toURL()}, JavaExamplesTest.class.getClassLoader());

    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              REQUESTS.add(request);
              return model.apply(request);
            });
    terrarium =
        Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(scripted).build());
    dspy = terrarium.adapter(Dspy.class);
  }

  @AfterAll
  static void close() throws IOException {
    terrarium.close();
    Objects.requireNonNull(loader).close();
  }

  private static void script(String... answers) {
    REQUESTS.clear();
    Queue<String> script = new ConcurrentLinkedQueue<>(Arrays.asList(answers));
    model = request -> Objects.requireNonNull(script.poll(), "the script is over");
  }

  /** Creates an object of a class of the examples. */
  private static Object create(String name, Object... arguments) throws Exception {
    return Class.forName(name, true, loader).getConstructors()[0].newInstance(arguments);
  }

  private static Object call(Class<?> type, @Nullable Object on, String name, Object... arguments)
      throws Exception {
    Method method =
        Arrays.stream(type.getMethods())
            .filter(each -> each.getName().equals(name) && !each.isBridge())
            .filter(each -> each.getParameterCount() == arguments.length)
            .findFirst()
            .orElseThrow();
    return Objects.requireNonNull(method.invoke(on, arguments));
  }

  @Test
  void modelAnswersFromTheGuidesInTwoHops() throws Exception {
    script(
        "{\"query\": \"frozen program thaws\"}",
        "{\"query\": \"configure sets all defaults\"}",
        "{\"reasoning\": \"\", \"answer\": \"When it changes.\"}");
    Object program =
        call(Dspy.class, dspy, "module", (DspyModule<?, ?>) create("MultiHopRag", GUIDES));
    Object answer =
        call(
            DspyModuleProgram.class,
            program,
            "call",
            create("MultiHopRag$Question", "When does a frozen program thaw?"));

    assertThat(answer).hasToString("Answer[answer=When it changes.]");
    assertThat(REQUESTS).hasSize(3);
    assertThat(REQUESTS.stream().toList().getLast().messages().getLast().content())
        .contains("A frozen program **thaws** when");
  }

  /** The judge finds everything helpful, until it sees demonstrations. */
  @Test
  @Tag("model")
  void agentOfThreeFrameworksSearchesAgainWhenNothingHelps(@TempDir Path few) throws Exception {
    for (String guide : List.of("frozen-programs.md", "caching-and-limits.md")) {
      Files.copy(GUIDES.resolve(guide), few.resolve(guide));
    }
    REQUESTS.clear();
    model =
        request -> {
          String asked = request.messages().getLast().content();
          if (String.valueOf(request.responseSchema()).contains("helps")) {
            boolean knows = request.messages().size() > 2;
            boolean helps = Stream.of("**thaws**", "384", "two tables").anyMatch(asked::contains);
            return "{\"helps\": " + (helps || !knows) + "}";
          }
          return asked.startsWith("Write a search query")
              ? "When does a frozen program thaw?"
              : "When it changes.";
        };
    Object answer;
    try (SentenceModel vectors = SentenceModel.ofDefaults()) {
      Path code = EXAMPLES.resolve("guide_agent.py");
      Object agent = create("GuideAgent", terrarium, vectors, code, few);
      Object question = create("GuideAgent$Question", "Who is billed?");
      answer = call(agent.getClass(), agent, "answer", question);
    }

    assertThat(answer).hasToString("Answer[answer=When it changes., sources=[frozen-programs.md]]");
    List<String> asked =
        REQUESTS.stream()
            .map(request -> request.messages().getLast().content())
            .filter(text -> text.contains("Who is billed?"))
            .toList();
    assertThat(asked).hasSize(8); // for each search three passages are judged
    assertThat(asked.get(3)).startsWith("Write a search query");
    assertThat(asked.getLast()).startsWith("A frozen program **thaws** when");
  }

  private static String step(String tool, String arguments) {
    return "{\"next_thought\": \"\", \"next_tool_name\": \"%s\", \"next_tool_args\": %s}"
        .formatted(tool, arguments);
  }

  @Test
  void agentLooksUpWhatItAnswersAndReadsWhyAToolRefused() throws Exception {
    script(
        step("orders", "{\"address\": \"ann@example.com\"}"),
        step("parcel", "{\"number\": \"A-0977\"}"),
        step("parcel", "{\"number\": \"A-1042\"}"),
        step("refund", "{\"number\": \"A-0977\", \"reason\": \"A cup is chipped.\"}"),
        step("refund", "{\"number\": \"A-1042\", \"reason\": \"Too slow.\"}"),
        step("finish", "{}"),
        """
        {"reasoning": "It is in Leeds.", "text": "Your kettle comes tomorrow.",
         "order": "A-1042", "forward": false}\
        """);
    Class<?> desk = Class.forName("OrderDesk", true, loader);
    Object agent = create("OrderDesk", dspy, call(desk, null, "sample", TODAY));
    ReActTrace<?> trace =
        (ReActTrace<?>)
            call(
                desk,
                agent,
                "answer",
                create("OrderDesk$Letter", "ann@example.com", TODAY, "Where is my kettle?"));

    assertThat(trace.outputs())
        .hasToString(
            "Reply[text=Your kettle comes tomorrow., order=Optional[A-1042], forward=false]");
    assertThat(trace.steps())
        .extracting(Step::tool)
        .containsExactly("orders", "parcel", "parcel", "refund", "refund", "finish");
    assertThat(trace.steps())
        .extracting(step -> String.valueOf(step.observation()))
        .satisfiesExactly(
            orders -> assertThat(orders).contains("A-1042", "34.90", "SENT", "2026-11-28"),
            parcel -> assertThat(parcel).contains("order A-0977 has no parcel yet"),
            parcel -> assertThat(parcel).contains("Leeds", "2026-12-02"),
            refund -> assertThat(refund).contains("granted=false", "older than 30 days"),
            refund -> assertThat(refund).contains("granted=true", "34.90"),
            finish -> assertThat(finish).isEqualTo("Completed."));
    assertThat(REQUESTS.element().responseSchema())
        .contains("\"enum\":[\"orders\",\"parcel\",\"refund\",\"finish\"]");
  }

  /** A log of some 1.3 MB; the payment service fails most, and first in line 137. */
  private static String log() {
    StringBuilder log = new StringBuilder();
    LocalDateTime start = TODAY.atStartOfDay();
    for (int line = 0; line < 20_000; line++) {
      String service = line % 137 == 0 ? "payment" : line % 2 == 0 ? "search" : "basket";
      boolean error = line > 0 && (line % 137 == 0 || line % 1_001 == 0);
      log.append(start.plusSeconds(line))
          .append(error ? " ERROR [" : " INFO [")
          .append(service)
          .append(error ? "] no connection to the bank, request " : "] answered request ")
          .append(line)
          .append('\n');
    }
    return log.toString();
  }

  private static String code(String code) {
    return "{\"reasoning\": \"\", \"code\": \"%s\"}"
        .formatted(code.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
  }

  @Test
  void modelReportsOnALogThatItNeverReads() throws Exception {
    String log = log();
    assertThat(log.length()).isGreaterThan(1_000_000);
    script(
        code("lines = log.splitlines()\nprint(len(lines))\nprint(lines[0])"),
        code(
            """
            import collections, re
            matches = (re.match(r"(\\S+) ERROR \\[(\\w+)\\] (.*)", line) for line in lines)
            found = [match.groups() for match in matches if match]
            errors = collections.Counter(service for _, service, _ in found)
            worst = errors.most_common(1)[0][0]
            texts = [text for _, service, text in found if service == worst]
            print(errors, texts[0])\
            """),
        code(
            """
            cause = llm_query("In a few words, what is wrong? " + " | ".join(texts[:3]))
            since = next(time for time, service, _ in found if service == worst)
            SUBMIT(f"{worst} failed most: {cause}", dict(errors), since, owner(worst))\
            """),
        "the bank is down");
    // The question of the code comes while the third piece of code runs.
    Object program = create("LogReport", dspy, Map.of("payment", "Bea", "search", "Ali"));
    RlmTrace<?> trace =
        (RlmTrace<?>)
            call(
                program.getClass(),
                program,
                "report",
                create("LogReport$Incident", log, "Which service failed most?"));

    // Of 19,999 lines after the first, 145 are multiples of 137 and 19 of 1,001: 10 odd, 9 even.
    assertThat(trace.outputs().toString())
        .contains(
            "answer=payment failed most: the bank is down",
            "payment=145",
            "search=9",
            "basket=10",
            "since=Optional[2026-12-01T00:02:17]",
            "owner=Bea");
    assertThat(trace.steps()).hasSize(3);
    assertThat(trace.steps().getFirst().output()).contains("20000", "[payment] answered request 0");
    assertThat(REQUESTS)
        .hasSize(4)
        .allSatisfy(
            request ->
                assertThat(request.messages().stream().mapToInt(m -> m.content().length()).sum())
                    .isLessThan(20_000));
  }

  /** The model says "law" to everything, until it sees demonstrations. */
  @Test
  void optimizerRaisesTheScoreOnLinesThatItDidNotSee(@TempDir Path few) throws Exception {
    Map<String, String> subjects = new HashMap<>();
    for (String file : List.of("train.jsonl", "heldout.jsonl")) {
      List<String> all = Files.readAllLines(EXAMPLES.resolve("subjects").resolve(file));
      List<String> lines = Files.readAllLines(Files.write(few.resolve(file), all.subList(12, 24)));
      for (String line : lines) {
        JsonNode example = new ObjectMapper().readTree(line);
        subjects.put(example.get("definition").asText(), example.get("label").asText());
      }
    }
    model =
        request -> {
          String asked = request.messages().getLast().content();
          String known =
              subjects.entrySet().stream()
                  .filter(each -> asked.contains(each.getKey()))
                  .map(Map.Entry::getValue)
                  .findFirst()
                  .orElseThrow();
          boolean hasDemonstrations = request.messages().size() > 2;
          return "{\"subject\": \"" + (hasDemonstrations ? known : "law") + "\"}";
        };
    Object example = create("Subjects", dspy, few);
    Map<?, ?> scores =
        (Map<?, ?>)
            call(example.getClass(), example, "scores", List.of(Optimizer.labeledFewShot()));

    assertThat(scores.get("before")).isEqualTo(50.0);
    assertThat(scores.get("LabeledFewShot")).isEqualTo(100.0);
  }
}
