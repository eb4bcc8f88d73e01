package dev.terrarium.dspy;

/**
 * A piece of a program's stream, which yields texts while the model writes, status messages where
 * they are asked for, and then the outputs. Immutable.
 *
 * <pre>{@code
 * switch (chunk) {
 *   case DspyChunk.Text<Answer> text -> show(text.field(), text.text());
 *   case DspyChunk.Status(String message) -> show(message);
 *   case DspyChunk.Done(Traced<Answer> traced) -> use(traced.outputs());
 * }
 * }</pre>
 *
 * @param <O> the type of the outputs
 */
public sealed interface DspyChunk<O> {

  /**
   * The next piece of an output that is a text.
   *
   * @param predictor the name of the predictor that writes the text, as DSPy names it: {@code self}
   *     for a {@code dspy.Predict}, {@code answer.predict} for a chain of thought {@code answer}
   * @param field the output's name; a chain of thought has {@code reasoning} too
   * @param text the piece; the pieces of a text join to it, and the last may be empty
   * @param last whether the predictor has ended the text with this piece
   */
  record Text<O>(String predictor, String field, String text, boolean last)
      implements DspyChunk<O> {}

  /** A message about what the program does now; see {@link StatusMessages}. */
  record Status<O>(String message) implements DspyChunk<O> {}

  /** The last piece: the outputs, and how they came about. */
  record Done<O>(Traced<O> traced) implements DspyChunk<O> {}
}
