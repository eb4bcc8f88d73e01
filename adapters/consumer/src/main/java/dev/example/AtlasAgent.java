package dev.example;

import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyOptions;
import dev.terrarium.dspy.ReActTrace;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.util.Map;

/**
 * A typed ReAct program with two Java tools, on the embedded model or on the one that the first
 * argument names.
 */
public final class AtlasAgent {

  record Question(String question) {}

  record Answer(@Describe("a single word") String answer) {}

  record Country(@Describe("the country's name") String country) {}

  /** What the model may call. */
  static final class Atlas {

    private static final Map<String, String> CAPITALS =
        Map.of("France", "Paris", "Italy", "Rome", "Peru", "Lima");

    @ToolMethod("Returns the capital of a country.")
    String capital(Country country) {
      String capital = CAPITALS.get(country.country());
      if (capital == null) {
        throw new IllegalArgumentException("no country " + country.country());
      }
      return "The capital of " + country.country() + " is " + capital + ".";
    }

    @ToolMethod("Returns the number of people in a country.")
    int population(Country country) {
      return country.country().length() * 1_000_000;
    }
  }

  private AtlasAgent() {}

  public static void main(String[] args) {
    var config = TerrariumConfig.custom();
    if (args.length > 0) {
      config.languageModel(args[0]);
    }
    try (var terrarium = Terrarium.start(config.build())) {
      var options = DspyOptions.ofDefaults().withTemperature(0).withMaxTokens(200);
      var atlas =
          terrarium
              .adapter(Dspy.class)
              .react(Question.class, Answer.class, Tools.of(new Atlas()), options)
              .withMaxSteps(2);
      var trace = atlas.trace(new Question("What is the capital of France?"));
      for (ReActTrace.Step step : trace.steps()) {
        System.out.println(step.tool() + step.arguments() + " -> " + step.observation());
      }
      System.out.println(trace.outputs().answer());
    }
  }
}
