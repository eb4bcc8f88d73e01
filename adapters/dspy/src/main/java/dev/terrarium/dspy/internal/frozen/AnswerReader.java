package dev.terrarium.dspy.internal.frozen;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A reader of language models' answers on which all readers agree: strict JSON whose every value is
 * of exactly the declared type, and the sections of the chat adapter. An answer that DSPy repairs,
 * coerces or refuses is left to DSPy. Stateless.
 */
final class AnswerReader {

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(50).build())
          .build();

  private static final Pattern DATE = Pattern.compile("(?!0000)\\d{4}-\\d{2}-\\d{2}");
  private static final Pattern DATE_TIME =
      Pattern.compile(DATE + "T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?");

  private static final String HEADER = "[[ ## ";
  private static final String HEADER_END = " ## ]]";
  private static final String COMPLETED = HEADER + "completed" + HEADER_END;

  /** The largest number up to which every whole number is a double, too. */
  private static final long MAX_EXACT = 1L << 53;

  private AnswerReader() {}

  /** Reads an answer in the JSON adapter's form, which is one object. */
  static Map<String, @Nullable Object> json(FieldType.Fields outputs, String answer)
      throws NotExactException {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    if (whole(outputs, answer) instanceof Map<?, ?> map) {
      map.forEach((name, value) -> values.put((String) name, value));
      return values;
    }
    throw new NotExactException();
  }

  /** Reads an answer in the chat adapter's form, which has a header before each output. */
  static Map<String, @Nullable Object> chat(FieldType.Fields outputs, String answer)
      throws NotExactException {
    boolean marked = !outputs.fields().containsKey("completed");
    Map<String, String> sections = sections(PythonText.checked(answer), marked);
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, FieldType> output : outputs.fields().entrySet()) {
      String section = sections.get(output.getKey());
      if (section == null) {
        throw new NotExactException();
      }
      values.put(output.getKey(), section(output.getValue(), section));
    }
    return values;
  }

  /**
   * Returns the sections as {@code terrarium.dspy._sections} finds them; when two sections have one
   * name, the first counts.
   *
   * @param marked whether a marker ends the last section
   */
  private static Map<String, String> sections(String answer, boolean marked)
      throws NotExactException {
    Map<String, String> sections = new HashMap<>();
    List<String> lines = new ArrayList<>();
    String name = null;
    for (String line : PythonText.splitLines(answer)) {
      String stripped = PythonText.strip(line);
      String header = header(stripped);
      if (header == null) {
        lines.add(line);
        continue;
      }
      if (name != null) {
        sections.putIfAbsent(name, text(lines));
      }
      name = header;
      lines.clear();
      lines.add(
          PythonText.strip(
              stripped.substring(HEADER.length() + header.length() + HEADER_END.length())));
    }
    if (name != null) {
      sections.putIfAbsent(name, text(marked ? untilMarker(lines) : lines));
    }
    return sections;
  }

  private static String text(List<String> lines) {
    return PythonText.strip(String.join("\n", lines));
  }

  /** Returns the lines up to the first line that ends with the marker of the answer's end. */
  private static List<String> untilMarker(List<String> lines) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (PythonText.strip(line).endsWith(COMPLETED)) {
        List<String> before = new ArrayList<>(lines.subList(0, i));
        before.add(line.substring(0, line.lastIndexOf(COMPLETED)));
        return before;
      }
    }
    return lines;
  }

  /**
   * Returns the name in the header with which the line begins, or null when it begins with no
   * header.
   */
  private static @Nullable String header(String line) throws NotExactException {
    if (!line.startsWith(HEADER)) {
      return null;
    }
    int end = HEADER.length();
    while (end < line.length() && isWord(line.charAt(end))) {
      end++;
    }
    if (end < line.length() && line.charAt(end) > 0x7f) {
      throw new NotExactException(); // Python may count this character as a letter
    }
    return end > HEADER.length() && line.startsWith(HEADER_END, end)
        ? line.substring(HEADER.length(), end)
        : null;
  }

  private static boolean isWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }

  /** Reads the text of a section as {@code parse_value} does. */
  static @Nullable Object section(FieldType type, String text) throws NotExactException {
    switch (type) {
      case FieldType.Text() -> {
        return text;
      }
      case FieldType.Maybe(FieldType.Text()) -> {
        return text.equals("None") || text.equals("null") ? null : text;
      }
      case FieldType.Choice(var values) -> {
        if (values.contains(text)) {
          return text;
        }
        throw new NotExactException();
      }
      case FieldType.Flag() when text.equals("True") || text.equals("False") -> {
        return text.equals("True");
      }
      case FieldType.Maybe(FieldType of) when text.equals("None") -> {
        return null;
      }
      default -> {
        Object time = time(type, text);
        return time == null ? whole(type, text) : time;
      }
    }
  }

  /**
   * Returns a date or a time when the text has the form of that type, which may be optional; null
   * for another form.
   */
  static @Nullable Object time(FieldType type, String text) throws NotExactException {
    try {
      return switch (type) {
        case FieldType.Date() when DATE.matcher(text).matches() -> LocalDate.parse(text);
        case FieldType.DateTime() when DATE_TIME.matcher(text).matches() ->
            LocalDateTime.parse(text);
        case FieldType.Maybe(FieldType of) -> time(of, text);
        default -> null;
      };
    } catch (DateTimeException e) {
      throw new NotExactException(e); // the day does not exist
    }
  }

  private static @Nullable Object whole(FieldType type, String json) throws NotExactException {
    try (JsonParser parser = JSON.createParser(json)) {
      parser.nextToken();
      Object value = value(type, parser);
      if (parser.nextToken() == null) {
        return value;
      }
    } catch (IOException e) {
      // The text is not JSON.
    }
    throw new NotExactException();
  }

  private static @Nullable Object value(FieldType type, JsonParser parser)
      throws IOException, NotExactException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new NotExactException();
    }
    switch (type) {
      case FieldType.Maybe(FieldType of) -> {
        return token == JsonToken.VALUE_NULL ? null : value(of, parser);
      }
      case FieldType.Text() when token == JsonToken.VALUE_STRING -> {
        return PythonText.checked(parser.getText());
      }
      case FieldType.Choice(var values)
          when token == JsonToken.VALUE_STRING && values.contains(parser.getText()) -> {
        return parser.getText();
      }
      case FieldType.Flag() when token.isBoolean() -> {
        return token == JsonToken.VALUE_TRUE;
      }
      case FieldType.Whole() when token == JsonToken.VALUE_NUMBER_INT -> {
        return wholeNumber(parser);
      }
      case FieldType.Real() when token == JsonToken.VALUE_NUMBER_INT -> {
        long number = wholeNumber(parser);
        if (Math.abs(number) <= MAX_EXACT) {
          return (double) number;
        }
      }
      case FieldType.Real() when token == JsonToken.VALUE_NUMBER_FLOAT -> {
        double number = parser.getDoubleValue();
        if (Double.isFinite(number)) {
          return number;
        }
      }
      case FieldType.Date(), FieldType.DateTime() when token == JsonToken.VALUE_STRING -> {
        Object time = time(type, parser.getText());
        if (time != null) {
          return time;
        }
      }
      case FieldType.Items(FieldType of) when token == JsonToken.START_ARRAY -> {
        List<@Nullable Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(value(of, parser));
        }
        return items;
      }
      case FieldType.Entries(FieldType of) when token == JsonToken.START_OBJECT -> {
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String key = PythonText.checked(parser.currentName());
          parser.nextToken();
          entries.put(key, value(of, parser));
        }
        return entries;
      }
      case FieldType.Fields(var fields) when token == JsonToken.START_OBJECT -> {
        return fields(fields, parser);
      }
      case FieldType.Anything() -> {
        return value(typeOf(token), parser);
      }
      default -> {
        // The value is of another type.
      }
    }
    throw new NotExactException();
  }

  /** Returns the type that a value of any type has. */
  private static FieldType typeOf(JsonToken token) throws NotExactException {
    return switch (token) {
      case VALUE_NULL -> new FieldType.Maybe(new FieldType.Text());
      case VALUE_STRING -> new FieldType.Text();
      case VALUE_NUMBER_INT -> new FieldType.Whole();
      case VALUE_NUMBER_FLOAT -> new FieldType.Real();
      case VALUE_TRUE, VALUE_FALSE -> new FieldType.Flag();
      case START_ARRAY -> new FieldType.Items(new FieldType.Anything());
      case START_OBJECT -> new FieldType.Entries(new FieldType.Anything());
      default -> throw new NotExactException();
    };
  }

  private static long wholeNumber(JsonParser parser) throws IOException, NotExactException {
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
        || parser.getText().equals("-0")) {
      throw new NotExactException();
    }
    return parser.getLongValue();
  }

  /**
   * Reads an object that has exactly the given fields; the returned map has them in their order.
   */
  private static Map<String, @Nullable Object> fields(
      Map<String, FieldType> fields, JsonParser parser) throws IOException, NotExactException {
    Map<String, @Nullable Object> found = new HashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      FieldType type = fields.get(name);
      if (type == null) {
        throw new NotExactException();
      }
      parser.nextToken();
      found.put(name, value(type, parser));
    }
    if (found.size() < fields.size()) {
      throw new NotExactException();
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    fields.keySet().forEach(name -> values.put(name, found.get(name)));
    return values;
  }
}
