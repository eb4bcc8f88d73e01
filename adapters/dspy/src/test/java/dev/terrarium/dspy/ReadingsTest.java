package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testkit.FakeLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What docs/compatibility.md says of DSPy: how odd answers are read, by DSPy on CPython, here and
 * by frozen programs, and which public names there are. {@code -Dterrarium.draw=true} writes the
 * tables of the readings anew.
 */
@Tag("graalpy")
@Tag("launcher") // needs DSPy of PyPI
class ReadingsTest {

  private static final Path DOCUMENT = Path.of("../../docs/compatibility.md");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<String, List<String>> VALUES = new LinkedHashMap<>();

  static {
    VALUES.put(
        "str", List.of("1.10", "1e2", "true", "null", "[\"a\"]", "{\"a\": 1}", "\"a\"", "\"\""));
    VALUES.put("Optional[str]", List.of("1.10", "null", "None", "\"None\"", "\"\""));
    VALUES.put("int", List.of("7.0", "7.5", "\"7\"", "true", "1e3", "7 apples", "\"7 apples\""));
    VALUES.put("float", List.of("7", "\"1e3\"", "NaN", "\"1,5\""));
    VALUES.put("bool", List.of("True", "\"yes\"", "1", "0.0", "\"no\""));
    VALUES.put("Decimal", List.of("1.10", "\"1.10\"", "1e2", "12345678901234567.89", "\"1,5\""));
    VALUES.put("list[Decimal]", List.of("[1.10, \"2.50\"]"));
    VALUES.put(
        "Literal['GOOD', 'BAD']", List.of("GOOD", "'GOOD'", "\"'GOOD'\"", "\"good\"", "\"\""));
    VALUES.put("Literal[1, 2]", List.of("1", "\"1\"", "1.0", "true"));
    VALUES.put("Optional[int]", List.of("null", "None", "\"None\"", "\"\"", "\"7\""));
    VALUES.put("list[str]", List.of("[\"a\", 1]", "\"a\"", "['a']", "\"[\\\"a\\\"]\"", "- a"));
    VALUES.put("list[int]", List.of("[\"1\", 2.0]", "\"1, 2\""));
    VALUES.put("dict[str, int]", List.of("{\"a\": \"1\"}", "{\"a\": 1, \"a\": 2}"));
    VALUES.put("date", List.of("2024-02-29", "\"2024-02-29T00:00:00\"", "1709164800"));
    VALUES.put("datetime", List.of("\"2024-02-29\"", "2024-02-29 10:30"));
  }

  private static final List<Row> WHOLE =
      List.of(
          new Row("str", "json", "{\"x\": \"a\"} {\"x\": \"b\"}"),
          new Row("str", "json", "{\"x\": \"a\", \"x\": \"b\"}"),
          new Row("str", "json", "[{\"x\": \"a\"}]"),
          new Row("str", "json", "```json\n{\"x\": \"a\"}\n```"),
          new Row("str", "json", "Sure! {\"x\": \"a\"} Bye."),
          new Row("str", "json", "{\"y\": 1, \"x\": \"a\"}"),
          new Row("str", "json", "{'x': 'a'}"),
          new Row("str", "json", "{\"x\": \"it is 5\" tall\"}"),
          new Row("str", "json", "{\"x\": \"a"),
          new Row("str", "json", "{\"X\": \"a\"}"),
          new Row("str", "json", "a"),
          new Row("str", "chat", "  [[ ## x ## ]]\na"),
          new Row("str", "chat", "[[ ## x ## ]]\na [[ ## completed ## ]]"),
          new Row("str", "chat", "[[ ## x ## ]]\na\n[[ ## x ## ]]\nb"),
          new Row("str", "chat", "[[ ## x ## ]]\na\n[[ ## y ## ]]\nb"),
          new Row("str", "chat", "[[ ##x## ]]\na"),
          new Row("str", "chat", "x: a"),
          new Row("str", "chat", "{\"x\": \"a\"}"));

