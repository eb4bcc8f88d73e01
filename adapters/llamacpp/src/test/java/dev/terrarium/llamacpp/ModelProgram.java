package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.LanguageModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A program that uses the model and leaves it open. */
final class ModelProgram {

  private ModelProgram() {}

  public static void main(String[] how) throws Exception {
    LanguageModel model = new LlamaCpp().open(null);
    if (how[0].equals("exit")) {
      exitAmidAnAnswer(model);
    }
    System.out.println("answer: " + TestModel.answer(model, "Hi", 3).replace('\n', ' '));
    try {
      Path file = Files.createTempFile("hive", ".gguf");
      file.toFile().deleteOnExit();
      new LlamaCpp().open(TestModel.ofUnknownKind(file).toString());
    } catch (ModelException e) {
      System.out.println("failed as it should");
    }
  }

  private static void exitAmidAnAnswer(LanguageModel model) throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    Thread.ofPlatform().daemon().start(() -> tellLongStory(model, begun));
    begun.await();
    System.out.println("begun");
    System.exit(7);
  }

  private static void tellLongStory(LanguageModel model, CountDownLatch begun) {
    try {
      model.stream(
          TestModel.ask("Write a very long story.").maxTokens(500).build(),
          (ChatResponse.Chunk chunk) -> begun.countDown());
      System.out.println("told to the end");
    } catch (ModelException e) {
      if (!String.valueOf(e.getMessage()).contains("the process is ending")) {
        throw e;
      }
    }
  }
}
