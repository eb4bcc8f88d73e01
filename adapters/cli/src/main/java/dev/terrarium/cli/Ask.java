package dev.terrarium.cli;

import dev.terrarium.Describe;
import dev.terrarium.Stats;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyChunk;
import dev.terrarium.dspy.DspyOptions;
import dev.terrarium.dspy.Traced;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.langchain.LangChain;
import dev.terrarium.model.ChatMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
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
    mixinStandardHelpOptions = true)
final class Ask implements Callable<Integer> {

  /** The values of {@code --framework}. */
  enum FrameworkName {
    dspy,
    langchain
  }

  record Question(String question) {}

  /**
   * The output of DSPy's signature. The instruction is for small models: without one they repeat
   * the form that DSPy shows them.
   */
  @Describe("Answer the question.")
  record Answer(String answer) {}

  @Spec private CommandSpec spec;

  @Mixin private ModelOption model;

  @Parameters(
      arity = "1..*",
      paramLabel = "QUESTION",
      description = "One question; further ones are answered in the same process.")
  private List<String> questions = List.of();

  @Option(
      names = "--framework",
      defaultValue = "dspy",
      description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private FrameworkName framework = FrameworkName.dspy;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Bound on an answer by dspy; default ${DEFAULT-VALUE}.")
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
      throw new ParameterException(spec.commandLine(), "The question is empty.");
    }
    Timings timings = Timings.sinceProcessStart();
    TerrariumConfig.Builder config =
        TerrariumConfig.from(TerrariumConfig.ofEnvironment()).contexts(1);
    model.apply(config);
    try (Terrarium terrarium = Terrarium.start(config.build())) {
      CompletableFuture<?> loading =
          CompletableFuture.supplyAsync(() -> terrarium.shared().languageModel(Optional.empty()));
      terrarium.call(framework.name(), "ping", Map.of());
      timings.mark("first context");
      join(terrarium.prewarm(framework.name(), 1)); // while the model loads in parallel
      Answerer answerer = answerer(terrarium);
      timings.mark("framework import, program");
      join(loading);
      timings.mark("waiting for the model");
      for (int i = 0; i < questions.size(); i++) {
        Duration before = generation(terrarium);
        answerer.answer(questions.get(i), this::print);
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

  /** A function that gives an answer, whole or in pieces. */
  private interface Answerer {
    void answer(String question, Consumer<String> out);
  }

  private Answerer answerer(Terrarium terrarium) {
    return switch (framework) {
      case dspy -> {
        var program =
            terrarium
                .adapter(Dspy.class)
                .predict(
                    Question.class,
                    Answer.class,
                    DspyOptions.ofDefaults().withTemperature(0).withMaxTokens(maxTokens));
        yield stream
            ? (question, out) -> streamed(program.stream(new Question(question)), out)
            : (question, out) -> {
              Traced<Answer> traced = program.trace(new Question(question));
              show(traced.messages());
              out.accept(traced.outputs().answer());
            };
      }
      case langchain -> {
        var chain = terrarium.adapter(LangChain.class).prompt("{question}").text();
        yield (question, out) -> {
          show(List.of(ChatMessage.user(question)));
          Map<String, String> inputs = Map.of("question", question);
          if (stream) {
            Reading.of(chain.stream(inputs), out);
          } else {
            out.accept(chain.call(inputs));
          }
        };
      }
    };
  }

  /** Passes on the answer's pieces, or the whole answer at the end when there were no pieces. */
  private void streamed(Flow.Publisher<DspyChunk<Answer>> chunks, Consumer<String> out) {
    boolean[] begun = {false};
    Reading.of(
        chunks,
        chunk -> {
          switch (chunk) {
            case DspyChunk.Text<Answer>(String field, String text) -> {
              begun[0] = true;
              out.accept(text);
            }
            case DspyChunk.Done<Answer>(Traced<Answer> traced) -> {
              if (!begun[0]) {
                out.accept(traced.outputs().answer());
              }
              show(traced.messages());
            }
          }
        });
  }

  private void show(List<ChatMessage> messages) {
    if (showPrompt) {
      messages.forEach(
          message -> System.err.printf("[%s]%n%s%n%n", message.role(), message.content()));
    }
  }
}