  private static final List<Row> XML =
      List.of(
          new Row("str", "xml", "<x>a</x>"),
          new Row("str", "xml", "Sure: <x> a </x> Bye."),
          new Row("str", "xml", "<x>5 &lt; 6 &amp; 7</x>"),
          new Row("str", "xml", "<x><![CDATA[5 < 6 & 7]]></x>"),
          new Row("str", "xml", "<x>5 < 6</x>"),
          new Row("str", "xml", "<x>a & b</x>"),
          new Row("str", "xml", "<x>a <b>c</b> d</x>"),
          new Row("str", "xml", "<x kind=\"y\">a<!-- b --></x>"),
          new Row("str", "xml", "<x>a</x><x>b</x>"),
          new Row("str", "xml", "<y>1</y><x/>"),
          new Row("str", "xml", "<a:x>a</a:x>"),
          new Row("str", "xml", "```xml\n<x>a</x>\n```"),
          new Row("Optional[str]", "xml", "<x>None</x>"),
          new Row("Optional[str]", "xml", "<x></x>"),
          new Row("int", "xml", "<x> 7 </x>"),
          new Row("int", "xml", "<x>7 apples</x>"),
          new Row("bool", "xml", "<x>yes</x>"),
          new Row("list[str]", "xml", "<x>a</x>"),
          new Row("list[str]", "xml", "<x>a</x><x>b</x>"),
          new Row("list[str]", "xml", "<x><item>a</item><item/></x>"),
          new Row("list[str]", "xml", "<x>[\"a\"]</x>"),
          new Row("list[int]", "xml", "<x><item>1</item><item>2.0</item></x>"),
          new Row("dict[str, int]", "xml", "<x><a>1</a><entry key=\"b c\">2</entry></x>"),
          new Row("dict[str, int]", "xml", "<x>{\"a\": 1}</x>"));

  private record Row(String type, String adapter, String answer) {

    static Row ofValue(String type, String adapter, String value) {
      return new Row(
          type,
          adapter,
          adapter.equals("json")
              ? "{\"x\": " + value + "}"
              : "[[ ## x ## ]]\n" + value + "\n\n[[ ## completed ## ]]");
    }

    String signature() {
      return "question -> x: " + type;
    }
  }

  /** The outputs of DSPy on CPython, and here; {@code refused} for an answer that is not read. */
  private record Reading(String there, String here) {

    String cells() {
      return code(there) + " | " + (there.equals(here) ? "the same" : code(here));
    }
  }

  private volatile String answer = "";

  @Test
  void oddAnswersAreReadAsTheDocumentSays() throws IOException {
    List<Row> rows = new ArrayList<>(WHOLE);
    rows.addAll(XML);
    VALUES.forEach(
        (type, values) ->
            values.forEach(
                value -> {
                  rows.add(Row.ofValue(type, "json", value));
                  rows.add(Row.ofValue(type, "chat", value));
                }));
    Map<Row, Reading> readings = readings(rows);

    StringBuilder table =
        new StringBuilder(
            """
            | type | the model writes | JSON, in Python | JSON, here | chat, in Python | chat, here |
            |---|---|---|---|---|---|
            """);
    VALUES.forEach(
        (type, values) ->
            values.forEach(
                value ->
                    table.append(
                        "| %s | %s | %s | %s |%n"
                            .formatted(
                                code(type),
                                code(value),
                                reading(readings, Row.ofValue(type, "json", value)),
                                reading(readings, Row.ofValue(type, "chat", value))))));
    compare("values", table.toString());

    StringBuilder whole =
        new StringBuilder("| form | the whole answer | in Python | here |\n|---|---|---|---|\n");
    for (Row row : WHOLE) {
      whole.append(
          "| %s | %s | %s |%n"
              .formatted(row.adapter(), code(row.answer()), reading(readings, row)));
    }
    compare("answers", whole.toString());

    StringBuilder xml =
        new StringBuilder(
            "| type | the whole answer in XML | in Python | here |\n|---|---|---|---|\n");
    for (Row row : XML) {
      xml.append(
          "| %s | %s | %s |%n"
              .formatted(code(row.type()), code(row.answer()), reading(readings, row)));
    }
    compare("xml", xml.toString());
  }

  private static String reading(Map<Row, Reading> readings, Row row) {
    return Objects.requireNonNull(readings.get(row)).cells();
  }

