package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Describe;
import dev.terrarium.Invocable;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** States that go by file between programs of Terrarium and DSPy on CPython. */
@Tag("graalpy")
@Tag("launcher") // needs DSPy of PyPI
class StateFileTest {

  enum Mood {
    GOOD,
    BAD
  }

  record Person(String name, Optional<Integer> age) {}

  record Text(
      @Describe("what to judge") String text, BigDecimal limit, LocalDate day, Person author) {}

  @Describe("Judge the text.")
  record Verdict(
      Mood mood,
      @Describe("two words") List<String> tags,
      Map<String, Double> scores,
      Optional<String> note) {}

  record Question(String question) {}

  @Describe("Answer the question.")
  record Found(BigDecimal price) {}

  static final class Shop {
    @ToolMethod("Return the offer of a product.")
    String offer(String product) {
      return product + ": 2.50";
    }
  }

  private record Kind<I, O>(
      Invocable<I, O> program, String id, Consumer<Path> save, Consumer<Path> load, I input) {}

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> ADAPTERS = List.of("json", "chat");
  private static final String VERDICT =
      "\"mood\": \"BAD\", \"tags\": [\"dull\"], \"scores\": {\"wit\": 0.5}, \"note\": null";
  private static final List<String> STEPS =
      List.of(
          "{\"next_thought\": \"Look.\", \"next_tool_name\": \"offer\","
              + " \"next_tool_args\": {\"product\": \"tea\"}}",
          "{\"next_thought\": \"Done.\", \"next_tool_name\": \"finish\", \"next_tool_args\": {}}",
          "{\"reasoning\": \"Found.\", \"price\": 2.5}");
  private static final List<List<String>> SENT = new CopyOnWriteArrayList<>();

  private static Terrarium terrarium;
  private static Map<String, Kind<?, ?>> kinds;

  @TempDir private Path folder = Path.of("");

  @BeforeAll
  static void start() {
    FakeLanguageModel model = FakeLanguageModel.of(StateFileTest::answer);
    terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(model).build());
    Dspy dspy = terrarium.adapter(Dspy.class);
    Text text =
        new Text(
            "Rain «again»\n\n“and” again.",
            new BigDecimal("1.10"),
            LocalDate.of(2026, 12, 1),
            new Person("Zoë", Optional.empty()));
    kinds = new LinkedHashMap<>();
    DspyProgram<Text, Verdict> predict = dspy.predict(Text.class, Verdict.class);
    DspyProgram<Text, Verdict> chain = dspy.chainOfThought(Text.class, Verdict.class);
    ReActProgram<Question, Found> react =
        dspy.react(Question.class, Found.class, Tools.of(new Shop()));
    kinds.put("predict", new Kind<>(predict, predict.id(), predict::save, predict::load, text));
    kinds.put("chain-of-thought", new Kind<>(chain, chain.id(), chain::save, chain::load, text));
    kinds.put(
        "react",
        new Kind<>(react, react.id(), react::save, react::load, new Question("What is tea?")));
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  private static String answer(ChatRequest request) {
    SENT.add(request.messages().stream().map(ChatMessage::content).toList());
    String asked = request.messages().getFirst().content();
    String answer =
        asked.contains("`price`") || asked.contains("`next_thought`")
            ? STEPS.get(SENT.size() - 1)
            : asked.contains("`reasoning`")
                ? "{\"reasoning\": \"So.\", " + VERDICT + "}"
                : "{" + VERDICT + "}";
    return request.responseSchema() != null ? answer : sections(answer);
  }

