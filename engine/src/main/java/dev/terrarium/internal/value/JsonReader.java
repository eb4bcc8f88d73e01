package dev.terrarium.internal.value;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.terrarium.MessageFormat;
import dev.terrarium.error.ConversionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One JSON message as plain data; see {@link MessageFormat}. Not thread-safe. */
final class JsonReader {

  /** The message's length and the depth of values are bounded by others. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNumberLength(Scalar.MAX_LENGTH)
                  .build())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  /** Characters that are decoded in one go. */
  private static final int PART = 8 << 10;

  /** Bytes of a character in the widest of all encodings. */
  private static final int LONGEST_CHARACTER = 4;

  private final byte[] message;
  private final ValuePath steps;

  JsonReader(byte[] message, ValuePath steps) {
    this.message = message;
    this.steps = steps;
  }

  @Nullable Object read() {
    checkUtf8();
    try (JsonParser parser = FACTORY.createParser(message)) {
      if (parser.nextToken() == null) {
        throw steps.refuse("the message is empty");
      }
      Object value = value(parser);
      if (parser.nextToken() != null) {
        throw steps.refuse("something follows the value" + place(parser.currentTokenLocation()));
      }
      return value;
    } catch (JsonProcessingException e) {
      throw noJson(place(e.getLocation()) + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw noJson(": " + ValuePath.reason(e), e);
    }
  }

  /** Without a path: the parser is ahead of it. */
  private static ConversionException noJson(String problem, IOException cause) {
    return new ConversionException("message", "no JSON" + problem, cause);
  }

  /**
   * Jackson guesses the encoding, and takes what is nearly UTF-8 for it.
   *
   * @throws ConversionException at the first byte that is not UTF-8, or is a null byte, which JSON
   *     has none of and which all other encodings of it have
   */
  private void checkUtf8() {
    ByteBuffer bytes = ByteBuffer.wrap(message);
    CharBuffer characters = CharBuffer.allocate(Math.min(PART, message.length));
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CoderResult result;
    do {
      result = decoder.decode(bytes, characters.clear(), true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw noUtf8(bytes.position());
    }
    for (int i = 0; i < Math.min(message.length, LONGEST_CHARACTER); i++) {
      if (message[i] == 0) {
        throw noUtf8(i);
      }
    }
  }

  private static ConversionException noUtf8(int place) {
    return new ConversionException(
        "message", "no JSON at byte " + place + ": it is not in UTF-8, as JSON messages are");
  }

  private static String place(@Nullable JsonLocation location) {
    return location == null ? "" : " at byte " + location.getByteOffset();
  }

  private @Nullable Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_NULL -> null;
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? parser.getBigIntegerValue()
              : (Object) parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> finite(parser);
      case START_ARRAY -> list(parser);
      case START_OBJECT -> object(parser);
      default -> throw steps.refuse("a value is missing");
    };
  }

  private double finite(JsonParser parser) throws IOException {
    double number = parser.getDoubleValue();
    if (Double.isInfinite(number)) {
      throw steps.refuse("a number is beyond a double; write it as {\"$decimal\": \"...\"}");
    }
    return number;
  }

  private List<@Nullable Object> list(JsonParser parser) throws IOException {
    List<@Nullable Object> list = new ArrayList<>();
    steps.enter();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      steps.at(list.size());
      list.add(value(parser));
    }
    steps.leave();
    return list;
  }

  private @Nullable Object object(JsonParser parser) throws IOException {
    if (parser.nextToken() == JsonToken.FIELD_NAME && JsonTags.isTag(parser.currentName())) {
      return tagged(parser);
    }
    Map<Object, @Nullable Object> map = new LinkedHashMap<>();
    steps.enter();
    for (; parser.currentToken() != JsonToken.END_OBJECT; parser.nextToken()) {
      String key = parser.currentName();
      steps.at(key);
      if (JsonTags.isTag(key)) {
        throw loneTag(key);
      }
      parser.nextToken();
      put(map, key, value(parser));
    }
    steps.leave();
    return map;
  }

  private void put(Map<Object, @Nullable Object> map, Object key, @Nullable Object value) {
    int before = map.size();
    map.put(key, value);
    if (map.size() == before) {
      throw steps.refuse("the key is there twice");
    }
  }

  private RuntimeException loneTag(String tag) {
    return steps.refuse(
        "'" + tag + "' is a tag, which stands alone in its object; write the map by $map");
  }

  private Object tagged(JsonParser parser) throws IOException {
    String tag = parser.currentName();
    parser.nextToken();
    Object value = tag.equals(JsonTags.MAP) ? pairs(parser) : scalar(tag, parser);
    if (parser.nextToken() != JsonToken.END_OBJECT) {
      throw loneTag(tag);
    }
    return value;
  }

  private Object scalar(String tag, JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw steps.refuse("the value of " + tag + " is a text");
    }
    String text = parser.getText();
    try {
      return JsonTags.value(tag, text);
    } catch (RuntimeException e) {
      throw steps.refuse("what stands after " + tag + " is none: " + ValuePath.reason(e), e);
    }
  }

  private Map<Object, @Nullable Object> pairs(JsonParser parser) throws IOException {
    expect(JsonToken.START_ARRAY, parser.currentToken());
    Map<Object, @Nullable Object> map = new LinkedHashMap<>();
    steps.enter();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(JsonToken.START_ARRAY, parser.currentToken());
      Object key =
          switch (parser.nextToken()) {
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw steps.refuse("a key in $map is a text, an integer or a boolean");
          };
      steps.at(key);
      parser.nextToken();
      put(map, key, value(parser));
      expect(JsonToken.END_ARRAY, parser.nextToken());
    }
    steps.leave();
    return map;
  }

  private void expect(JsonToken expected, @Nullable JsonToken found) {
    if (found != expected) {
      throw steps.refuse("the value of $map is a list of lists of a key and its value");
    }
  }
}
