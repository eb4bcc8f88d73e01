package dev.terrarium.transformers;

/**
 * A text whose places are counted in code points, as Python counts them. Immutable.
 *
 * <p>A text with neither emojis nor other characters beyond U+FFFF has the same places in Java.
 */
final class CodePoints {

  private final String text;

  /** The index of each code point and of the end; empty when they are the same. */
  private final int[] indexes;

  CodePoints(String text) {
    this.text = text;
    int count = text.codePointCount(0, text.length());
    this.indexes = new int[count == text.length() ? 0 : count + 1];
    int index = 0;
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = index;
      index += i < count ? Character.charCount(text.codePointAt(index)) : 0;
    }
  }

  /** Returns the number of code points. */
  int length() {
    return indexes.length == 0 ? text.length() : indexes.length - 1;
  }

  /** Returns the index in Java's text of a place. */
  int index(int place) {
    return indexes.length == 0 ? place : indexes[place];
  }

  /** Returns the text between two places. */
  String between(int start, int end) {
    return text.substring(index(start), index(end));
  }
}
