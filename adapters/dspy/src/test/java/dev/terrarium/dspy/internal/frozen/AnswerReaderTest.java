package dev.terrarium.dspy.internal.frozen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of which answers are read exactly, and which are left to DSPy; {@link FrozenTest} shows
 * that DSPy agrees.
 */
class AnswerReaderTest {

  private static final FieldType.Fields FORM =
      FieldType.fields(
          List.of(
              field("text", Map.of("type", "string")),
              field("count", Map.of("type", "integer")),
              field("share", Map.of("type", "number")),
              field("done", Map.of("type", "boolean")),
              field("mood", Map.of("type", "enum", "values", List.of("GOOD", "BAD"))),
              field("names", list(Map.of("type", "string"))),
              field("year", Map.of("type", "optional", "of", Map.of("type", "integer")))));

  private static Map<String, Object> field(String name, Map<String, ?> type) {
    return Map.of("name", name, "type", type);
  }

  private static Map<String, Object> list(Map<String, ?> items) {
    return Map.of("type", "list", "items", items);
  }

  private static String json(String share, String rest) {
    return """
    {"text": "a", "count": 7, "share": %s, "done": true, "mood": "BAD", "names": ["x"], %s}\
    """
        .formatted(share, rest);
  }

  @Test
  void anObjectOfTheDeclaredTypesIsRead() throws Exception {
    assertThat(AnswerReader.json(FORM, " " + json("2", "\"year\": null") + "\n"))
        .containsExactly(
            Map.entry("text", "a"),
            Map.entry("count", 7L),
            Map.entry("share", 2.0),
            Map.entry("done", true),
            Map.entry("mood", "BAD"),
            Map.entry("names", List.of("x")),
            new java.util.AbstractMap.SimpleEntry<>("year", null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "{\"text\": \"a\"}",
        "I would rather not.",
        "```json\n{}\n```",
      })
  void anotherFormIsLeftToDspy(String answer) {
    leftToDspy(answer);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"2\"", "true", "null", "-0", "1e999", "9007199254740993", "NaN", "02"})
  void unusualNumbersAreLeftToDspy(String share) {
    leftToDspy(json(share, "\"year\": 1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"year\": 1.0",
        "\"year\": \"1\"",
        "\"year\": 9223372036854775808",
        "\"year\": 1, \"year\": 2",
        "\"year\": 1, \"more\": 2",
        "\"year\": 1} {",
        "\"year\": 1,",
      })
  void ambiguousJsonIsLeftToDspy(String rest) {
    leftToDspy(json("2", rest));
  }

  @Test
  void deepNestingIsLeftToDspy() {
    Map<String, ?> type = Map.of("type", "string");
    for (int i = 0; i < 60; i++) {
      type = list(type);
    }
    FieldType.Fields deep = FieldType.fields(List.of(field("deep", type)));
    String answer = "{\"deep\": " + "[".repeat(60) + "]".repeat(60) + "}";
    assertThatThrownBy(() -> AnswerReader.json(deep, answer)).isInstanceOf(NotExactException.class);
  }

  @Test
  void unpairedSurrogateIsLeftToDspy() {
    leftToDspy(json("2", "\"year\": 1").replace("\"a\"", "\"\\ud800\""));
  }

  private static void leftToDspy(String answer) {
    assertThatThrownBy(() -> AnswerReader.json(FORM, answer)).isInstanceOf(NotExactException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "date, '\"2024-02-29\"', 2024-02-29",
    "datetime, '\"2024-02-29T01:02:03\"', 2024-02-29T01:02:03",
    "datetime, '\"0001-01-01T23:59:59.000001\"', 0001-01-01T23:59:59.000001",
  })
  void datesAreReadAsPythonReadsThem(String type, String json, String value) throws Exception {
    assertThat(AnswerReader.json(of(type), "{\"it\": " + json + "}").get("it")).hasToString(value);
    assertThat(AnswerReader.chat(of(type), "[[ ## it ## ]]\n" + json).get("it")).hasToString(value);
    assertThat(AnswerReader.chat(of(type), "[[ ## it ## ]]\n" + json.replace("\"", "")).get("it"))
        .hasToString(value);
  }

  @ParameterizedTest
  @CsvSource({
    "date, '\"2023-02-29\"'",
    "date, '\"0000-01-01\"'",
    "date, '\"2024-2-9\"'",
    "date, '\"2024-02-29T00:00:00\"'",
    "date, 1709168523",
    "datetime, '\"2024-02-29\"'",
    "datetime, '\"2024-02-29T01:02\"'",
    "datetime, '\"2024-02-29T24:00:00\"'",
    "datetime, '\"2024-02-29T01:02:03Z\"'",
    "datetime, '\"2024-02-29T01:02:03.1234567\"'",
  })
  void otherFormsOfDatesAreLeftToDspy(String type, String json) {
    assertThatThrownBy(() -> AnswerReader.json(of(type), "{\"it\": " + json + "}"))
        .isInstanceOf(NotExactException.class);
    assertThatThrownBy(() -> AnswerReader.chat(of(type), "[[ ## it ## ]]\n" + json))
        .isInstanceOf(NotExactException.class);
  }

  private static FieldType.Fields of(String type) {
    return FieldType.fields(List.of(field("it", Map.of("type", type))));
  }

  private static String sections(String... lines) {
    return String.join("\n", lines);
  }

  @Test
  void sectionsAreReadDespiteSurroundingText() throws Exception {
    assertThat(
            AnswerReader.chat(
                FORM,
                sections(
                    "Let me see.",
                    "[[ ## text ## ]]",
                    "  two",
                    "lines  ",
                    "[[ ## count ## ]] 7",
                    "[[ ## share ## ]]",
                    "0.5",
                    "[[ ## text ## ]]",
                    "the first one counts",
                    "[[ ## done ## ]]",
                    "True",
                    "[[ ## mood ## ]]",
                    "BAD",
                    "[[ ## names ## ]]",
                    "[\"x\"]",
                    "[[ ## year ## ]]",
                    "None",
                    "[[ ## completed ## ]]")))
        .containsEntry("text", "two\nlines")
        .containsEntry("count", 7L)
        .containsEntry("share", 0.5)
        .containsEntry("done", true)
        .containsEntry("mood", "BAD")
        .containsEntry("names", List.of("x"))
        .containsEntry("year", null);
  }

  @ParameterizedTest
  @CsvSource({
    "'[[ ## text ## ]]|Norway[[ ## completed ## ]]', Norway",
    "'[[ ## text ## ]] Norway [[ ## completed ## ]]', Norway",
    "'[[ ## text ## ]]|Norway[[ ## completed ## ]]|Good luck!', Norway",
    "'  [[ ## text ## ]]|Norway', Norway",
    "'[[ ## text ## ]]|a[[ ## completed ## ]]|b|[[ ## other ## ]]', 'a[[ ## completed ## ]]|b'",
    "'[[ ## text ## ]]|a [[ ## completed ## ]] b', 'a [[ ## completed ## ]] b'",
  })
  void markersNeedNotStandOnLinesOfTheirOwn(String answer, String text) throws Exception {
    FieldType.Fields fields = FieldType.fields(List.of(field("text", Map.of("type", "string"))));
    assertThat(AnswerReader.chat(fields, answer.replace('|', '\n')))
        .containsEntry("text", text.replace('|', '\n'));
  }

  @Test
  void markerIsIgnoredWhenAnOutputHasItsName() throws Exception {
    FieldType.Fields fields =
        FieldType.fields(List.of(field("completed", Map.of("type", "string"))));
    assertThat(AnswerReader.chat(fields, "[[ ## completed ## ]]\na [[ ## completed ## ]]"))
        .containsEntry("completed", "a [[ ## completed ## ]]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[ ## count ## ]]\nseven",
        "[[ ## count ## ]]\n",
        "[[ ## count ## ]]\n\"7\"",
        "[[ ## other ## ]]\n7",
        "[[ ## größe ## ]]\n7\n[[ ## count ## ]]\n7",
        "7",
        "",
      })
  void sectionsThatAreMissingOrNotPlainAreLeftToDspy(String answer) {
    FieldType.Fields count = FieldType.fields(List.of(field("count", Map.of("type", "integer"))));
    assertThatThrownBy(() -> AnswerReader.chat(count, answer))
        .isInstanceOf(NotExactException.class);
  }

  @Test
  void optionalTextIsMissingWhereDspyWritesNone() throws Exception {
    FieldType.Fields maybe =
        FieldType.fields(
            List.of(field("note", Map.of("type", "optional", "of", Map.of("type", "string")))));
    for (String text : List.of("None", "null")) {
      assertThat(AnswerReader.chat(maybe, "[[ ## note ## ]]\n" + text)).containsEntry("note", null);
    }
    for (String text : List.of("none", "None.", "\"None\"", "\"a\"", "")) {
      assertThat(AnswerReader.chat(maybe, "[[ ## note ## ]]\n" + text)).containsEntry("note", text);
    }
    assertThat(AnswerReader.json(maybe, "{\"note\": \"None\"}")).containsEntry("note", "None");
  }
}
