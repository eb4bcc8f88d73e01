package dev.terrarium.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Adapter;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.Session;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TruncatedAnswerException;
import dev.terrarium.llamacpp.LlamaCpp;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.testkit.Collector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of langchain-core in a real context, on the real model, whose requests are recorded. */
@Tag("graalpy")
class LangChainTest {

  enum Colour {
    RED,
    YELLOW,
    BLUE
  }

  record Choice(Colour colour, boolean warm, int strength, List<String> examples) {}

  private static final String AFTER_A_WORD = "(?<= )";

  /**
   * The real model with a record of its requests; it gives the answer that a test sets, if one
   * does.
   */
  private static final class Listening implements LanguageModel {
    private final LanguageModel model = new LlamaCpp().open(null);
    private final List<ChatRequest> requests = Collections.synchronizedList(new ArrayList<>());
    private volatile String scripted = "";
    private volatile FinishReason finished = FinishReason.STOP;
    private volatile String between = AFTER_A_WORD;
    private volatile @Nullable CompletableFuture<Throwable> endless;

    @Override
    public String name() {
      return "listening";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      requests.add(request);
      return scripted.isEmpty()
          ? model.chat(request)
          : new ChatResponse(scripted, finished, new TokenUsage(1, 1), Duration.ofMillis(1));
    }

    private static ChatResponse count(
        Consumer<ChatResponse.Chunk> sink, CompletableFuture<Throwable> stopped) {
      try {
        for (int i = 1; ; i++) {
          sink.accept(new ChatResponse.Chunk(i + " "));
        }
      } catch (RuntimeException e) {
        stopped.complete(e);
        throw e;
      }
    }

    /** Streams a scripted answer word by word, unless a test sets where it is cut. */
    @Override
    public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
      CompletableFuture<Throwable> stopped = endless;
      if (stopped != null) {
        return count(sink, stopped);
      }
      if (scripted.isEmpty()) {
        requests.add(request);
        return model.stream(request, sink);
      }
      for (String word : scripted.split(between, -1)) {
        sink.accept(new ChatResponse.Chunk(word));
      }
      return chat(request);
    }

