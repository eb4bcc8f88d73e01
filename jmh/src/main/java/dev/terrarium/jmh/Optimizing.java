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
import dev.terrarium.llamacpp.LlamaCppModel;
import dev.terrarium.llamacpp.LlamaCppOptions;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ForwardingLanguageModel;
import dev.terrarium.model.LanguageModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The time that an optimizer of DSPy takes for one task: in contexts of Terrarium, and beside it on
 * CPython with as many threads, by {@code jmh/peers/optimize.py}. Both have the same prompts,
 * seeds, examples and language model. An argument is the time in milliseconds that a model takes
 * whose answers depend on the prompt alone; or a GGUF file, which llama.cpp runs in either process,
 * in CPython for one request at a time. The class path has terrarium-python-numpy and
 * terrarium-python-dspy-optimizers, too, which MIPROv2 needs.
 */
public final class Optimizing {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TRAIN = 16;
  private static final List<Integer> CONTEXTS = List.of(1, 2, 4);

  private static final int EMBEDDED_CONTEXTS = 4;
  private static final int CORES = Runtime.getRuntime().availableProcessors();
  private static final int CONTEXT_WINDOW = 4096;

  /** Of an answer by a file: so many are enough for an instruction. */
  private static final int MOST_TOKENS = 128;

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
        "optimizer, model, contexts, threads of CPython, round: Terrarium s, CPython s, ratio;"
            + " calls; scores");
    for (String argument : arguments) {
      if (argument.endsWith(".gguf")) {
        embedded(Path.of(argument), python, examples);
      } else {
        delayed(Duration.ofMillis(Long.parseLong(argument)), python, examples);
      }
    }
    System.exit(0);
  }

  private static void delayed(
      Duration delay, PythonSide python, List<Example<Review, Opinion>> examples)
      throws IOException {
    for (int contexts : CONTEXTS) {
      Peer peer = new Peer(python, contexts, delay, null);
      rows(new ChecksumModel(delay), delay.toMillis() + " ms", contexts, peer, examples);
    }
  }

  private static void embedded(
      Path file, PythonSide python, List<Example<Review, Opinion>> examples) throws IOException {
    LlamaCppOptions options =
        LlamaCppOptions.custom()
            .threads(CORES)
            .slots(EMBEDDED_CONTEXTS)
            .contextWindow(CONTEXT_WINDOW)
            .maxTokens(MOST_TOKENS)
            .build();
    LanguageModel model = LlamaCppModel.load(file, options);
    Peer peer = new Peer(python, 1, Duration.ZERO, file);
    rows(model, file.getFileName().toString(), EMBEDDED_CONTEXTS, peer, examples);
  }

  private static void rows(
      LanguageModel model,
      String what,
      int contexts,
      Peer peer,
      List<Example<Review, Opinion>> examples)
      throws IOException {
    AtomicLong calls = new AtomicLong();
    LanguageModel counting =
        new ForwardingLanguageModel(model) {
          @Override
          public ChatResponse chat(ChatRequest request) {
            calls.incrementAndGet();
            return super.chat(request);
          }
        };
    try (Terrarium terrarium = Terrarium.start(Bench.config(contexts, counting).build())) {
      Object unused = terrarium.prewarm("dspy", contexts).join();
      Dspy dspy = terrarium.adapter(Dspy.class);
      for (int round = 1; round <= ROUNDS; round++) {
        for (Task task : TASKS) {
          JsonNode there = peer.optimize(task, examples);
          DspyProgram<Review, Opinion> program = dspy.predict(Review.class, Opinion.class);
          forget(terrarium, program.id());
          calls.set(0);
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
              "%s, %s, %d, %d, %d: %.2f, %.2f, %.2f; %d, %d; %.2f, %.2f%n",
              task.name(),
              what,
              contexts,
              peer.threads(),
              round,
              seconds,
              there.get("seconds").asDouble(),
              seconds / there.get("seconds").asDouble(),
              calls.get(),
              there.get("calls").asInt(),
              result.score(),
              there.get("score").asDouble());
        }
      }
    }
  }

  /** Takes what the last optimization found from the program. */
  private static void forget(Terrarium terrarium, String program) {
    Map<String, Object> arguments = new HashMap<>(Map.of("program", program));
    arguments.put("state", null);
    Object unused = terrarium.call("dspy", "set_program_state", arguments);
  }

  /** CPython with a number of threads, on a model that takes a time, or on a file. */
  private record Peer(PythonSide python, int threads, Duration delay, @Nullable Path file) {

    JsonNode optimize(Task task, List<Example<Review, Opinion>> examples) throws IOException {
      Process process =
          new ProcessBuilder(
                  python.python().toString(), python.sources().resolve("optimize.py").toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      Map<String, Object> asked = new HashMap<>();
      asked.put("examples", examples);
      asked.put("train", TRAIN);
      asked.put("optimizer", task.name());
      asked.put("parameters", task.parameters());
      asked.put("compile", task.more());
      asked.put("threads", threads);
      asked.put("delay", delay.toMillis() / 1e3);
      if (file != null) {
        asked.put("file", file.toString());
        asked.put("context", CONTEXT_WINDOW);
        asked.put("cores", CORES);
      }
      asked.put("max_tokens", MOST_TOKENS);
      try (Writer line =
          new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8)) {
        line.write(JSON.writeValueAsString(asked) + "\n");
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
