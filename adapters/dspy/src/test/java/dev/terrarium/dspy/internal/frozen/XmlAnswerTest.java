package dev.terrarium.dspy.internal.frozen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class XmlAnswerTest {

  private static final Map<String, ?> STRING = Map.of("type", "string");
  private static final Map<String, ?> INTEGER = Map.of("type", "integer");

  private static Object read(Map<String, ?> type, Map<String, ?> schema, String answer)
      throws NotExactException {
    FieldType.Fields outputs = FieldType.fields(List.of(Map.of("name", "x", "type", type)));
    return String.valueOf(XmlAnswer.read(outputs, Map.of("x", schema), answer).get("x"));
  }

  private static Map<String, ?> list(Map<String, ?> items) {
    return Map.of("type", "list", "items", items);
  }

  private static Map<String, ?> array(Map<String, ?> items) {
    return Map.of("type", "array", "items", items);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          <x>a</x>                                | a
          Sure: <x> a b </x> Bye.                 | a b
          <x>5 &lt; 6 &amp; &#55;</x>             | 5 < 6 & 7
          <x>a <![CDATA[< & >]]></x>              | a < & >
          <x kind="y">a</x><y>b</y>               | a
          <x>None</x>                             | None
          """)
  void textsAreReadAsDspyReadsThem(String answer, String expected) throws Exception {
    assertThat(read(STRING, STRING, answer)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "<y>a</y>",
        "<x>a",
        "<x>5 < 6</x>",
        "<x>a & b</x>",
        "<x>&nbsp;</x>",
        "<x>a</x><x>b</x>",
        "<x>a <b>c</b></x>",
        "<x>a<!-- b --></x>",
        "<x>a<?b c?></x>",
        "<x xml:lang=\"en\">a</x>",
        "<x xmlns=\"urn:a\">a</x>",
        "<x>a</x><a:y/>",
        "<x>a</x></dspy_root><dspy_root>",
        "<!DOCTYPE x><x>a</x>",
        "<x>\u0001</x>",
        "<x>]]></x>",
        "<x>a</x><é/>"
      })
  void otherAnswersAreLeftToDspy(String answer) {
    assertThatThrownBy(() -> read(STRING, STRING, answer)).isInstanceOf(NotExactException.class);
  }

  @Test
  void listsAreItemsOrRepeatedElementsOrJson() throws Exception {
    for (String answer :
        List.of("<x><item>1</item> <item>-2</item></x>", "<x>1</x><x>-2</x>", "<x>[1, -2]</x>")) {
      assertThat(read(list(INTEGER), array(INTEGER), answer)).as(answer).isEqualTo("[1, -2]");
    }
    assertThat(read(list(INTEGER), array(INTEGER), "<x/>")).isEqualTo("[]");
    assertThat(read(list(INTEGER), array(INTEGER), "<x>7</x>")).isEqualTo("[7]");
    for (String odd :
        List.of("<x><item>1.0</item></x>", "<x><item/></x>", "<x><item>01</item></x>")) {
      assertThatThrownBy(() -> read(list(INTEGER), array(INTEGER), odd))
          .as(odd)
          .isInstanceOf(NotExactException.class);
    }
  }

  @Test
  void missingValuesAreEmptyElements() throws Exception {
    Map<String, ?> schema = Map.of("anyOf", List.of(INTEGER, Map.of("type", "null")));
    Map<String, ?> type = Map.of("type", "optional", "of", INTEGER);
    assertThat(read(type, schema, "<x> </x>")).isEqualTo("null");
    assertThat(read(type, schema, "<x>7</x>")).isEqualTo("7");
    assertThat(read(list(type), array(schema), "<x><item/><item>7</item></x>"))
        .isEqualTo("[null, 7]");
  }

  @Test
  void recordsAreReadByTheirDefinitions() throws Exception {
    Map<String, ?> fields =
        Map.of(
            "type",
            "record",
            "fields",
            List.of(
                Map.of("name", "day", "type", Map.of("type", "date")),
                Map.of("name", "sure", "type", Map.of("type", "boolean")),
                Map.of("name", "share", "type", Map.of("type", "number"))));
    Map<String, ?> item =
        Map.of(
            "type",
            "object",
            "properties",
            Map.of(
                "day",
                STRING,
                "sure",
                Map.of("type", "boolean"),
                "share",
                Map.of("type", "number")));
    Map<String, ?> schema =
        Map.of(
            "type",
            "array",
            "items",
            Map.of("$ref", "#/$defs/Item"),
            "$defs",
            Map.of("Item", item));
    assertThat(
            read(
                list(fields),
                schema,
                "<x><item><sure>true</sure><day>2024-02-29</day><share>1e2</share></item></x>"))
        .isEqualTo(
            List.of("{day=%s, sure=true, share=100.0}".formatted(LocalDate.of(2024, 2, 29)))
                .toString());
  }

  @Test
  void keysOfMappingsMayBeAttributes() throws Exception {
    Map<String, ?> schema = Map.of("type", "object", "additionalProperties", INTEGER);
    Map<String, ?> type = Map.of("type", "map", "values", INTEGER);
    assertThat(
            read(type, schema, "<x><a>1</a><entry key=\"b &lt;c\">2</entry><entry>3</entry></x>"))
        .isEqualTo("{a=1, b <c=2, entry=3}");
    assertThat(read(type, schema, "<x>{\"a\": 1}</x>")).isEqualTo("{a=1}");
    assertThat(read(type, schema, "<x/>")).isEqualTo("{}");
    assertThatThrownBy(() -> read(type, schema, "<x><a>1</a><a>2</a></x>"))
        .isInstanceOf(NotExactException.class);
  }

  @Test
  void deepAnswersAreLeftToDspy() {
    String answer = "<x>" + "<a>".repeat(60) + "</a>".repeat(60) + "</x>";
    assertThatThrownBy(() -> read(STRING, STRING, answer)).isInstanceOf(NotExactException.class);
  }
}
