package dev.terrarium.dspy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A generated program with inputs and answers, all of one seed: answers that fit, and answers that
 * are malformed as models' answers are.
 */
final class FrozenCases {

  private static final List<String> ADAPTERS = List.of("json", "chat", "auto", "xml");
  private static final List<String> PIECES =
      List.of(
          "a",
          "Zoë",
          "日本",
          "😀",
          " ",
          "\n",
          "\r\n",
          "\t",
          "\u000b",
          "\u0085",
          "\u2028",
          "\u00a0",
          "\u3000",
          "\u007f",
          "\u0001",
          "\"",
          "'",
          "\\",
          "\\n",
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "«",
          "<",
          "0",
          "-1.5",
          "true",
          "None",
          "null",
          "[[ ## other ## ]]",
          "[[ ## ",
          " ## ]]",
          "```json");

  private static final LocalDateTime FIRST = LocalDateTime.of(1, 1, 1, 0, 0);
  private static final long SECONDS = Duration.ofDays(3_652_059).toSeconds();

  /** The texts that are written in place of a value. */
  private static final List<String> SPOILT =
      List.of(
          "",
          "\"7\"",
          "7",
          "7.0",
          "-0",
          "1e3",
          "1e999",
          "NaN",
          "true",
          "True",
          "yes",
          "null",
          "None",
          "\"GOOD\"",
          "'GOOD'",
          "Literal['GOOD']",
          "good",
          "[1, 2",
          "['a']",
          "{'a': 1}",
          "[]",
          "{}",
          "{\"a\": 1,}",
          "[\"a\" \"b\"]",
          "9223372036854775808",
          "\"\\ud800\"",
          "// no\n7",
          "7 apples",
          "1.50",
          "-0.0",
          "\"1.50\"",
          "2024-02-29",
          "\"2024-02-30\"",
          "0000-01-01",
          "\"2024-02-29T01:02:03Z\"",
          "2024-02-29 01:02:03",
          "2024-02-29T01:02:03.1234567",
          "1709168523",
          "<item>7</item><item>a</item>",
          "<first>a</first>",
          "<![CDATA[[1, 2]]]>",
          "&amp;&lt;&#65;",
          "7 < 8 & 9",
          "<!-- no -->7",
          "<?no?>7");

  private final Random random;
  private final String kind;
  private final String adapter;
  private final List<Map<String, Object>> inputs = new ArrayList<>();
  private final List<Map<String, Object>> outputs = new ArrayList<>();

