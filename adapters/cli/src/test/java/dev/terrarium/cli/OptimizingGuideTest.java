package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.CombinedProgram;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.dspy.EvaluateOptions;
import dev.terrarium.dspy.Evaluation;
import dev.terrarium.dspy.Example;
import dev.terrarium.dspy.Metric;
import dev.terrarium.dspy.Optimization;
import dev.terrarium.dspy.OptimizeOptions;
import dev.terrarium.dspy.Optimizer;
import dev.terrarium.dspy.RunningOptimization;
import dev.terrarium.dspy.Score;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.testkit.FakeLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The code that the guide of optimizers shows; {@link GuidesTest} compares them. */
@Tag("graalpy")
@Timeout(300)
@NullUnmarked // as a user's code may be
class OptimizingGuideTest {

  // guide: optimizingRecords
  record Review(String review) {}

  enum Sentiment {
    POSITIVE,
    NEGATIVE
  }

  record Opinion(Sentiment sentiment) {}

  // end

  /** Knows what is bad only after it has seen demonstrations. */
  private static String answer(ChatRequest request) {
    boolean bad =
        request.messages().size() > 2
            && request.messages().getLast().content().contains("It broke in a week.");
    return "{\"sentiment\": \"" + (bad ? "NEGATIVE" : "POSITIVE") + "\"}";
  }

  @Test
  void programIsEvaluatedAndOptimized(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("metric.py"),
            """
            def same(example, prediction, trace=None):
                return example.sentiment == prediction.sentiment
            """);
    try (Terrarium terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(1)
                .languageModel(FakeLanguageModel.of(OptimizingGuideTest::answer))
                .build())) {
      Dspy dspy = terrarium.adapter(Dspy.class);
      // guide: optimizingEvaluate
      List<Example<Review, Opinion>> examples =
          List.of(
              new Example<>(new Review("It boils quickly."), new Opinion(Sentiment.POSITIVE)),
              new Example<>(new Review("It broke in a week."), new Opinion(Sentiment.NEGATIVE)));
      DspyProgram<Review, Opinion> program = dspy.predict(Review.class, Opinion.class);
      Evaluation<Review, Opinion> evaluation =
          dspy.evaluate(program, examples, Metric.exactMatch());
      double percent = evaluation.score();
      Files.writeString(folder.resolve("table.csv"), evaluation.toCsv());
      // end
      assertThat(percent).isEqualTo(50);
      assertThat(folder.resolve("table.csv")).content().hasLineCount(3);

      // guide: optimizingOptions
      EvaluateOptions options =
          EvaluateOptions.ofDefaults()
              .withThreads(8) // at a time; as many as there are contexts by default
              .withMaxErrors(3) // ends then; 10 by default
              .withDeadline(Duration.ofMinutes(5)) // ends then with what it has
              .withListener(
                  progress -> System.out.println(progress.done() + ": " + progress.score()));
      Evaluation<Review, Opinion> faster =
          dspy.evaluate(program.freeze(), examples, Metric.exactMatch(), options);
      // end
      assertThat(faster.score()).isEqualTo(50);

      // guide: optimizingMetrics
      Metric<Review, Opinion> same =
          Metric.matching((example, opinion) -> example.expected().equals(opinion));
      Metric<Review, Opinion> number = Metric.scoring((example, opinion) -> 0.5);
      Metric<Review, Opinion> explaining =
          Metric.explaining(
              (example, opinion) ->
                  Score.of(example.expected().equals(opinion))
                      .withFeedback("The writer is " + example.expected().sentiment()));
      Metric<Review, Opinion> python = Metric.named("python:" + file + ":same");
      // end
      for (Metric<Review, Opinion> metric : List.of(same, number, explaining, python)) {
        assertThat(dspy.evaluate(program, examples, metric).score()).isEqualTo(50);
      }

      List<Example<Review, Opinion>> train = examples;
      List<Example<Review, Opinion>> validation = examples;
      // guide: optimizingOptimize
      Optimization result =
          dspy.optimize(
              program,
              train,
              validation, // candidates are scored on these; List.of() for those to train on
              Optimizer.bootstrapFewShotWithRandomSearch()
                  .with("num_candidate_programs", 4)
                  .with("max_bootstrapped_demos", 2),
              Metric.exactMatch(),
              OptimizeOptions.ofDefaults()
                  .withMaxCalls(1_000)
                  .withCheckpoint(folder.resolve("run.json"))
                  .withListener(candidate -> System.out.println(candidate)));
      System.out.println(result.candidates().getFirst().score() + " -> " + result.score());
      result.state().save(folder.resolve("state.json"));
      // end
      assertThat(result.score()).isEqualTo(100);

      // guide: optimizingAsync
      RunningOptimization running =
          dspy.optimizeAsync(
              program,
              train,
              validation,
              Optimizer.labeledFewShot().with("k", 2),
              Metric.exactMatch(),
              OptimizeOptions.ofDefaults());
      running.progress().ifPresent(candidate -> System.out.println(candidate.best()));
      running.cancel(); // ends it with the best so far
      Optimization found = running.result().join();
      // end
      assertThat(found.ended()).isIn(Optimization.End.CANCELLED, Optimization.End.FINISHED);

      Optimization first = result;
      Optimization second = result;
      Optimization third = result;
      DspyProgram<Review, Opinion> other = program;
      // guide: optimizingEnsemble
      CombinedProgram<Review, Opinion> ensemble =
          dspy.ensemble(program, List.of(first.state(), second.state(), third.state()));
      Opinion opinion = ensemble.call(new Review("It boils quickly."));
      CombinedProgram<Review, Opinion> strict =
          dspy.ensemble(
              List.of(program, other),
              2,
              outputs ->
                  outputs.contains(new Opinion(Sentiment.NEGATIVE))
                      ? new Opinion(Sentiment.NEGATIVE)
                      : outputs.getFirst());
      // end
      assertThat(opinion).isEqualTo(new Opinion(Sentiment.POSITIVE));
      assertThat(strict.call(new Review("It broke in a week.")))
          .isEqualTo(new Opinion(Sentiment.NEGATIVE));

      // guide: optimizingNearest
      CombinedProgram<Review, Opinion> nearest =
          dspy.knnFewShot(
              program,
              examples,
              Optimizer.knnFewShot().with("k", 3).with("max_bootstrapped_demos", 2),
              Metric.exactMatch());
      // end
      assertThat(nearest.id()).isNotEqualTo(program.id());

      // guide: optimizingState
      program.load(folder.resolve("state.json"));
      // end
      assertThat(dspy.evaluate(program, examples, same).score()).isEqualTo(100);
    }
  }
}
