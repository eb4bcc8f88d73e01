package dev.terrarium.jmh;

import dev.terrarium.Command;
import dev.terrarium.PythonSource;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.langchain.Chain;
import dev.terrarium.langchain.LangChain;
import dev.terrarium.langgraph.Graph;
import dev.terrarium.langgraph.LangGraph;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.transformers.SentenceModel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * DSPy, LangChain, LangGraph, a pipeline of {@code transformers} in Python, and a framework of one
 * file, which take turns in one pool of two contexts. In a round each framework has two calls, one
 * after a call of another framework and one after its own; the difference of their times is the
 * cost of switching. Each answer is checked. After a tenth, half and all of the rounds it prints
 * the times of the rounds since, the heap after a full collection, and how often a framework was
 * loaded anew. The argument is the number of rounds, 1,000 by default:
 *
 * <pre>java -cp 'jmh/target/lib/*' dev.terrarium.jmh.MixedFrameworks 1000</pre>
 */
public final class MixedFrameworks {

  private static final int CONTEXTS = 2;
  private static final double NANOS_PER_MILLI = 1e6;

  record Question(String question) {}

  record Answer(int number) {}

  /** A language model that answers with the round of the question. */
  private static final class RoundModel implements LanguageModel {

    private static final Pattern ROUND = Pattern.compile("round (\\d+)");

    @Override
    public String name() {
      return "rounds";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      Matcher round = ROUND.matcher(request.messages().getLast().content());
      if (!round.find()) {
        throw new IllegalStateException("a question without a round: " + request);
      }
      String text =
          request.responseSchema() == null
              ? round.group(1)
              : "{\"number\": %s}".formatted(round.group(1));
      return new ChatResponse(text, FinishReason.STOP, new TokenUsage(1, 1), Duration.ZERO);
    }

    @Override
    public void close() {}
  }

  @FunctionalInterface
  private interface Check<T extends @Nullable Object> {
    boolean isRight(int round, T answer);
  }

  /** The calls of one framework, and their times in nanoseconds. */
  private record Turn<T extends @Nullable Object>(
      String framework,
      IntFunction<T> call,
      Check<? super T> check,
      Histogram afterAnother,
      Histogram afterItself) {

    Turn(String framework, IntFunction<T> call, Check<? super T> check) {
      this(framework, call, check, new Histogram(3), new Histogram(3));
    }

    void take(int round) {
      time(round, afterAnother);
      time(round, afterItself);
    }

    private void time(int round, Histogram times) {
      long begin = System.nanoTime();
      T answer = call.apply(round);
      times.recordValue(System.nanoTime() - begin);
      if (!check.isRight(round, answer)) {
        throw new IllegalStateException(
            "%s answered in round %d: %s".formatted(framework, round, answer));
      }
    }

    void printAndForget() {
      System.out.printf(
          "  %-13s %8.2f %8.2f %8.2f %8.2f%n",
          framework,
          milliseconds(afterAnother, 50),
          milliseconds(afterAnother, 99),
          milliseconds(afterItself, 50),
          milliseconds(afterItself, 99));
      afterAnother.reset();
      afterItself.reset();
    }

    private static double milliseconds(Histogram times, double percentile) {
      return times.getValueAtPercentile(percentile) / NANOS_PER_MILLI;
    }
  }

  private MixedFrameworks() {}

  public static void main(String[] arguments) throws IOException {
    int rounds = arguments.length == 0 ? 1_000 : Integer.parseInt(arguments[0]);
    try (SentenceModel vectors = SentenceModel.ofDefaults();
        Terrarium terrarium =
            Terrarium.start(Bench.config(CONTEXTS, new RoundModel()).build())
                .register(Bench.framework())) {
      List<Turn<?>> turns = turns(terrarium, vectors);
      for (Turn<?> turn : turns) {
        terrarium.prewarm(turn.framework(), CONTEXTS).join();
      }
      long loads = terrarium.stats().pool().loads();
      Samples samples = new Samples();
      System.out.println("  milliseconds: after another p50, p99; after itself p50, p99");
      for (int round = 1; round <= rounds; round++) {
        for (Turn<?> turn : turns) {
          turn.take(round);
        }
        if (round == rounds / 10 || round == rounds / 2 || round == rounds) {
          samples.take(round);
          System.out.printf(
              "round %d: heap %.1f MB, RSS %.1f MB, %d loads since the start%n",
              round,
              samples.lastHeap(),
              samples.lastRss(),
              terrarium.stats().pool().loads() - loads);
          turns.forEach(Turn::printAndForget);
        }
      }
    }
    System.exit(0);
  }

  private static List<Turn<?>> turns(Terrarium terrarium, SentenceModel vectors) {
    DspyProgram<Question, Answer> program =
        terrarium.adapter(Dspy.class).predict(Question.class, Answer.class);
    Chain<String> chain = terrarium.adapter(LangChain.class).prompt("Which is {question}?").text();
    Graph<Map<String, ?>, Map<String, @Nullable Object>> graph =
        terrarium.adapter(LangGraph.class).graph(PythonSource.fromResource("/rounds.py"), "graph");
    return List.of(
        new Turn<>(
            "dspy",
            round -> program.call(new Question(text(round))),
            (round, answer) -> answer.number() == round),
        new Turn<>(
            "langchain",
            round -> chain.call(Map.of("question", text(round))),
            (round, answer) -> answer.equals(String.valueOf(round))),
        new Turn<>(
            "langgraph",
            round -> graph.call(Map.of("question", text(round))).get("answer"),
            (round, answer) -> String.valueOf(round).equals(answer)),
        new Turn<>(
            "transformers",
            round ->
                terrarium
                    .adapter("transformers")
                    .call(
                        Command.of(
                                "run",
                                Map.of(
                                    "task",
                                    "feature-extraction",
                                    "inputs",
                                    text(round),
                                    "model",
                                    vectors.name()))
                            .as(float[][][].class)),
            (round, tokens) ->
                cosine(mean(tokens[0]), vectors.embed(List.of(text(round))).getFirst()) > 0.9999),
        new Turn<>(
            Bench.NAME,
            round -> terrarium.call(Bench.NAME, "plain", Map.of("n", round)),
            (round, answer) -> List.of((long) round, 2L, List.of(5L), true).equals(answer)));
  }

  private static String text(int round) {
    return "round " + round;
  }

  private static float[] mean(float[][] tokens) {
    float[] sum = new float[tokens[0].length];
    for (float[] token : tokens) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += token[i] / tokens.length;
      }
    }
    return sum;
  }

  private static double cosine(float[] one, float[] other) {
    return product(one, other) / Math.sqrt(product(one, one) * product(other, other));
  }

  private static double product(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }
}
