package dev.terrarium.cli;

import dev.terrarium.Stats;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.spi.AdapterFactory.Answerer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code ask}, which answers one question, or several in one process. */
@Command(
    name = "ask",
    description = "Answers a question through a real framework on a real language model.",
    defaultValueProvider = Frameworks.class,
    mixinStandardHelpOptions = true)
final class Ask implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private ModelOption model;

  @Parameters(
      arity = "1..*",
      paramLabel = "QUESTION",
      description = "One question; further ones are answered in the same process.")
  private List<String> questions = List.of();

  @Option(
      names = Frameworks.OPTION,
      completionCandidates = Frameworks.class,
      description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private String framework = "";

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Bound on an answer; default ${DEFAULT-VALUE}.")
  private int maxTokens;

  @Option(names = "--stream", description = "Print the answer while it is written.")
  private boolean stream;

  @Option(names = "--show-prompt", description = "Print what was really sent to the model.")
  private boolean showPrompt;

  @Option(names = "--timings", description = "Print where the time went.")
  private boolean showTimings;

  @Override
  public Integer call() throws IOException {
    if (questions.stream().anyMatch(String::isBlank)) {
      throw misuse("The question is empty.");
    }
    if (!Frameworks.contains(framework)) {
      throw misuse(
          "Invalid value for option '%s': expected one of [%s] (case-sensitive) but was '%s'"
              .formatted(Frameworks.OPTION, String.join(", ", new Frameworks()), framework));
    }
    if (maxTokens < 1) {
      throw misuse("--max-tokens: " + maxTokens + " is below 1.");
    }
    Timings timings = Timings.sinceProcessStart();
    TerrariumConfig.Builder config =
        TerrariumConfig.from(TerrariumConfig.ofEnvironment()).contexts(1);
    model.apply(config);
    if (showPrompt) {
      config.modelWrapper(PromptPrinter::new);
    }
    try (Terrarium terrarium = Terrarium.start(config.build())) {
      CompletableFuture<?> loading =
          CompletableFuture.supplyAsync(() -> terrarium.shared().languageModel(Optional.empty()));
      terrarium.call(framework, "ping", Map.of());
      timings.mark("first context");
      if (loading.isCompletedExceptionally()) {
        join(loading); // before the framework is imported in vain
      }
      Answerer answerer =
          Frameworks.answerer(terrarium, framework, maxTokens)
              .orElseThrow(
                  () ->
                      misuse("Framework '" + framework + "' answers no questions by its adapter."));
      join(terrarium.prewarm(framework, 1)); // while the model loads in parallel
      timings.mark("framework import, program");
      join(loading);
      timings.mark("waiting for the model");
      for (int i = 0; i < questions.size(); i++) {
        Duration before = generation(terrarium);
        if (stream) {
          Reading.of(answerer.stream(questions.get(i)), this::print);
        } else {
          print(answerer.answer(questions.get(i)));
        }
        System.out.println();
        Main.checkOutput();
        timings.markAnswer(i == 0, generation(terrarium).minus(before));
      }
      if (showTimings) {
        timings.print(System.err, terrarium.stats());
      }
    }
    return 0;
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private static Duration generation(Terrarium terrarium) {
    return terrarium.stats().models().values().stream()
        .map(Stats.Model::busy)
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** Waits for a load, and throws the exception with which it failed. */
  static void join(CompletableFuture<?> loading) {
    try {
      loading.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof TerrariumException cause ? cause : e;
    }
  }

  private void print(String piece) {
    System.out.print(piece);
    System.out.flush();
  }
}