  private static String sections(String json) {
    StringBuilder answer = new StringBuilder();
    try {
      JSON.readTree(json)
          .properties()
          .forEach(
              each ->
                  answer
                      .append("[[ ## ")
                      .append(each.getKey())
                      .append(" ## ]]\n")
                      .append(
                          each.getValue().isTextual() ? each.getValue().asText() : each.getValue())
                      .append("\n\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return answer.append("[[ ## completed ## ]]").toString();
  }

  /** Runs a program, and returns the messages of its requests. */
  private static <I, O> List<List<String>> sent(Kind<I, O> kind, String adapter) {
    terrarium.call("dspy", "configure", Map.of("adapter", adapter));
    try {
      SENT.clear();
      kind.program().call(kind.input());
      return List.copyOf(SENT);
    } finally {
      terrarium.call("dspy", "configure", Map.of());
    }
  }

  private List<List<String>> sentByPython(String name, String adapter) throws IOException {
    return JSON.readerForListOf(List.class)
        .readValue(folder.resolve(name + "-" + adapter + ".json").toFile());
  }

  @Test
  void stateThatPythonSavedGivesTheSamePromptsHere() throws IOException {
    CPythonDspy.run("", "states.py", "save", folder.toString());
    for (Map.Entry<String, Kind<?, ?>> each : kinds.entrySet()) {
      each.getValue().load().accept(folder.resolve(each.getKey() + ".json"));
      for (String adapter : ADAPTERS) {
        List<List<String>> expected = sentByPython(each.getKey(), adapter);
        assertThat(expected.toString()).contains("Nº 0.", "a “better” one");
        assertThat(sent(each.getValue(), adapter)).as(each.getKey()).isEqualTo(expected);
      }
    }
  }

  @Test
  void stateThatIsSavedHereGivesTheSamePromptsInPython() throws IOException {
    Map<String, List<List<String>>> expected = new HashMap<>();
    for (Map.Entry<String, Kind<?, ?>> each : kinds.entrySet()) {
      change(each.getValue().id());
      each.getValue().save().accept(folder.resolve(each.getKey() + ".json"));
      for (String adapter : ADAPTERS) {
        expected.put(each.getKey() + "-" + adapter, sent(each.getValue(), adapter));
      }
    }
    CPythonDspy.run("", "states.py", "load", folder.toString());
    for (String name : kinds.keySet()) {
      for (String adapter : ADAPTERS) {
        List<List<String>> here = Objects.requireNonNull(expected.get(name + "-" + adapter));
        assertThat(here.toString()).contains("Changed.", "12.50", "2024-02-29T10:30:00");
        assertThat(sentByPython(name, adapter)).as(name).isEqualTo(here);
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(each -> each.getFileName().toString()))
          .allMatch(name -> name.endsWith(".json"));
    }
  }

  /** Gives each predictor of a program other instructions, and a demonstration of Java's values. */
  private static void change(String program) {
    Map<String, @Nullable Object> state = state(program);
    for (Map<String, @Nullable Object> predictor : predictors(state)) {
      Map<String, Object> signature = new HashMap<>(as(predictor.get("signature")));
      signature.put("instructions", "Changed.\n\n«So»");
      predictor.put("signature", signature);
      Map<String, Object> demo = new LinkedHashMap<>();
      demo.put("text", "It’s \"so\" 😀");
      demo.put("question", "q");
      demo.put("trajectory", "t");
      demo.put("limit", new BigDecimal("12.50"));
      demo.put("day", LocalDate.of(2024, 2, 29));
      demo.put("author", new Person("Ann", Optional.of(7)));
      demo.put("reasoning", "r");
      demo.put("mood", Mood.GOOD);
      demo.put("tags", List.of("a", LocalDateTime.of(2024, 2, 29, 10, 30)));
      demo.put("scores", Map.of("wit", 1e16));
      demo.put("price", new BigDecimal("12.50"));
      demo.put("next_thought", "12.50");
      demo.put("next_tool_args", Map.of("product", LocalDateTime.of(2024, 2, 29, 10, 30)));
      predictor.put("demos", List.of(demo));
    }
    setState(program, state);
  }

  private static Map<String, @Nullable Object> state(String program) {
    Map<String, @Nullable Object> state = new LinkedHashMap<>();
    as(terrarium.call("dspy", "get_program_state", Map.of("program", program)))
        .forEach(
            (name, part) ->
                state.put(name, part instanceof Map<?, ?> map ? new LinkedHashMap<>(map) : part));
    return state;
  }

  private static void setState(String program, @Nullable Map<String, ?> state) {
    Map<String, @Nullable Object> arguments = new HashMap<>();
    arguments.put("program", program);
    arguments.put("state", state);
    terrarium.call("dspy", "set_program_state", arguments);
  }

  private static List<Map<String, @Nullable Object>> predictors(
      Map<String, @Nullable Object> state) {
    if (state.containsKey("demos")) {
      return List.of(state);
    }
    List<Map<String, @Nullable Object>> parts = new ArrayList<>();
    state.values().forEach(part -> parts.add(as(part)));
    return parts;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, @Nullable Object> as(@Nullable Object map) {
    return (Map<String, @Nullable Object>) Objects.requireNonNull(map);
  }

  @Test
  void fileThatIsNoStateOfTheProgramIsRefusedWithThePlace() throws IOException {
    DspyProgram<Question, Found> ask =
        terrarium.adapter(Dspy.class).predict(Question.class, Found.class);
    Path saved = folder.resolve("ask.json");
    ask.save(saved);
    String text = Files.readString(saved);
    long version = terrarium.adapter(Dspy.class).programs().info(ask.id()).version();
    Map<String, String> refused = new LinkedHashMap<>();
    refused.put("", "state: is no JSON document, or not a whole one: ");
    refused.put(text.substring(0, text.length() / 2), "not a whole one: ");
    refused.put("[]", "state: must be an object");
    refused.put("{}", "state.metadata.dependency_versions.dspy: is missing");
    refused.put(text.replace("\"dspy\":", "\"dsp\":"), "dependency_versions.dspy: is missing");
    refused.put(text.replace("\"demos\": []", "\"demos\": [1]"), "state.demos[0]: must be a dict");
    refused.put(text.replace("null", "{\"model\": \"a/b\"}"), "state.lm: must be None");
    refused.put(
        text.replace("${price}", "${cost}"),
        "state.signature.fields[1]: is of another signature: this one's fields are question,"
            + " price");
    refused.put(
        text.replace("Price:", "P:").replace("Question:", "Price:").replace("P:", "Question:"),
        "state.signature.fields[0]: is of another signature");
    for (Map.Entry<String, String> each : refused.entrySet()) {
      Path file = folder.resolve("wrong.json");
      Files.writeString(file, each.getKey());
      assertThatThrownBy(() -> ask.load(file))
          .isInstanceOf(ArgumentException.class)
          .hasMessageStartingWith(file + ": ")
          .hasMessageContaining(each.getValue());
    }
    Path binary = folder.resolve("binary.json");
    Files.write(binary, new byte[] {(byte) 0x80, 4});
    assertThatThrownBy(() -> ask.load(binary)).hasMessageContaining("no UTF-8");
    assertThatThrownBy(() -> ask.load(folder))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("save_program=True");
    assertThatThrownBy(() -> ask.save(folder.resolve("state.pkl")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("pickle");
    assertThatThrownBy(() -> ask.load(folder.resolve("none.json")))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(terrarium.adapter(Dspy.class).programs().info(ask.id()).version())
        .isEqualTo(version);
    assertThatCode(() -> ask.load(saved)).doesNotThrowAnyException();
  }

  @Test
  void stateThatCannotBeSavedLeavesTheFileAsItWas() throws IOException {
    DspyProgram<Question, Verdict> ask =
        terrarium.adapter(Dspy.class).predict(Question.class, Verdict.class);
    Path file = folder.resolve("state.json");
    ask.save(file);
    String before = Files.readString(file);
    Map<String, Object> values =
        Map.of(
            "state.demos[0].scores[1]: nan", List.of(1, Double.NaN),
            "state.demos[0].scores.a: 1000", Map.of("a", BigInteger.TEN.pow(20)));
    for (Map.Entry<String, Object> each : values.entrySet()) {
      Map<String, @Nullable Object> state = state(ask.id());
      state.put("demos", List.of(Map.of("scores", each.getValue())));
      setState(ask.id(), state);
      assertThatThrownBy(() -> ask.save(file))
          .isInstanceOf(ArgumentException.class)
          .hasMessageContaining(each.getKey());
      assertThat(Files.readString(file)).isEqualTo(before);
    }
    setState(ask.id(), null);
    assertThatThrownBy(() -> ask.save(folder.resolve("none/state.json")))
        .isInstanceOf(UncheckedIOException.class);
    Path link = Files.createSymbolicLink(folder.resolve("link.json"), file);
    ask.save(link);
    assertThat(Files.isSymbolicLink(link)).isTrue();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(file, link);
    }
  }

  @Test
  void stateOfAnotherVersionIsReadWithAWarning() throws IOException {
    DspyProgram<Question, Found> ask =
        terrarium.adapter(Dspy.class).predict(Question.class, Found.class);
    Path file = folder.resolve("old.json");
    // guide: states
    ask.save(file); // in Python: module.load("old.json")
    ask.load(file); // as module.save("old.json") of Python may have written it
    // end
    Files.writeString(file, Files.readString(file).replace("\"3.4.1\"", "\"2.6.0\""));
    List<String> warnings = new CopyOnWriteArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord logged) {
            warnings.add(logged.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger root = Logger.getLogger("");
    root.addHandler(handler);
    try {
      ask.load(file);
    } finally {
      root.removeHandler(handler);
    }
    assertThat(warnings)
        .filteredOn(each -> each.contains("dspy=="))
        .singleElement()
        .asString()
        .contains("saved with dspy==2.6.0 and is loaded by dspy==3.4.1");
  }
}
