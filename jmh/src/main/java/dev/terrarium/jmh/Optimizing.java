package dev.terrarium.jmh;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.dspy.Example;
import dev.terrarium.dspy.Metric;
import dev.terrarium.dspy.Optimization;
import dev.terrarium.dspy.OptimizeOptions;
import dev.terrarium.dspy.Optimizer;
import dev.terrarium.dspy.Score;
import dev.terrarium.jmh.peer.PythonSide;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The time that an optimizer of DSPy takes for one task: in contexts of Terrarium, and beside it on
 * CPython with as many threads, by {@code jmh/peers/optimize.py}. Both have the same prompts,
 * seeds, examples and language model, whose answers depend on the prompt and take no time, or as
 * many milliseconds as the arguments say. The class path has terrarium-python-numpy and
 * terrarium-python-dspy-optimizers, too, which MIPROv2 needs.
 */
public final class Optimizing {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TRAIN = 16;
  private static final List<Integer> CONTEXTS = List.of(1, 2, 4);

  /** How often each is measured; the first time the code is cold. */
  private static final int ROUNDS = 3;

  enum Sentiment {
    positive,
    negative
  }

  record Review(@Describe("a product review") String review) {}

  @Describe("Decide whether the writer of a product review is happy with the product.")
  record Opinion(Sentiment sentiment) {}

  /** An optimizer under both of its names. */
  private record Task(
      String name, Optimizer optimizer, Map<String, Object> parameters, Map<String, Object> more) {

    static Task of(
        String name, Optimizer plain, Map<String, Object> made, Map<String, Object> more) {
      Optimizer optimizer = plain;
      for (Map<String, Object> parameters : List.of(made, more)) {
        for (Map.Entry<String, Object> each : parameters.entrySet()) {
          optimizer = optimizer.with(each.getKey(), each.getValue());
        }
      }
      return new Task(name, optimizer, made, more);
    }
  }

  private static final List<Task> TASKS =
      List.of(
          Task.of("MIPROv2", Optimizer.miproV2(), Map.of("auto", "light", "seed", 9), Map.of()),
          Task.of("GEPA", Optimizer.gepa(), Map.of("max_metric_calls", 300, "seed", 0), Map.of()));

  private static final Metric<Review, Opinion> METRIC =
      Metric.explaining(
          (example, opinion) ->
              Score.of(opinion.equals(example.expected()))
                  .withFeedback("It is " + example.expected().sentiment() + "."));

  private Optimizing() {}

  /** Runs all of it for each of the model's delays, in milliseconds. */
  public static void main(String[] arguments) throws Exception {
    List<Example<Review, Opinion>> examples = examples();
    PythonSide python = PythonSide.make();
    System.out.println(
        "optimizer, delay, contexts or threads, round: Terrarium s, CPython s, ratio; calls;"
            + " scores");
    for (String milliseconds : arguments) {
      Duration delay = Duration.ofMillis(Long.parseLong(milliseconds));
      for (int contexts : CONTEXTS) {
        ChecksumModel model = new ChecksumModel(delay);
        try (Terrarium terrarium = Terrarium.start(Bench.config(contexts, model).build())) {
          Object unused = terrarium.prewarm("dspy", contexts).join();
          for (int round = 1; round <= ROUNDS; round++) {
            for (Task task : TASKS) {
              row(terrarium, model, python, examples, task, contexts, delay, round);
            }
          }
        }
      }
    }
    System.exit(0);
  }

  private static void row(
      Terrarium terrarium,
      ChecksumModel model,
      PythonSide python,
      List<Example<Review, Opinion>> examples,
      Task task,
      int contexts,
      Duration delay,
      int round)
      throws IOException {
    JsonNode peer = peer(python, examples, task, contexts, delay);
    Dspy dspy = terrarium.adapter(Dspy.class);
    DspyProgram<Review, Opinion> program = dspy.predict(Review.class, Opinion.class);
    forget(terrarium, program.id());
    model.calls();
    long began = System.nanoTime();
    Optimization result =
        dspy.optimize(
            program,
            examples.subList(0, TRAIN),
            examples.subList(TRAIN, examples.size()),
            task.optimizer(),
            METRIC,
            OptimizeOptions.ofDefaults().withThreads(contexts));
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf(
        "%s, %d ms, %d, %d: %.2f, %.2f, %.2f; %d, %d; %.2f, %.2f%n",
        task.name(),
        delay.toMillis(),
        contexts,
        round,
        seconds,
        peer.get("seconds").asDouble(),
        seconds / peer.get("seconds").asDouble(),
        model.calls(),
        peer.get("calls").asInt(),
        result.score(),
        peer.get("score").asDouble());
  }

  /** Takes what the last optimization found from the program. */
  private static void forget(Terrarium terrarium, String program) {
    Map<String, Object> arguments = new HashMap<>(Map.of("program", program));
    arguments.put("state", null);
    Object unused = terrarium.call("dspy", "set_program_state", arguments);
  }

  private static JsonNode peer(
      PythonSide python,
      List<Example<Review, Opinion>> examples,
      Task task,
      int threads,
      Duration delay)
      throws IOException {
    Process process =
        new ProcessBuilder(
                python.python().toString(), python.sources().resolve("optimize.py").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (Writer asked = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8)) {
      asked.write(
          JSON.writeValueAsString(
                  Map.of(
                      "examples",
                      examples,
                      "train",
                      TRAIN,
                      "optimizer",
                      task.name(),
                      "parameters",
                      task.parameters(),
                      "compile",
                      task.more(),
                      "threads",
                      threads,
                      "delay",
                      delay.toMillis() / 1e3))
              + "\n");
    }
    try (BufferedReader answer =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = answer.readLine();
      if (line == null) {
        throw new IOException("optimize.py ended without a result");
      }
      return JSON.readTree(line);
    }
  }

  private static List<Example<Review, Opinion>> examples() throws IOException {
    List<Example<Review, Opinion>> examples = new ArrayList<>();
    for (String line :
        Files.readAllLines(PythonSide.root().resolve("docs/examples/reviews.jsonl"))) {
      JsonNode review = JSON.readTree(line);
      examples.add(
          new Example<>(
              new Review(review.get("review").asText()),
              new Opinion(Sentiment.valueOf(review.get("label").asText()))));
    }
    return examples;
  }
}
