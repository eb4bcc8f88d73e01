package dev.terrarium.dspy;

/**
 * A piece of a program's stream, which yields texts while the model writes, and then the outputs.
 * Immutable.
 *
 * <pre>{@code
 * switch (chunk) {
 *   case DspyChunk.Text(String field, String text) -> show(field, text);
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
   * @param field the output's name; a chain of thought has {@code reasoning} too
   */
  record Text<O>(String field, String text) implements DspyChunk<O> {}

  /** The last piece: the outputs, and how they came about. */
  record Done<O>(Traced<O> traced) implements DspyChunk<O> {}
}
