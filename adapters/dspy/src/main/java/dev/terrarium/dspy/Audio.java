package dev.terrarium.dspy;

import dev.terrarium.spi.NativeType;

/**
 * A recording as an input of a program ({@code dspy.Audio}), which goes to the language model
 * beside the text. Immutable.
 *
 * @param url a data URL with the content
 */
@NativeType("Audio")
public record Audio(String url) {

  /**
   * Returns a recording with this content.
   *
   * @param mediaType such as {@code audio/wav}
   * @throws IllegalArgumentException when that is no media type
   */
  public static Audio of(byte[] content, String mediaType) {
    return new Audio(DataUrl.of(content, mediaType));
  }

  /** Returns the beginning of the URL, without the content. */
  @Override
  public String toString() {
    return "Audio[" + DataUrl.shown(url) + "]";
  }
}
