package dev.terrarium.jmh;

import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.dspy.ReActProgram;
import dev.terrarium.dspy.ReActTrace;
import dev.terrarium.langchain.Chain;
import dev.terrarium.langchain.LangChain;
import dev.terrarium.langchain.TextChain;
import dev.terrarium.langchain4j.LangChain4jModels;
import dev.terrarium.llamacpp.LlamaCppModel;
import dev.terrarium.llamacpp.LlamaCppOptions;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The same programs of DSPy and LangChain on the same GGUF file at temperature 0: by llama.cpp in
 * this process, and through a server with OpenAI's interface. The arguments are the file and the
 * server's base URL, as {@code jmh/peers/openai_server.py} prints it.
 */
public final class SameAnswers {

  private static final List<String> COUNTRIES = List.of("France", "Japan", "Italy", "Egypt");
  private static final List<String> REVIEWS =
      List.of("I love it.", "It broke on the first day.", "It is a table.", "Never again!");
  private static final int MOST_TOKENS = 64;

  record Question(String question) {}

  record Answer(@Describe("a single word") String answer) {}

  record Review(String review) {}

  enum Mood {
    GOOD,
    BAD,
    NEUTRAL
  }

  record Verdict(Mood mood, boolean angry) {}

  record Capital(String name, int letters) {}

  /** Two tools of one domain. */
  static final class Atlas {

    private static final Map<String, String> CAPITALS =
        Map.of("France", "Paris", "Japan", "Tokyo", "Italy", "Rome", "Egypt", "Cairo");

    @ToolMethod("Returns the capital of a country.")
    String capital(Country country) {
      return CAPITALS.getOrDefault(country.country(), "unknown");
    }

    @ToolMethod("Returns the number of letters of a word.")
    int letters(Word word) {
      return word.word().length();
    }
  }

  record Country(@Describe("one word, such as Spain") String country) {}

  record Word(String word) {}

  private SameAnswers() {}

  public static void main(String[] arguments) {
    Path file = Path.of(arguments[0]);
    try (LanguageModel embedded = LlamaCppModel.load(file, LlamaCppOptions.ofDefaults());
        LanguageModel server =
            LangChain4jModels.custom("openai:smollm2")
                .baseUrl(arguments[1])
                .apiKey("none")
                .build();
        Terrarium terrarium =
            Terrarium.start(Bench.config(1, embedded).languageModel(server).build())) {
      Map<String, String> one = answers(terrarium, embedded.name());
      Map<String, String> other = answers(terrarium, server.name());
      int same = 0;
      for (Map.Entry<String, String> each : one.entrySet()) {
        String answer = String.valueOf(other.get(each.getKey()));
        boolean equal = answer.equals(each.getValue());
        same += equal ? 1 : 0;
        System.out.println((equal ? "same      " : "DIFFERENT ") + each.getKey());
        System.out.println("  embedded: " + each.getValue());
        if (!equal) {
          System.out.println("  server:   " + answer);
        }
      }
      System.out.println(same + " of " + one.size() + " answers are the same");
    }
    System.exit(0);
  }

  private static Map<String, String> answers(Terrarium terrarium, String model) {
    Map<String, Object> options =
        Map.of("model", model, "temperature", 0.0, "max_tokens", MOST_TOKENS);
    terrarium.call("dspy", "configure", options);
    terrarium.call("langchain", "configure", options);
    Dspy dspy = terrarium.adapter(Dspy.class);
    LangChain langchain = terrarium.adapter(LangChain.class);
    DspyProgram<Question, Answer> ask = dspy.predict(Question.class, Answer.class);
    DspyProgram<Review, Verdict> judge = dspy.predict(Review.class, Verdict.class);
    ReActProgram<Question, Answer> agent =
        dspy.react(Question.class, Answer.class, Tools.of(new Atlas())).withMaxSteps(2);
    TextChain free = langchain.prompt("What is the capital of {country}?").text();
    Chain<Capital> typed = langchain.prompt("Name the capital of {country}.").as(Capital.class);
    Map<String, String> answers = new LinkedHashMap<>();
    for (String country : COUNTRIES) {
      String question = "What is the capital of " + country + "?";
      put(answers, "dspy.Predict: " + question, () -> ask.call(new Question(question)));
      put(answers, "dspy.ReAct: " + question, () -> steps(agent, new Question(question)));
      put(answers, "LangChain, text: " + country, () -> free.call(Map.of("country", country)));
      put(answers, "LangChain, typed: " + country, () -> typed.call(Map.of("country", country)));
    }
    for (String review : REVIEWS) {
      put(answers, "dspy.Predict, enum: " + review, () -> judge.call(new Review(review)));
    }
    return answers;
  }

  private static String steps(ReActProgram<Question, Answer> agent, Question question) {
    ReActTrace<Answer> trace = agent.trace(question);
    return trace.steps() + " -> " + trace.outputs();
  }

  private static void put(Map<String, String> answers, String what, Supplier<Object> call) {
    String answer;
    try {
      answer = String.valueOf(call.get());
    } catch (RuntimeException e) {
      answer = e.getClass().getSimpleName() + ": " + e.getMessage();
    }
    answers.put(what, answer.replace("\n", "\\n"));
  }
}
