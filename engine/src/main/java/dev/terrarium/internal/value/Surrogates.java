package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;

/**
 * Checks texts for lone surrogates, the halves of a pair of {@code char} that stand for nothing by
 * themselves and have no form in UTF-8. Stateless.
 */
final class Surrogates {

  /** The problem that a {@link ConversionException} names. */
  static final String LONE =
      "the text holds a lone surrogate, which is no Unicode character; remove or replace it";

  /** The bits that all surrogates, and no other characters, share with the least surrogate. */
  private static final int MASK = 0xF800;

  /** The number of characters that are looked at in one go: 2 KiB. */
  private static final int PART = 1024;

  private Surrogates() {}

  /**
   * Returns the text.
   *
   * @throws ConversionException with the path when the text holds a lone surrogate
   */
  static String checked(String text, String path) {
    if (hasLone(text)) {
      throw new ConversionException(path, LONE);
    }
    return text;
  }

  /**
   * Returns whether the text holds a lone surrogate. Most texts hold no surrogates at all, which a
   * pass in bulk finds.
   */
  static boolean hasLone(String text) {
    char[] part = new char[Math.min(text.length(), PART)];
    for (int begin = 0; begin < text.length(); begin += PART) {
      int size = Math.min(text.length() - begin, PART);
      text.getChars(begin, begin + size, part, 0);
      int below = 0; // negative when any character is a surrogate; takes no branch
      for (int i = 0; i < size; i++) {
        below |= ((part[i] & MASK) ^ Character.MIN_SURROGATE) - 1;
      }
      if (below < 0) {
        return hasLoneOfSurrogates(text);
      }
    }
    return false;
  }

  private static boolean hasLoneOfSurrogates(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 == text.length()
            || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }
}
