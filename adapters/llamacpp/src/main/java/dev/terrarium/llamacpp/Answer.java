package dev.terrarium.llamacpp;

import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** An answer that grows token by token until it ends. Not thread-safe; must be closed. */
final class Answer implements AutoCloseable {

  private final long start = System.nanoTime();
  private final Generation generation;
  private final Vocabulary vocabulary;
  private final TokenChoice choice;
  private final AnswerText text;
  private FinishReason reason = FinishReason.LENGTH;
  private int count;
  private int token;

  /** Creates the answer that a generation asks for; its pieces are passed to the generation. */
  Answer(Generation generation, Vocabulary vocabulary) {
    this.generation = generation;
    this.vocabulary = vocabulary;
    this.choice = generation.choice(vocabulary);
    this.text = new AnswerText(generation.stops());
  }

  /**
   * Chooses the next token by the scores in a row of the last batch.
   *
   * @return whether the answer goes on, in which case the caller must read the token
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

  /** Returns the token that was chosen last. */
  int token() {
    return token;
  }

  /** Returns the complete answer, after its last token. */
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