  private Map<Row, Reading> readings(List<Row> rows) throws IOException {
    List<List<String>> given =
        rows.stream().map(row -> List.of(row.signature(), row.adapter(), row.answer())).toList();
    List<String> there =
        JSON.readerForListOf(String.class)
            .readValue(CPythonDspy.run(JSON.writeValueAsString(given), "readings.py", "answers"));
    Map<Row, Reading> readings = new LinkedHashMap<>();
    int frozen = 0;
    Set<String> unfrozen = new TreeSet<>();
    FakeLanguageModel model = FakeLanguageModel.of(request -> answer);
    try (Terrarium terrarium =
        Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(model).build())) {
      Map<String, Programs> programs = new LinkedHashMap<>();
      for (int i = 0; i < rows.size(); i++) {
        Row row = rows.get(i);
        Programs made =
            programs.computeIfAbsent(
                row.signature() + row.adapter(),
                key -> Programs.of(terrarium.adapter(Dspy.class), row));
        answer = row.answer();
        String plain = shown(() -> made.plain().call(Map.of("question", "?")));
        UntypedFrozenDspyProgram shortcut = made.frozen();
        if (shortcut == null) {
          unfrozen.add(row.type());
        } else {
          assertThat(shown(() -> shortcut.call(Map.of("question", "?"))))
              .as("frozen: %s", row)
              .isEqualTo(plain);
          frozen++;
        }
        readings.put(row, new Reading(there.get(i), plain));
      }
    }
    assertThat(unfrozen).containsExactly("Decimal", "Literal[1, 2]", "list[Decimal]");
    assertThat(frozen).isGreaterThan(80);
    return readings;
  }

  /** A program, and its frozen form if it can be frozen. */
  private record Programs(UntypedDspyProgram plain, @Nullable UntypedFrozenDspyProgram frozen) {

    static Programs of(Dspy dspy, Row row) {
      UntypedDspyProgram plain =
          dspy.program(
              Map.of(
                  "kind",
                  "predict",
                  "signature",
                  row.signature(),
                  "options",
                  Map.of("adapter", row.adapter())));
      try {
        return new Programs(plain, plain.freeze());
      } catch (ArgumentException e) {
        assertThat(e).hasMessageContaining("cannot be frozen exactly");
        return new Programs(plain, null);
      }
    }
  }

  private static String shown(Supplier<Map<String, @Nullable Object>> call) {
    try {
      return shown(call.get().get("x"));
    } catch (PythonException e) {
      assertThat(e.type()).contains("AdapterParseError");
      return "refused";
    }
  }

  /** Writes a value as {@code readings.py} does. */
  private static String shown(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case String text -> json(text);
      case Double number when number.isNaN() -> "nan";
      case LocalDateTime time -> time.format(DateTimeFormatter.ISO_LOCAL_DATE_TIME);
      case List<?> items ->
          items.stream().map(ReadingsTest::shown).collect(Collectors.joining(", ", "[", "]"));
      case Map<?, ?> map ->
          map.entrySet().stream()
              .map(each -> shown(each.getKey()) + ": " + shown(each.getValue()))
              .collect(Collectors.joining(", ", "{", "}"));
      default -> value.toString();
    };
  }

  private static String json(String text) {
    try {
      return JSON.writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  /** Writes a text as code in a cell of a table. */
  private static String code(String text) {
    if (text.equals("refused")) {
      return text;
    }
    String line = text.replace("\n", "⏎").replace("|", "\\|");
    return line.contains("`") ? "`` " + line + " ``" : "`" + line + "`";
  }

  private static void compare(String name, String table) throws IOException {
    String document = Files.readString(DOCUMENT);
    Matcher marked = marked(name, document);
    if (Boolean.getBoolean("terrarium.draw")) {
      Files.writeString(
          DOCUMENT,
          document.substring(0, marked.start(1)) + table + document.substring(marked.end(1)));
    } else {
      assertThat(marked.group(1)).isEqualTo(table);
    }
  }

  private static Matcher marked(String name, String document) {
    Matcher marked =
        Pattern.compile("(?s)<!-- dspy " + name + " -->\n(.*?)<!-- end -->").matcher(document);
    assertThat(marked.find()).as(name).isTrue();
    return marked;
  }

  @Test
  void callsInPythonEndAsTheDocumentSays(@TempDir Path folder) throws IOException {
    Map<String, Object> expected =
        Map.of(
            "unknown tool", "AdapterParseError",
            "arguments that are no object", "AdapterParseError",
            "saving", "RuntimeError",
            "bytes", List.of(true, 0),
            "description", "${price}",
            "no version", "KeyError",
            "value of an enum", "AdapterParseError",
            "name of an enum", "GOOD",
            "usage", List.of(2, 1));
    String seen = CPythonDspy.run("", "readings.py", "calls", folder.toString());
    assertThat(JSON.readerForMapOf(Object.class).<Map<String, Object>>readValue(seen))
        .isEqualTo(expected);
  }

  @Test
  void everyPublicNameOfDspyIsInTheDocumentOnce() throws IOException {
    Map<String, String> kinds =
        JSON.readerForMapOf(String.class).readValue(CPythonDspy.run("", "readings.py", "names"));
    List<String> names =
        kinds.keySet().stream().filter(name -> !"module".equals(kinds.get(name))).toList();
    String table = marked("names", Files.readString(DOCUMENT)).group(1);
    List<String> documented =
        table
            .lines()
            .skip(2)
            .flatMap(
                line ->
                    Pattern.compile("`(\\w+)`")
                        .matcher(line.substring(2, line.indexOf(" | ")))
                        .results())
            .map((MatchResult each) -> each.group(1))
            .toList();
    assertThat(documented).containsExactlyInAnyOrderElementsOf(names);
    assertThat(names).hasSizeGreaterThan(100);
  }
}
