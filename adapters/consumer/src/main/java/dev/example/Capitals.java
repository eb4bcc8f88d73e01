package dev.example;

import dev.terrarium.Describe;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import java.util.Map;

/** The examples of the README, whole. */
public final class Capitals {

  record Question(String question) {}

  record Answer(@Describe("a single word") String answer) {}

  private Capitals() {}

  public static void main(String[] args) {
    try (var terrarium = Terrarium.start()) {
      var dspy = terrarium.adapter(Dspy.class);
      var ask = dspy.predict(Question.class, Answer.class);
      System.out.println(ask.call(new Question("What is the capital of France?")).answer());

      terrarium.register(Framework.fromResource("/wordcount.py"));
      System.out.println(
          terrarium.call("wordcount", "count", Map.of("text", "to be or not to be")));
    }
  }
}