  FrozenCases(int seed) {
    random = new Random(seed);
    kind = random.nextBoolean() ? "predict" : "chain_of_thought";
    adapter = ADAPTERS.get(seed % ADAPTERS.size());
    inputs.add(field("question", Map.of("type", "string")));
    for (int i = random.nextInt(4); i > 0; i--) {
      inputs.add(field("in" + i, type(2)));
    }
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      outputs.add(field("out" + i, type(2)));
    }
  }

  private static Object part(Map<?, ?> spec, String name) {
    return Objects.requireNonNull(spec.get(name), name);
  }

  private static Map<String, Object> field(String name, Map<String, Object> type) {
    return Map.of("name", name, "type", type);
  }

  private Map<String, Object> type(int depth) {
    return switch (random.nextInt(depth == 0 ? 7 : 11)) {
      case 0 -> Map.of("type", "string");
      case 1 -> Map.of("type", "integer");
      case 2 -> Map.of("type", "number");
      case 3 -> Map.of("type", "boolean");
      case 4 -> Map.of("type", "enum", "values", List.of("GOOD", "BAD", "it's \"so\""));
      case 5 -> Map.of("type", "date");
      case 6 -> Map.of("type", "datetime");
      case 7 -> Map.of("type", "list", "items", type(depth - 1));
      case 8 -> Map.of("type", "map", "values", type(depth - 1));
      case 9 -> Map.of("type", "optional", "of", type(depth - 1));
      default ->
          Map.of(
              "type",
              "record",
              "name",
              "Part" + random.nextInt(100),
              "fields",
              List.of(field("first", type(depth - 1)), field("second", type(depth - 1))));
    };
  }

  Map<String, Object> spec(String model) {
    return Map.of(
        "kind",
        kind,
        "signature",
        Map.of("instructions", "Do " + text(), "inputs", inputs, "outputs", outputs),
        "options",
        Map.of("model", model, "adapter", adapter, "temperature", 0.25, "stop", List.of("END")));
  }

  /**
   * Returns the demonstrations that an optimizer may have added: none, some, augmented or
   * incomplete ones.
   */
  List<Map<String, @Nullable Object>> demos() {
    List<Map<String, @Nullable Object>> demos = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      Map<String, @Nullable Object> demo = new LinkedHashMap<>();
      Stream.concat(inputs.stream(), outputs.stream())
          .filter(field -> random.nextInt(6) > 0)
          .forEach(
              field -> demo.put((String) part(field, "name"), plain(value(part(field, "type")))));
      if (kind.equals("chain_of_thought") && random.nextBoolean()) {
        demo.put("reasoning", text());
      }
      if (random.nextBoolean()) {
        demo.put("augmented", true);
      }
      demos.add(demo);
    }
    return demos;
  }

  /** Returns the value in the form that it has in a state, which is JSON. */
  private static @Nullable Object plain(@Nullable Object value) {
    return switch (value) {
      case Temporal time -> time.toString();
      case List<?> items -> items.stream().map(FrozenCases::plain).toList();
      case Map<?, ?> map -> {
        Map<Object, @Nullable Object> entries = new LinkedHashMap<>();
        map.forEach((key, item) -> entries.put(key, plain(item)));
        yield entries;
      }
      case null, default -> value;
    };
  }

  /** Returns whether the answer is cut off by its limit of tokens. */
  boolean isCutOff() {
    return random.nextInt(15) == 0;
  }

  /** Returns inputs that are mostly of the declared types. */
  Map<String, @Nullable Object> inputs(int number) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (Map<String, Object> input : inputs) {
      values.put((String) part(input, "name"), value(part(input, "type")));
    }
    values.put("question", "<case " + number + "> " + values.get("question"));
    if (random.nextInt(12) == 0) {
      Map<String, Object> input = inputs.get(random.nextInt(inputs.size()));
      if (!part(input, "name").equals("question")) {
        values.put((String) part(input, "name"), random.nextBoolean() ? "7" : 7);
      }
    }
    return values;
  }

  private @Nullable Object value(Object type) {
    Map<?, ?> spec = (Map<?, ?>) type;
    return switch ((String) part(spec, "type")) {
      case "string" -> text();
      case "integer" ->
          random.nextBoolean() ? (Object) random.nextInt(10) : (Object) random.nextLong();
      case "number" -> number();
      case "boolean" -> random.nextBoolean();
      case "date" -> time().toLocalDate();
      case "datetime" -> time();
      case "enum" -> ((List<?>) part(spec, "values")).get(random.nextInt(3));
      case "list" -> {
        List<@Nullable Object> items = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
          items.add(value(part(spec, "items")));
        }
        yield items;
      }
      case "map" -> {
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        for (int i = random.nextInt(3); i > 0; i--) {
          entries.put(text(), value(part(spec, "values")));
        }
        yield entries;
      }
      case "optional" -> random.nextInt(3) == 0 ? null : value(part(spec, "of"));
      default -> {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (Object field : (List<?>) part(spec, "fields")) {
          Map<?, ?> named = (Map<?, ?>) field;
          fields.put((String) part(named, "name"), value(part(named, "type")));
        }
        yield fields;
      }
    };
  }

  private double number() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(100);
      case 1 -> random.nextDouble();
      case 2 -> random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
      default -> Double.longBitsToDouble(random.nextLong() & 0x7fdf_ffff_ffff_ffffL);
    };
  }

  private LocalDateTime time() {
    long micros = random.nextBoolean() ? 0 : random.nextInt(1_000_000);
    return FIRST.plusSeconds(random.nextLong(SECONDS)).plusNanos(micros * 1_000);
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(5); i > 0; i--) {
      text.append(PIECES.get(random.nextInt(PIECES.size())));
    }
    return text.toString();
  }

  String answer() {
    if (adapter.equals("xml")) {
      return elements();
    }
    Map<String, String> written = new LinkedHashMap<>();
    if (kind.equals("chain_of_thought")) {
      written.put("reasoning", adapter.equals("json") ? json(text()) : text());
    }
    for (Map<String, Object> output : outputs) {
      Object value = value(part(output, "type"));
      boolean text = value instanceof String || (value instanceof Temporal && random.nextBoolean());
      boolean plain = text && !adapter.equals("json");
      written.put((String) part(output, "name"), plain ? String.valueOf(value) : json(value));
    }
    boolean spoilt = random.nextInt(5) < 2;
    if (spoilt) {
      String name = new ArrayList<>(written.keySet()).get(random.nextInt(written.size()));
      if (random.nextInt(5) == 0) {
        written.remove(name);
      } else {
        written.put(name, SPOILT.get(random.nextInt(SPOILT.size())));
      }
    }
    String answer = adapter.equals("json") ? object(written) : sections(written);
    return spoilt && random.nextInt(4) == 0 ? broken(answer) : answer;
  }

  private static String object(Map<String, String> written) {
    List<String> members = new ArrayList<>();
    written.forEach((name, value) -> members.add("\"" + name + "\": " + value));
    return "{" + String.join(", ", members) + "}";
  }

  private static String sections(Map<String, String> written) {
    StringBuilder answer = new StringBuilder();
    written.forEach(
        (name, value) ->
            answer.append("[[ ## ").append(name).append(" ## ]]\n").append(value).append("\n\n"));
    return answer.append("[[ ## completed ## ]]").toString();
  }

  /** Returns an answer in XML: nested elements, or JSON within an element; some of them are odd. */
  private String elements() {
    Map<String, Object> values = new LinkedHashMap<>();
    if (kind.equals("chain_of_thought")) {
      values.put("reasoning", text());
    }
    for (Map<String, Object> output : outputs) {
      values.put((String) part(output, "name"), Optional.ofNullable(value(part(output, "type"))));
    }
    StringBuilder answer = new StringBuilder(random.nextInt(6) == 0 ? "Sure:\n" : "");
    values.forEach(
        (name, value) -> {
          Object given = value instanceof Optional<?> some ? some.orElse(null) : value;
          if (random.nextInt(12) == 0) {
            String spoilt = SPOILT.get(random.nextInt(SPOILT.size()));
            answer.append("<" + name + ">" + spoilt + "</" + name + ">");
          } else if (random.nextInt(4) == 0) {
            answer.append("<" + name + ">" + escaped(json(given)) + "</" + name + ">");
          } else {
            element(answer, name, given);
          }
          answer.append(random.nextInt(20) == 0 ? "<" + name + ">again</" + name + ">" : "\n");
        });
    return answer.toString();
  }

  private void element(StringBuilder answer, String name, @Nullable Object value) {
    boolean named = name.matches("[a-z]\\w*");
    String tag = named ? name : "entry";
    String key = named ? "" : " key=\"" + escaped(name).replace("\"", "&quot;") + "\"";
    answer.append("<" + tag + key + (random.nextInt(15) == 0 ? " odd=\"1\">" : ">"));
    switch (value) {
      case null -> answer.append(random.nextInt(6) == 0 ? "None" : "");
      case List<?> items -> items.forEach(item -> element(answer, "item", item));
      case Map<?, ?> map -> map.forEach((inner, each) -> element(answer, (String) inner, each));
      case Boolean flag -> answer.append(flag ? "True" : "False");
      default -> {
        String text = value.toString();
        boolean raw = random.nextInt(8) == 0 && !text.contains("]]");
        answer.append(raw ? "<![CDATA[" + text + "]]>" : escaped(text));
      }
    }
    answer.append("</" + tag + ">");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }

  private String broken(String answer) {
    return switch (random.nextInt(7)) {
      case 0 -> "```json\n" + answer + "\n```";
      case 1 -> answer.substring(0, answer.length() / 2);
      case 2 -> "Sure! " + answer + " Anything else?";
      case 3 -> answer.replace("[[ ## ", "  [[ ## ");
      case 4 -> answer.replaceAll("\\s*\\[\\[ ## completed", "[[ ## completed");
      case 5 -> answer.replaceFirst("\\}$", ", \"out1\": \"again\"}");
      default -> "";
    };
  }

  private static String json(@Nullable Object value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      write(json, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case String text -> json.writeString(text);
      case Boolean flag -> json.writeBoolean(flag);
      case Integer number -> json.writeNumber(number);
      case Long number -> json.writeNumber(number);
      case Double number -> json.writeNumber(number);
      case Temporal time -> json.writeString(time.toString());
      case List<?> items -> {
        json.writeStartArray();
        for (Object item : items) {
          write(json, item);
        }
        json.writeEndArray();
      }
      case Map<?, ?> map -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          json.writeFieldName((String) entry.getKey());
          write(json, entry.getValue());
        }
        json.writeEndObject();
      }
      default -> throw new IllegalArgumentException(value.toString());
    }
  }
}
