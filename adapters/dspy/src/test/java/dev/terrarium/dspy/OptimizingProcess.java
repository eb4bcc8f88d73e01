package dev.terrarium.dspy;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * An optimization in a JVM of its own, whose model hangs at some call, so that it can be killed.
 */
final class OptimizingProcess {

  private OptimizingProcess() {}

  /** Runs the test's optimizer with a checkpoint until the model hangs; then prints a line. */
  public static void main(String[] args) {
    Path checkpoint = Path.of(args[0]);
    int last = Integer.parseInt(args[1]);
    Path answered = Path.of(args[2]);
    PainterModel model = new PainterModel();
    model.before =
        () -> {
          if (model.calls.get() > last) {
            write(answered, model.answered);
            System.out.println("hangs");
            hang();
          }
        };
    try (Terrarium terrarium =
        Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(model).build())) {
      Dspy dspy = terrarium.adapter(Dspy.class);
      Optimization unused =
          dspy.optimize(
              dspy.predict(OptimizeTest.Thing.class, OptimizeTest.Painted.class),
              OptimizeTest.EXAMPLES,
              List.of(),
              OptimizeTest.COPRO,
              OptimizeTest.EXACT,
              OptimizeOptions.ofDefaults().withThreads(1).withCheckpoint(checkpoint));
    }
  }

  private static void write(Path file, List<String> texts) {
    List<String> lines =
        texts.stream()
            .map(text -> Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)))
            .toList();
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void hang() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
