package dev.terrarium.dspy;

import dev.terrarium.spi.NativeType;
import java.net.URI;

/**
 * An image as an input of a program ({@code dspy.Image}), which goes to the language model beside
 * the text. Immutable.
 *
 * @param url the address, or a data URL with the content
 */
@NativeType("Image")
public record Image(String url) {

  /**
   * Returns an image with this content.
   *
   * @param mediaType such as {@code image/png}
   * @throws IllegalArgumentException when that is no media type
   */
  public static Image of(byte[] content, String mediaType) {
    return new Image(DataUrl.of(content, mediaType));
  }

  /** Returns an image that the service of the language model fetches from an address. */
  public static Image at(URI url) {
    return new Image(url.toString());
  }

  /** Returns the beginning of the URL, without the content. */
  @Override
  public String toString() {
    return "Image[" + DataUrl.shown(url) + "]";
  }
}
