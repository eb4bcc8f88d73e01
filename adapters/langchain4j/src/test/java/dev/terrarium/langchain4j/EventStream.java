package dev.terrarium.langchain4j;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/** Messages of AWS's binary event streams, whose bytes are the characters of texts. */
final class EventStream {

  private EventStream() {}

  static String event(String type, String json) {
    return message(":event-type", "event", type, json);
  }

  static String exception(String type, String json) {
    return message(":exception-type", "exception", type, json);
  }

  private static String message(String header, String kind, String type, String json) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new Message(
            Map.of(
                ":message-type",
                HeaderValue.fromString(kind),
                header,
                HeaderValue.fromString(type),
                ":content-type",
                HeaderValue.fromString("application/json")),
            json.getBytes(StandardCharsets.UTF_8))
        .encode(bytes);
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }
}
