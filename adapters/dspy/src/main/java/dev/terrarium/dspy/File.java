package dev.terrarium.dspy;

import dev.terrarium.spi.NativeType;

/**
 * A file as an input of a program ({@code dspy.File}), which goes to the language model beside the
 * text. Immutable.
 *
 * @param url a data URL with the content
 */
@NativeType("File")
public record File(String url) {

  /**
   * Returns a file with this content.
   *
   * @param mediaType such as {@code application/pdf}
   * @throws IllegalArgumentException when that is no media type
   */
  public static File of(byte[] content, String mediaType) {
    return new File(DataUrl.of(content, mediaType));
  }

  /** Returns the beginning of the URL, without the content. */
  @Override
  public String toString() {
    return "File[" + DataUrl.shown(url) + "]";
  }
}