    @Override
    public void close() {
      model.close();
    }
  }

  private static final Listening MODEL = new Listening();

  private static Terrarium terrarium;
  private static LangChain langchain;

  @BeforeAll
  static void start() {
    terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(MODEL).build());
    langchain = terrarium.adapter(LangChain.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
    MODEL.close();
  }

  @AfterEach
  void nothingIsLeftBehind() {
    MODEL.scripted = "";
    MODEL.finished = FinishReason.STOP;
    MODEL.between = AFTER_A_WORD;
    MODEL.endless = null;
    assertThat(terrarium.stats().pool().leased()).isZero();
    assertThat(terrarium.stats().pool().pending()).isZero();
  }

  @Test
  void promptModelAndTextParser() {
    Chain<String> chain =
        langchain.prompt("What is the capital of {country}?").system("Answer briefly.").text();
    assertThat(chain.call(Map.of("country", "France"))).isNotBlank();
    assertThat(MODEL.requests.getLast().messages())
        .containsExactly(
            ChatMessage.system("Answer briefly."),
            ChatMessage.user("What is the capital of France?"));
    assertThat(MODEL.requests.getLast().responseSchema()).isNull();
  }

  @Test
  void aRecordComesBackTypedFromTheRealModel() {
    Chain<Choice> chain = langchain.prompt("Choose a colour for {thing}.").as(Choice.class);
    Choice choice = chain.call(Map.of("thing", "a fire engine"));
    assertThat(choice.colour()).isIn((Object[]) Colour.values());
    assertThat(choice.examples()).isNotNull();
    assertThat(MODEL.requests.getLast().responseSchema()).contains("RED", "YELLOW", "BLUE");
  }

  @Test
  void chainIsOneOfThePrograms() {
    Chain<String> chain = langchain.prompt("About {this}.").text();
    assertThat(langchain.programs().list()).contains(chain.id());
    assertThat(langchain.programs().info(chain.id()).spec()).containsEntry("parser", "str");
    langchain.programs().delete(chain.id());
    assertThat(langchain.programs().list()).doesNotContain(chain.id());
    assertThatThrownBy(() -> chain.call(Map.of("this", "x")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining(chain.id());
  }

  @Test
  void everyFieldIsRead() {
    MODEL.scripted =
        "{\"colour\": \"BLUE\", \"warm\": false, \"strength\": 3, \"examples\": [\"sky\"]}";
    Chain<Choice> chain = langchain.prompt("Choose for {thing}.").as(Choice.class);
    assertThat(chain.call(Map.of("thing", "x")))
        .isEqualTo(new Choice(Colour.BLUE, false, 3, List.of("sky")));
  }

  @Test
  void answerThatIsNotJsonFailsByName() {
    MODEL.scripted = "no";
    Chain<Choice> chain = langchain.prompt("Choose for {thing}.").as(Choice.class);
    assertThatThrownBy(() -> chain.call(Map.of("thing", "x")))
        .isInstanceOfSatisfying(
            PythonException.class, e -> assertThat(e.type()).contains("OutputParserException"));
  }

  @Test
  void brokenJsonIsNoAnswer() {
    Chain<Choice> chain = langchain.prompt("Choose for {thing}.").as(Choice.class);
    for (String broken :
        List.of(
            "{\"colour\": \"BLUE\", \"warm\": false, \"strength\": 3, \"examples\": [\"sky\"]}}",
            "{\"examples\": [\"sky\" and\", \"sea\"], \"colour\": \"BLUE\", \"warm\": false,"
                + " \"strength\": 3}")) {
      MODEL.scripted = broken;
      assertThatThrownBy(() -> chain.call(Map.of("thing", "x")))
          .isInstanceOfSatisfying(
              PythonException.class, e -> assertThat(e.type()).contains("OutputParserException"))
          .hasMessageContaining(broken);
    }
  }

  @Test
  void cutOffTypedAnswerIsReported() {
    String cutOff = "{\"colour\": \"BLUE\", \"warm\": false, \"strength\": 12";
    MODEL.scripted = cutOff;
    MODEL.finished = FinishReason.LENGTH;
    Chain<Choice> chain = langchain.prompt("Choose for {thing}.").as(Choice.class);
    terrarium.call("langchain", "configure", Map.of("max_tokens", 12));
    try {
      assertThatThrownBy(() -> chain.call(Map.of("thing", "x")))
          .isInstanceOfSatisfying(
              TruncatedAnswerException.class,
              e -> {
                assertThat(e.text()).isEqualTo(cutOff);
                assertThat(e.maxTokens()).isEqualTo(12);
              });
    } finally {
      terrarium.call("langchain", "configure", Map.of());
    }
    MODEL.scripted = cutOff + "3, \"examples\": []}"; // complete exactly at the limit
    assertThat(chain.call(Map.of("thing", "x")).strength()).isEqualTo(123);
  }

  @Test
  void traceReportsWhetherTheTextWasCutOff() {
    MODEL.scripted = "Once upon a";
    MODEL.finished = FinishReason.LENGTH;
    Traced<String> traced = langchain.prompt("Tell of {whom}.").text().trace(Map.of("whom", "me"));
    assertThat(traced)
        .isEqualTo(
            new Traced<>(
                "Once upon a",
                List.of(ChatMessage.user("Tell of me.")),
                FinishReason.LENGTH,
                new TokenUsage(1, 1)));
  }

  @Test
  void streamOfJsonIsCutAnywhere() throws Exception {
    MODEL.scripted = "{\"a\": \"x\\ud83d\\ude00\\\\y\", \"b\": [12, {\"c\": null}]}";
    MODEL.between = ""; // between any two characters
    Adapter adapter = terrarium.adapter("langchain");
    adapter.call(
        "create_program",
        Map.of("program", "cut", "spec", Map.of("prompt", "?", "parser", "json")));
    List<Object> values =
        Collector.all(
            adapter.stream(Command.of("stream", Map.of("program", "cut", "inputs", Map.of()))));

    Map<String, @Nullable Object> nothing = new HashMap<>();
    nothing.put("c", null);
    assertThat(values)
        .containsExactly(
            Map.of(),
            Map.of("a", ""),
            Map.of("a", "x"),
            Map.of("a", "x\ud83d\ude00"),
            Map.of("a", "x\ud83d\ude00\\"),
            Map.of("a", "x\ud83d\ude00\\y"),
            Map.of("a", "x\ud83d\ude00\\y", "b", List.of()),
            Map.of("a", "x\ud83d\ude00\\y", "b", List.of(12L)),
            Map.of("a", "x\ud83d\ude00\\y", "b", List.of(12L, Map.of())),
            Map.of("a", "x\ud83d\ude00\\y", "b", List.of(12L, nothing)));
  }

  @Test
  void textComesWhileTheModelWrites() throws Exception {
    MODEL.scripted = "one two three";
    TextChain chain = langchain.prompt("Count for {whom}.").text();

    assertThat(Collector.all(chain.stream(Map.of("whom", "me"))))
        .containsExactly("one ", "two ", "three");
  }

  @Test
  void textOfTheRealModelComesInPieces() throws Exception {
    TextChain chain = langchain.prompt("What is the capital of {country}?").text();
    List<String> pieces = Collector.all(chain.stream(Map.of("country", "France")));

    assertThat(pieces).hasSizeGreaterThan(1).noneMatch(String::isEmpty);
  }

  /** Only its reader can stop a model that counts to a billion. */
  @Test
  void cancellingStopsTheModel() throws Exception {
    MODEL.endless = new CompletableFuture<>();
    TextChain chain = langchain.prompt("Count for {whom}.").text();

    assertThat(Collector.first(2, chain.stream(Map.of("whom", "me")))).containsExactly("1 ", "2 ");
    assertThat(MODEL.endless.get(1, TimeUnit.MINUTES)).isInstanceOf(CallInterruptedException.class);
    while (terrarium.stats().pool().leased() > 0) {
      Thread.onSpinWait(); // a cancelled stream does not wait for its context's release
    }
  }

  @Test
  void streamedJsonGrowsUntilItIsComplete() throws Exception {
    MODEL.scripted =
        "{\"colour\": \"BLUE\", \"warm\": false, \"strength\": 3, \"examples\": [\"sky\"]}";
    Chain<Choice> chain = langchain.prompt("Choose for {thing}.").as(Choice.class);
    List<Object> pieces =
        Collector.all(
            terrarium.adapter("langchain").stream(
                Command.of(
                    "stream", Map.of("program", chain.id(), "inputs", Map.of("thing", "x")))));

    assertThat(pieces).contains(Map.of("colour", "BLUE", "warm", false));
    assertThat(pieces.getLast())
        .isEqualTo(
            Map.of("colour", "BLUE", "warm", false, "strength", 3L, "examples", List.of("sky")));
  }

  @Test
  void manyInputsGiveTypedResults() throws Exception {
    MODEL.scripted = "well";
    Chain<String> chain = langchain.prompt("How is {who}?").text();
    List<Map<String, String>> inputs =
        List.of(Map.of("who", "a"), Map.of("whom", "b"), Map.of("who", "c"));

    assertThat(chain.callAsync(inputs.getFirst()).get()).isEqualTo("well");
    for (List<CallResult<String>> results : List.of(chain.callAll(inputs), chain.batch(inputs))) {
      assertThat(results).hasSize(3);
      assertThat(results.getFirst().value()).isEqualTo("well");
      assertThatThrownBy(results.get(1)::value).isInstanceOf(ArgumentException.class);
      assertThat(results.getLast().value()).isEqualTo("well");
    }
  }

  @Test
  void wrongVariablesAreReported() {
    Chain<String> chain = langchain.prompt("Say {word}.").text();
    assertThatThrownBy(() -> chain.call(Map.of("wrod", "hello")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("wrod")
        .hasMessageContaining("word");
  }

  @Test
  void conversationContinuesInItsSession() {
    Session session = terrarium.session("user-42");
    Chain<String> chain = langchain.prompt("{question}").system("Be brief.").history(10).text();
    Chain<String> chat = chain.with(session.options());
    MODEL.scripted = "Paris.";
    chat.call(Map.of("question", "The capital?"));
    MODEL.scripted = "Two million.";
    chat.call(Map.of("question", "Its people?"));
    List<ChatMessage> sent = MODEL.requests.getLast().messages();
    chain.call(Map.of("question", "Its river?"));

    assertThat(sent)
        .containsExactly(
            ChatMessage.system("Be brief."),
            ChatMessage.user("The capital?"),
            ChatMessage.assistant("Paris."),
            ChatMessage.user("Its people?"));
    assertThat(session.state().get("history"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .hasSize(4);
    assertThat(MODEL.requests.getLast().messages()).hasSize(2);
  }

  @Test
  void historyOfLessThanTwoMessagesIsRefused() {
    assertThatThrownBy(() -> langchain.prompt("{question}").history(1).text())
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("at least 2");
  }

  @Test
  void commandsWorkByNameToo() {
    Object ping = terrarium.adapter("langchain").call("ping", Map.of());
    assertThat(ping)
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("framework", "langchain");
  }
}
