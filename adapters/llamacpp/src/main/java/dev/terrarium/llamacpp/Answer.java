package dev.terrarium.llamacpp;

import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** An answer as it grows, token by token, until it ends. Not thread-safe; must be closed. */
final class Answer implements AutoCloseable {

  private final long start = System.nanoTime();
  private final Generation generation;
  private final Vocabulary vocabulary;
  private final TokenChoice choice;
  private final AnswerText text;
  private FinishReason reason = FinishReason.LENGTH;
  private int count;
  private int token;

  /** The answer to what a generation asks; its pieces go there. */
  Answer(Generation generation, Vocabulary vocabulary) {
    this.generation = generation;
    this.vocabulary = vocabulary;
    this.choice = generation.choice(vocabulary);
    this.text = new AnswerText(generation.stops());
  }

  /**
   * Chooses the next token by the scores in a row of what was last read.
   *
   * @return whether the answer goes on: the token must be read then
   */
  boolean next(MemorySegment context, int row) {
    token = choice.next(context, row);
    count++;
    if (vocabulary.ends(token)) {
      reason = FinishReason.STOP;
      return false;
    }
    generation.give(text.append(vocabulary.bytes(token)));
    if (text.stopped()) {
      reason = FinishReason.STOP;
      return false;
    }
    if (count < generation.maxTokens()) {
      return true;
    }
    if (choice.isComplete()) {
      reason = FinishReason.STOP;
    }
    return false;
  }

  /** The token that was chosen last. */
  int token() {
    return token;
  }

  /** The whole, after its last token. */
  ChatResponse response() {
    generation.give(text.end());
    return new ChatResponse(
        text.text(),
        reason,
        new TokenUsage(generation.prompt().length, count),
        Duration.ofNanos(System.nanoTime() - start));
  }

  @Override
  public void close() {
    choice.close();
  }
}
