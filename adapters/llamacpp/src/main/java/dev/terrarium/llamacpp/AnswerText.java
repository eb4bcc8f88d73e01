package dev.terrarium.llamacpp;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A decoder that makes text from the bytes of tokens: a character that is split over tokens comes
 * out complete, and text that could turn out to be part of a stop text is held back. Not
 * thread-safe.
 */
final class AnswerText {

  private final List<String> stops;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final StringBuilder held = new StringBuilder();
  private final StringBuilder given = new StringBuilder();
  private ByteBuffer undecoded = ByteBuffer.allocate(0);
  private boolean stopped;

  /**
   * Creates the text of one answer.
   *
   * @param stops texts before the first of which the answer ends
   */
  AnswerText(List<String> stops) {
    this.stops = stops.stream().filter(stop -> !stop.isEmpty()).toList();
  }

  /** Adds a token's bytes, and returns the text that is certain by now, which may be empty. */
  String append(byte[] bytes) {
    ByteBuffer in = ByteBuffer.allocate(undecoded.remaining() + bytes.length);
    in.put(undecoded).put(bytes).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    decoder.decode(in, out, false);
    undecoded = in.slice();
    held.append(out.flip());
    return release();
  }

  private String release() {
    int stop = stops.stream().mapToInt(held::indexOf).filter(index -> index >= 0).min().orElse(-1);
    stopped = stop >= 0;
    int certain = stopped ? stop : held.length() - possibleStop();
    String text = held.substring(0, certain);
    held.delete(0, certain);
    given.append(text);
    return text;
  }

  /** Returns the length of the longest suffix of the held text with which a stop text begins. */
  private int possibleStop() {
    int longest = 0;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
        if (stop.startsWith(held.substring(held.length() - n))) {
          longest = n;
        }
      }
    }
    return longest;
  }

  /** Returns whether a stop text was met. */
  boolean stopped() {
    return stopped;
  }

  /** Ends the answer, and returns the text that was held back, unless a stop text was met. */
  String end() {
    if (stopped) {
      return "";
    }
    String rest = held.toString();
    held.setLength(0);
    given.append(rest);
    return rest;
  }

  /** Returns all text that was returned so far. */
  String text() {
    return given.toString();
  }
}
