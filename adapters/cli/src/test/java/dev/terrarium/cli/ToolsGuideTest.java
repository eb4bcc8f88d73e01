package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Describe;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.ReActTrace;
import dev.terrarium.langchain.Agent;
import dev.terrarium.langchain.LangChain;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code that the guide of tools shows; {@link GuidesTest} compares them. */
@Tag("graalpy")
@Timeout(300)
@NullUnmarked // as a user's code may be
class ToolsGuideTest {

  private static final String LOOK =
      """
      {"next_thought": "", "next_tool_name": "price", "next_tool_args": {"name": "tea"}}\
      """;
  private static final String FINISH =
      """
      {"next_thought": "", "next_tool_name": "finish", "next_tool_args": {}}\
      """;
  private static final String ANSWER =
      """
      {"reasoning": "", "price": 2.50, "delivery": null}\
      """;

  private static Terrarium terrarium;

  @BeforeAll
  static void start() {
    FakeLanguageModel model = FakeLanguageModel.answering(LOOK, FINISH, ANSWER, "2.50 euros");
    terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(model).build());
    terrarium.register(Framework.fromResource("/ratings.py"));
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  @Test
  void programsCallTools() {
    // guide: toolReact
    record Question(String question) {}

    record Answer(BigDecimal price, Optional<LocalDate> delivery) {}

    ReActTrace<Answer> trace =
        terrarium
            .adapter(Dspy.class)
            .react(Question.class, Answer.class, Tools.of(new Shop()))
            .withMaxSteps(5)
            .trace(new Question("What is the price of tea, and when does it come?"));
    for (ReActTrace.Step step : trace.steps()) {
      System.out.println(step.tool() + step.arguments() + " -> " + step.observation());
    }
    Answer answer = trace.outputs();
    // end

    assertThat(answer).isEqualTo(new Answer(new BigDecimal("2.50"), Optional.empty()));
    assertThat(trace.steps().getFirst().observation()).isEqualTo(new BigDecimal("2.50"));

    agentAnswers();
  }

  private static void agentAnswers() {
    // guide: toolAgent
    Agent<String> agent =
        terrarium
            .adapter(LangChain.class)
            .prompt("{question}")
            .system("You work in a shop.")
            .bindTools(Tools.of(new Shop()))
            .text();
    String answer = agent.call(Map.of("question", "What is the price of tea?"));
    // end

    assertThat(answer).isEqualTo("2.50 euros");
  }

  @Test
  void toolsOfAllKinds() {
    // guide: toolKinds
    Tool stock =
        Tool.of("stock", "Counts the pieces of a product.", Product.class, p -> p.name().length());
    Tool raw =
        Tool.of(
            "lookup",
            "Looks a word up.",
            "{\"type\":\"object\",\"properties\":{\"word\":{\"type\":\"string\"}},\"required\":[\"word\"]}",
            arguments -> "no entry for " + arguments.get("word"));
    Tools python = Tools.commands(terrarium.adapter("ratings"), "rate"); // commands of a framework
    Tools all = Tools.of(new Shop(), stock, raw, python);
    // end

    // guide: toolFailure
    Tool strict = stock.onFailure(Tool.OnFailure.END_CALL);
    // end

    assertThat(all.list())
        .extracting(Tool::name)
        .containsExactly("deliveries", "price", "stock", "lookup", "rate");
    assertThat(strict.call(Map.of("name", "tea"))).isEqualTo(3);
    assertThat(raw.call(Map.of("word", "tea"))).isEqualTo("no entry for tea");
    Map<String, ?> review = Map.of("text", "!", "mood", "HAPPY", "tags", List.of("new"));
    assertThat(all.list().getLast().call(Map.of("reviews", List.of(review)))).isEqualTo(1.0);
  }
}

// guide: toolMethods
final class Shop {

  @ToolMethod("Returns the price of a product in euros.")
  BigDecimal price(Product product) {
    return product.name().equals("tea") ? new BigDecimal("2.50") : new BigDecimal("4.00");
  }

  @ToolMethod("Returns the days on which an order is delivered.")
  List<LocalDate> deliveries(Order order) {
    return List.of(LocalDate.of(2026, 12, 24));
  }
}

record Product(@Describe("one word, such as tea") String name) {}

record Order(List<Product> products, Optional<String> city) {}
// end
