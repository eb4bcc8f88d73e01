package dev.terrarium.jmh;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.Terrarium;
import dev.terrarium.llamacpp.LlamaCppModel;
import dev.terrarium.llamacpp.LlamaCppOptions;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ForwardingLanguageModel;
import dev.terrarium.model.LanguageModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * One language model, asked by four contexts of two frameworks at once: how many tokens and answers
 * a second, by how the model is set up, against one caller at a time. The argument is the GGUF
 * file. Rounds of all rows take turns, and the median round of each is printed.
 */
public final class SharedModel {

  private static final int CONTEXTS = 4;
  private static final int ROUNDS = 3;
  private static final int QUESTIONS = 12;
  private static final int TOKENS = 48;

  private record Row(String what, String model, int callers) {}

  private record Created(String program) {}

  private record Round(double tokens, double answers) {}

  private static final List<Row> ROWS =
      List.of(
          new Row("one caller, one answer at a time", "one", 1),
          new Row("four callers, one answer at a time", "one", CONTEXTS),
          new Row("four callers, two workers of one answer", "workers", CONTEXTS),
          new Row("four callers, four slots", "slots", CONTEXTS));

  private final Adapter dspy;
  private final Adapter langchain;
  private final LongAdder tokens;

  private SharedModel(Terrarium terrarium, LongAdder tokens) {
    this.dspy = terrarium.adapter("dspy");
    this.langchain = terrarium.adapter("langchain");
    this.tokens = tokens;
  }

  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    LongAdder tokens = new LongAdder();
    LlamaCppOptions.Builder workers = LlamaCppOptions.custom().threads(2).parallel(2);
    try (LanguageModel one = named("one", file, LlamaCppOptions.ofDefaults(), tokens);
        LanguageModel two = named("workers", file, workers.build(), tokens);
        LanguageModel slots =
            named("slots", file, LlamaCppOptions.custom().slots(CONTEXTS).build(), tokens);
        Terrarium terrarium =
            Terrarium.start(
                Bench.config(CONTEXTS)
                    .languageModel(one)
                    .languageModel(two)
                    .languageModel(slots)
                    .build())) {
      terrarium.prewarm("dspy", CONTEXTS).join();
      terrarium.prewarm("langchain", CONTEXTS).join();
      new SharedModel(terrarium, tokens).run();
    }
    System.exit(0);
  }

  private static LanguageModel named(
      String name, Path file, LlamaCppOptions options, LongAdder tokens) {
    return new Counted(name, LlamaCppModel.load(file, options), tokens);
  }

  /** A model by another name, whose answers' tokens are counted. */
  private static final class Counted extends ForwardingLanguageModel {
    private final String name;
    private final LongAdder tokens;

    Counted(String name, LanguageModel model, LongAdder tokens) {
      super(model);
      this.name = name;
      this.tokens = tokens;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      ChatResponse response = super.chat(request);
      tokens.add(response.usage().completionTokens());
      return response;
    }
  }

  private void run() throws Exception {
    List<List<Round>> rounds = new ArrayList<>();
    for (Row row : ROWS) {
      Round unused = round(row); // warms up
      rounds.add(new ArrayList<>());
    }
    for (int i = 0; i < ROUNDS; i++) {
      for (int row = 0; row < ROWS.size(); row++) {
        rounds.get(row).add(round(ROWS.get(row)));
      }
    }
    double base = median(rounds.getFirst());
    for (int row = 0; row < ROWS.size(); row++) {
      List<Round> sorted = sorted(rounds.get(row));
      Round middle = sorted.get(sorted.size() / 2);
      System.out.printf(
          "%-42s %6.1f tokens/s (%.1f to %.1f), %5.2f answers/s, %.2f times the first%n",
          ROWS.get(row).what,
          middle.tokens,
          sorted.getFirst().tokens,
          sorted.getLast().tokens,
          middle.answers,
          middle.tokens / base);
    }
  }

  private static List<Round> sorted(List<Round> rounds) {
    return rounds.stream()
        .sorted((one, other) -> Double.compare(one.tokens, other.tokens))
        .toList();
  }

  private static double median(List<Round> rounds) {
    return sorted(rounds).get(rounds.size() / 2).tokens;
  }

  /** All questions, half of them by each framework, by so many callers. */
  private Round round(Row row) throws Exception {
    AtomicInteger next = new AtomicInteger();
    tokens.reset();
    long begin = System.nanoTime();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < row.callers; i++) {
        all.add(
            callers.submit(
                () -> {
                  for (int n = next.getAndIncrement(); n < QUESTIONS; n = next.getAndIncrement()) {
                    ask(row.model, n);
                  }
                }));
      }
      for (Future<?> each : all) {
        Object unused = each.get();
      }
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    return new Round(tokens.sum() / seconds, QUESTIONS / seconds);
  }

  private void ask(String model, int n) {
    Map<String, Object> options = Map.of("model", model, "max_tokens", TOKENS, "temperature", 0.0);
    if (n % 2 == 0) {
      Object unused =
          dspy.call(
              "predict",
              Map.of(
                  "signature",
                  "question -> answer",
                  "inputs",
                  Map.of("question", "Why is the number " + n + " remarkable?"),
                  "options",
                  options));
    } else {
      String program =
          langchain
              .call(
                  Command.of(
                          "create_program",
                          Map.of(
                              "spec",
                              Map.of("prompt", "Tell a story of {n} bees.", "options", options)))
                      .as(Created.class))
              .program();
      Object unused =
          langchain.call(
              "invoke", Map.of("program", program, "inputs", Map.of("n", Integer.toString(n))));
    }
  }
}
