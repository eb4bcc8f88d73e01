package dev.terrarium.dspy;

import dev.terrarium.model.ChatMessage;
import java.util.Base64;

/** URLs that hold the content that they name. Stateless. */
final class DataUrl {

  private static final int SHOWN = 60;

  private DataUrl() {}

  static String of(byte[] content, String mediaType) {
    String type = ChatMessage.Media.of(mediaType, content).mimeType(); // which is checked there
    return "data:" + type + ";base64," + Base64.getEncoder().encodeToString(content);
  }

  static String shown(String url) {
    return url.length() <= SHOWN
        ? url
        : url.substring(0, SHOWN) + "… (" + url.length() + " characters)";
  }
}
