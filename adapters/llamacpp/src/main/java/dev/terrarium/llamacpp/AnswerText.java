package dev.terrarium.llamacpp;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Makes text of the bytes of tokens: a character that is split over tokens comes out whole, and
 * nothing comes out that could turn out to be part of a stop text. Not thread-safe.
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
   * @param stops the answer ends before the first of these
   */
  AnswerText(List<String> stops) {
    this.stops = stops.stream().filter(stop -> !stop.isEmpty()).toList();
  }

  /** Takes a token's bytes and returns what is certain by now, possibly nothing. */
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

  /** Length of the longest end of the held text that begins a stop text. */
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

  /** Whether a stop text was met. */
  boolean stopped() {
    return stopped;
  }

  /** The answer is over: what was held back, unless a stop text was met. */
  String end() {
    if (stopped) {
      return "";
    }
    String rest = held.toString();
    held.setLength(0);
    given.append(rest);
    return rest;
  }

  /** All that was returned so far. */
  String text() {
    return given.toString();
  }
}
