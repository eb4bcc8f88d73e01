package dev.terrarium.llamacpp.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ModelException;
import dev.terrarium.llamacpp.GrammarMatcher;
import java.math.BigInteger;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the texts that the grammars of schemas make and do not make, as llama.cpp judges. */
@Tag("model")
class JsonGrammarTest {

  private static boolean makes(String schema, String json) {
    return GrammarMatcher.matches(JsonGrammar.of(schema), json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"type\":\"string\"} | \"Grüße, 日本 🐝 \\\" \\n \\u00e9\" | 12",
        "{\"type\":\"string\"} | \"\" | \"\\ud800\"",
        "{\"type\":\"boolean\"} | true | \"true\"",
        "{\"type\":\"null\"} | null | nil",
        "{\"type\":\"integer\"} | -120 | 1.5",
        "{\"type\":\"integer\"} | 0 | 007",
        "{\"type\":\"number\"} | -1.25e-3 | 1.",
        "{\"const\":{\"a\":1}} | {\"a\":1} | {\"a\":2}",
        "{\"enum\":[\"red\",3,null]} | null | \"blue\"",
        "{\"type\":[\"string\",\"null\"]} | null | 1",
        "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}} | [1, 2, 3] | [1, \"2\"]",
        "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}} | [] | [1,]",
        "{\"type\":\"array\",\"minItems\":2,\"maxItems\":3} | [1, {}] | [1]",
        "{\"type\":\"array\",\"minItems\":2,\"maxItems\":3} | [1, [], \"c\"] | [1, 2, 3, 4]",
        "{\"type\":\"array\",\"maxItems\":0} | [] | [1]",
        "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"minItems\":2,\"maxItems\":2}"
            + " | [1, \"a\"] | [1]",
        "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}} | {\"x\": 1, \"y\":"
            + " 2} | {\"x\": \"1\"}",
        "{\"type\":\"object\",\"additionalProperties\":false} | {} | {\"x\": 1}",
        "{\"additionalProperties\":true,\"maxProperties\":1} | {\"x\": [null]} | {\"x\": 1, \"y\":"
            + " 2}",
        "{\"propertyNames\":{\"enum\":[\"a\",\"b\"]},\"additionalProperties\":{\"type\":\"number\"},\"type\":\"object\"}"
            + " | {\"a\": 1, \"b\": 2} | {\"c\": 1}",
        "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3} | \"ab\" | \"a\"",
        "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3} | \"äöü\" | \"abcd\"",
        "{\"type\":\"string\",\"maxLength\":2000} | \"short\" | short",
        "{\"type\":\"string\",\"format\":\"date\"} | \"2024-02-28\" | \"2024-02-30\"",
        "{\"type\":\"string\",\"format\":\"date\"} | \"1999-12-31\" | \"1999-13-01\"",
        "{\"type\":\"string\",\"format\":\"time\"} | \"23:59:59Z\" | \"24:00:00Z\"",
        "{\"type\":\"string\",\"format\":\"date-time\"} | \"2024-04-30T07:05:09+02:00\" |"
            + " \"2024-04-31T07:05:09Z\"",
        "{\"type\":\"string\",\"format\":\"duration\"} | \"P1DT12H\" | \"P\"",
        "{\"type\":\"string\",\"format\":\"uuid\"} | \"123e4567-e89b-12d3-a456-426614174000\" |"
            + " \"123e4567\"",
        "{\"type\":\"string\",\"format\":\"email\"} | \"anything\" | 1",
        "{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-\\\\d+$\"} | \"AB-12\" | \"A-12\"",
        "{\"type\":\"integer\",\"minimum\":3,\"maximum\":120} | 99 | 121",
        "{\"type\":\"integer\",\"exclusiveMinimum\":0} | 1 | 0",
        "{\"type\":\"number\",\"minimum\":0,\"maximum\":1} | 0.25 | 1.01",
        "{\"type\":\"number\",\"exclusiveMinimum\":-1.5,\"exclusiveMaximum\":1.5} | -1.49 | 1.50",
        "{\"type\":\"string\",\"anyOf\":[{\"minLength\":2},{\"type\":\"null\"}]} | \"ab\" | null",
        "{\"type\":\"integer\",\"oneOf\":[{\"minimum\":3},{\"type\":\"string\"}]} | 4 | 4.5",
        "{\"type\":\"object\",\"oneOf\":[{\"$ref\":\"#/$defs/A\"},{\"$ref\":\"#/$defs/B\"}],"
            + "\"$defs\":{\"A\":{\"properties\":{\"a\":{\"type\":\"integer\"}},"
            + "\"required\":[\"a\"]},\"B\":{\"type\":\"string\"}}} | {\"a\": 1} | \"b\"",
        "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"default\":null,"
            + "\"title\":\"X\",\"desc\":\"x\"} | null | 1",
        "{\"enum\":[\"a\",1,null],\"type\":[\"string\",\"null\"],\"title\":\"X\"} | null | 1",
        "{\"enum\":[1,1.5],\"type\":\"integer\"} | 1 | 1.5",
        "{\"const\":\"x\",\"enum\":[\"x\"],\"type\":\"string\"} | \"x\" | \"y\"",
        "{\"type\":\"array\",\"items\":[{\"type\":\"integer\"},{\"type\":\"string\"}],"
            + "\"additionalItems\":{\"type\":\"boolean\"}} | [1, \"a\", true] | [1, \"a\", 2]",
        "{\"type\":\"array\",\"items\":[{\"type\":\"integer\"}],\"additionalItems\":false} | "
            + "[1] | [1, 2]",
        "{\"allOf\":[{\"$ref\":\"#/$defs/A\"}],\"description\":\"x\","
            + "\"$defs\":{\"A\":{\"enum\":[\"a\"]}}} | \"a\" | \"b\"",
        "{\"allOf\":[{\"$ref\":\"#/$defs/A\",\"required\":[\"a\"]},{\"title\":\"X\"}],"
            + "\"$defs\":{\"A\":{\"properties\":{\"a\":{\"type\":\"integer\"}}}}} | {\"a\": "
            + "1} | {}",
        "{\"allOf\":[{\"type\":\"object\"},"
            + "{\"additionalProperties\":{\"type\":\"integer\"}}]} | {\"a\": 1} | {\"a\": "
            + "\"b\"}",
        "true | {\"any\": [1, null, {\"thing\": \"x\"}]} | any",
        "{} | 3 | x",
      })
  void grammarMakesConformingTextsOnly(String schema, String right, String wrong) {
    assertThat(makes(schema, right)).as("%s of %s", right, schema).isTrue();
    assertThat(makes(schema, wrong)).as("%s of %s", wrong, schema).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "-128, 127",
    "-32768, 32767",
    "-2147483648, 2147483647",
    "-9223372036854775808, 9223372036854775807",
    "0, 18446744073709551615",
    "1000000000000000000000, 1000000000000000000009",
    "-70, -7",
    "0, 0",
    "99, 101",
  })
  void integersKeepToBoundsExactly(BigInteger low, BigInteger high) {
    String grammar =
        JsonGrammar.of(
            "{\"type\": \"integer\", \"minimum\": %s, \"maximum\": %s}".formatted(low, high));
    Random random = new Random(7);
    Set<BigInteger> tried = new TreeSet<>(List.of(low, high, BigInteger.ZERO));
    for (int i = 0; i < 60; i++) {
      BigInteger any = new BigInteger(random.nextInt(high.subtract(low).bitLength() + 6), random);
      tried.addAll(List.of(low.add(any), low.subtract(any), high.add(any), high.subtract(any)));
      BigInteger power = BigInteger.TEN.pow(random.nextInt(25));
      tried.addAll(List.of(power, power.negate(), power.subtract(BigInteger.ONE)));
    }
    for (BigInteger value : tried) {
      assertThat(GrammarMatcher.matches(grammar, value.toString()))
          .as("%s in %s to %s", value, low, high)
          .isEqualTo(value.compareTo(low) >= 0 && value.compareTo(high) <= 0);
    }
    assertThat(GrammarMatcher.matches(grammar, "00")).isFalse();
  }

  @Test
  void aBoundOnOneSideBeyond18DigitsLeavesRoomOnTheOther() {
    String above = "{\"type\": \"integer\", \"minimum\": 5000000000000000000000}";
    assertThat(makes(above, "5000000000000000000000")).isTrue();
    assertThat(makes(above, "98765432109876543210987")).isTrue();
    assertThat(makes(above, "4999999999999999999999")).isFalse();
    assertThatThrownBy(() -> JsonGrammar.of("{\"type\": \"integer\", \"minimum\": 1e50}"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("more than 31 digits");
  }

  @ParameterizedTest
  @CsvSource({
    "-3.4028234663852886E38, 3.4028234663852886E38, 1.5e23, 1.5e24",
    "-3.4028234663852886E38, 3.4028234663852886E38, 999999999999999.9E+23, 1.0e99",
    "-3.4028234663852886E38, 3.4028234663852886E38, -0.000123e-45, -2.5e30",
    "-1.7976931348623157E308, 1.7976931348623157E308, 1.5e99, 1.5e100",
    "-1e15, 1e16, 123456.789, 1.5e1",
    "-1e15, 1e16, 5e-7, 5e7",
  })
  void farBoundsOfANumberBoundItsExponent(String low, String high, String right, String wrong) {
    String schema = "{\"type\": \"number\", \"minimum\": %s, \"maximum\": %s}".formatted(low, high);
    assertThat(makes(schema, right)).as(right).isTrue();
    assertThat(makes(schema, wrong)).as(wrong).isFalse();
  }

  @Test
  void mapsThatTheSchemaDoesNotBoundEnd() {
    for (String schema :
        List.of(
            "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\"}}",
            "{\"type\": \"object\"}",
            "{}")) {
      assertThat(makes(schema, map(20))).as(schema).isTrue();
      assertThat(makes(schema, map(21))).as(schema).isFalse();
    }
    String more = "{\"type\": \"object\", \"maxProperties\": 30}";
    assertThat(makes(more, map(30))).isTrue();
    assertThat(makes(more, map(31))).isFalse();
    assertThat(makes("{\"type\": \"object\", \"minProperties\": 25}", map(25))).isTrue();
    assertThatThrownBy(
            () -> JsonGrammar.of("{\"type\":\"object\",\"minProperties\":3,\"maxProperties\":2}"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("minProperties 3 above maxProperties 2");
    assertThatThrownBy(
            () ->
                JsonGrammar.of(
                    "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false}"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("allows no property");
  }

  @Test
  void listsOfAnythingEnd() {
    String of20 = "[" + String.join(", ", Collections.nCopies(20, "1")) + "]";
    assertThat(makes("{}", of20)).isTrue();
    assertThat(makes("{}", "[[" + of20 + "]]")).isTrue();
    assertThat(makes("{}", of20.replace("]", ", 1]"))).isFalse();
  }

  private static String map(int size) {
    return IntStream.range(0, size)
        .mapToObj(i -> "\"k" + i + "\": " + i)
        .collect(Collectors.joining(", ", "{", "}"));
  }

  @Test
  void propertiesComeInOrderAndOptionalOnesMayLack() {
    String schema =
        """
        {"type": "object",
         "properties": {"a": {"type": "integer"}, "b": {"type": "integer"},
                        "c": {"type": "integer"}, "d": {"type": "integer"}},
         "required": ["c"]}\
        """;
    assertThat(makes(schema, "{\"c\": 3}")).isTrue();
    assertThat(makes(schema, "{\"a\": 1, \"c\": 3}")).isTrue();
    assertThat(makes(schema, "{\"b\": 2, \"c\": 3, \"d\": 4}")).isTrue();
    assertThat(makes(schema, "{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}")).isTrue();
    assertThat(makes(schema, "{}")).isFalse();
    assertThat(makes(schema, "{\"a\": 1}")).isFalse();
    assertThat(makes(schema, "{\"c\": 3, \"a\": 1}")).isFalse();
    assertThat(makes(schema, "{\"c\": 3, \"e\": 1}")).isFalse();
    assertThat(makes(schema, "{, \"c\": 3}")).isFalse();
    assertThat(makes(schema, "{\"c\":  3}")).as("more white space").isFalse();
  }

  @Test
  void optionalPropertiesAloneMayAllLack() {
    String schema =
        "{\"properties\": {\"a\": {\"type\": \"integer\"}, \"b\": {\"type\": \"integer\"}}}";
    assertThat(makes(schema, "{}")).isTrue();
    assertThat(makes(schema, "{\"b\": 1}")).isTrue();
    assertThat(makes(schema, "{\"a\": 1, \"b\": 1}")).isTrue();
    assertThat(makes(schema, "{\"a\": 1, }")).isFalse();
  }

  /**
   * The schemas are those that pydantic prints for nested models, enums, optional fields and
   * recursion.
   */
  @Test
  void understandsPydanticsSchemas() {
    String schema =
        """
        {"$defs": {
           "Color": {"enum": ["red", "green"], "title": "Color", "type": "string"},
           "Item": {"properties": {"name": {"title": "Name", "type": "string"},
                                   "color": {"$ref": "#/$defs/Color", "description": "its hue"},
                                   "parts": {"default": [], "items": {"$ref": "#/$defs/Item"},
                                             "title": "Parts", "type": "array"}},
                    "required": ["name", "color"], "title": "Item", "type": "object"}},
         "properties": {
           "item": {"allOf": [{"$ref": "#/$defs/Item"}], "default": null},
           "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null},
           "price": {"anyOf": [{"type": "number"},
                               {"pattern": "^(?!^[-+.]*$)[+-]?0*\\\\d*\\\\.?\\\\d*$", "type": "string"}]}},
         "required": ["item", "price"], "title": "Order", "type": "object"}\
        """;
    assertThat(
            makes(
                schema,
                "{\"item\": {\"name\": \"n\", \"color\": \"red\", \"parts\": [{\"name\": \"p\","
                    + " \"color\": \"green\"}]}, \"note\": null, \"price\": 1.5}"))
        .isTrue();
    assertThat(makes(schema, "{\"item\": {\"name\": \"n\", \"color\": \"blue\"}, \"price\": 1}"))
        .isFalse();
    assertThat(makes(schema, "{\"item\": {\"name\": \"n\", \"color\": \"red\"}, \"price\": \"1\"}"))
        .as("a branch that cannot be enforced is left out")
        .isFalse();
  }

  @Test
  void recursionThroughAListIsUnderstood() {
    String schema =
        """
        {"$ref": "#/$defs/A",
         "$defs": {"A": {"anyOf": [{"type": "integer"},
                                   {"type": "array", "items": {"$ref": "#/$defs/A"}}]}}}\
        """;
    assertThat(makes(schema, "[1, [2, [], [3]]]")).isTrue();
    assertThat(makes(schema, "[1, [2, [], [3]]")).isFalse();
  }

  @Test
  void mergesAllOfOfObjects() {
    String schema =
        """
        {"allOf": [{"$ref": "#/$defs/A"},
                   {"properties": {"b": {"type": "string"}}, "required": ["b"]}],
         "$defs": {"A": {"properties": {"a": {"type": "integer"}}, "required": ["a"]}}}\
        """;
    assertThat(makes(schema, "{\"a\": 1, \"b\": \"x\"}")).isTrue();
    assertThat(makes(schema, "{\"a\": 1}")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "nonsense | not JSON",
        "[] | $ is not a schema",
        "false | $ allows nothing",
        "{\"type\":\"text\"} | unknown type 'text'",
        "{\"properties\":{\"x\":{\"not\":{}}}} | $.properties.x has the keyword 'not'",
        "{\"items\":{\"multipleOf\":3,\"type\":\"integer\"}} | $.items has the keyword"
            + " 'multipleOf'",
        "{\"$ref\":\"#/$defs/Gone\"} | '#/$defs/Gone', which is not there",
        "{\"$ref\":\"https://example.org/s.json\"} | not within the schema",
        "{\"$ref\":\"#/$defs/A\",\"minLength\":3,\"$defs\":{\"A\":{\"type\":\"string\"}}} |"
            + " 'minLength' beside '$ref'",
        "{\"enum\":[]} | empty enum",
        "{\"$ref\":\"#\"} | nothing but itself",
        "{\"anyOf\":[{\"$ref\":\"#/$defs/A\"}],\"$defs\":{\"A\":{\"oneOf\":[{\"$ref\":\"#/$defs/A\"}]}}}"
            + " | nothing but itself",
        "{\"anyOf\":[]} | empty anyOf",
        "{\"anyOf\":[{\"not\":{}}]} | $.anyOf[0] has the keyword 'not'",
        "{\"type\":\"string\",\"minLength\":4,\"maxLength\":3} | minLength 4 above maxLength 3",
        "{\"type\":\"string\",\"maxLength\":1000000} | maxLength 1000000",
        "{\"type\":\"array\",\"minItems\":4,\"maxItems\":3} | minItems 4 above maxItems 3",
        "{\"type\":\"integer\",\"minimum\":4,\"maximum\":3} | between which there is no number",
        "{\"type\":\"integer\",\"minimum\":\"4\"} | no number",
        "{\"type\":\"string\",\"pattern\":\"(?=a)b\"} | look-around",
        "{\"type\":\"string\",\"pattern\":\"a\",\"minLength\":1} | pattern beside",
        "{\"anyOf\":[{\"type\":\"object\"}],\"properties\":{\"a\":{}}} | 'properties' beside "
            + "'anyOf'",
        "{\"oneOf\":[{\"type\":\"object\"}],\"required\":[\"a\"]} | 'required' beside 'oneOf'",
        "{\"anyOf\":[{}],\"oneOf\":[{\"type\":\"string\"}]} | 'oneOf' beside 'anyOf'",
        "{\"type\":\"string\",\"anyOf\":[{\"type\":\"null\"}]} | does not say that it is of "
            + "the type string",
        "{\"enum\":[\"a\"],\"pattern\":\"b\"} | 'pattern' beside 'enum'",
        "{\"enum\":[\"a\"],\"type\":\"integer\"} | no value of its enum",
        "{\"allOf\":[{\"type\":\"object\"},{\"type\":\"object\",\"not\":{}}]} | $.allOf[1] "
            + "has the keyword 'not'",
        "{\"allOf\":[{\"type\":\"object\"},{\"$ref\":\"#/$defs/A\"}],"
            + "\"$defs\":{\"A\":{\"patternProperties\":{}}}} | #/$defs/A has the keyword",
        "{\"allOf\":[{\"type\":\"object\"},{\"type\":\"object\",\"minProperties\":2}]} | "
            + "'minProperties' beside 'allOf'",
        "{\"allOf\":[{\"properties\":{\"a\":{}},\"additionalProperties\":false},"
            + "{\"properties\":{\"b\":{}}}]} | 'additionalProperties' for 'b'",
        "{\"type\":\"array\",\"items\":false,\"minItems\":1} | no schema for as many",
        "{\"type\":\"number\",\"maximum\":1e999} | too large a number",
        "{\"properties\":{\"a\":{}},\"minProperties\":1} | number of its properties",
      })
  void refusesWhatCannotBeEnforcedAndSaysWhere(String schema, String message) {
    assertThatThrownBy(() -> JsonGrammar.of(schema))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 9, 10, 11, 57, 99, 100, 123, 999, 1000, 1234, 98765})
  void integerBoundsAreExact(long bound) {
    String atLeast = "{\"type\":\"integer\",\"minimum\":" + bound + "}";
    String atMost = "{\"type\":\"integer\",\"maximum\":" + bound + "}";
    assertThat(makes(atLeast, Long.toString(bound))).isTrue();
    assertThat(makes(atLeast, Long.toString(bound + 1))).isTrue();
    assertThat(makes(atLeast, Long.toString(bound - 1))).isFalse();
    assertThat(makes(atLeast, "99999999")).isTrue();
    assertThat(makes(atMost, Long.toString(bound))).isTrue();
    assertThat(makes(atMost, Long.toString(bound - 1))).isTrue();
    assertThat(makes(atMost, Long.toString(bound + 1))).isFalse();
    assertThat(makes(atMost, "-99999999")).isTrue();
  }

  @Test
  void allIntegersOfARangeAreMadeAndNoOthers() {
    String grammar = JsonGrammar.of("{\"type\":\"integer\",\"minimum\":-13,\"maximum\":112}");
    for (int i = -30; i < 130; i++) {
      assertThat(GrammarMatcher.matches(grammar, Integer.toString(i)))
          .as("%s", i)
          .isEqualTo(i >= -13 && i <= 112);
    }
  }

  @Test
  void allNumbersOfARangeAreMadeAndNoOthers() {
    String grammar = JsonGrammar.of("{\"type\":\"number\",\"minimum\":0.25,\"maximum\":10.5}");
    for (int i = 0; i < 1200; i += 7) {
      String text = String.format("%d.%02d", i / 100, i % 100);
      assertThat(GrammarMatcher.matches(grammar, text)).as(text).isEqualTo(i >= 25 && i <= 1050);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "^abc$ ~ \"abc\" ~ \"xabc\"",
        "abc ~ \"x abc y\" ~ \"ab\"",
        "^(foo|bar)+$ ~ \"foobarfoo\" ~ \"foob\"",
        "^a{2,3}b?$ ~ \"aaab\" ~ \"ab\"",
        "^[^a-z]$ ~ \"A\" ~ \"b\"",
        "^[\\\\w.-]+@[\\\\w-]+\\\\.\\\\w{2,}$ ~ \"a.b-c@d.org\" ~ \"a@b\"",
        "^\\\\d{4}-\\\\d{2}$ ~ \"2024-01\" ~ \"24-01\"",
        "^.\\\\s\\\\S$ ~ \"ä x\" ~ \"ä  \"",
        "^(?:a|b)\\\\+$ ~ \"a+\" ~ \"a\"",
        "^(a+)*$ ~ \"aaa\" ~ \"ab\"",
        "^(ab?)*$ ~ \"aaba\" ~ \"bb\"",
        "^[\\\\.-9]+$ ~ \"5\" ~ \"-\"",
        "^[*-\\\\-]+$ ~ \"+-\" ~ \".\"",
        "^[A-F0-9]{2}(:[A-F0-9]{2})*$ ~ \"0A:FF\" ~ \"0A:F\"",
      })
  void patternsAreKept(String pattern, String right, String wrong) {
    String schema = "{\"type\":\"string\",\"pattern\":\"" + pattern + "\"}";
    assertThat(makes(schema, right)).isTrue();
    assertThat(makes(schema, wrong)).isFalse();
  }

  @Test
  void aControlCharacterOfAPatternIsMadeAsJsonWritesIt() {
    String schema = "{\"type\":\"string\",\"pattern\":\"^a\\nb$\"}";
    assertThat(makes(schema, "\"a\\nb\"")).isTrue();
    assertThat(makes(schema, "\"a\nb\"")).isFalse();
  }

  @Test
  void aPatternOfTooManyNestedGroupsIsRefused() {
    String pattern = "(".repeat(65) + "a" + ")".repeat(65);
    assertThatThrownBy(
            () -> JsonGrammar.of("{\"type\":\"string\",\"pattern\":\"" + pattern + "\"}"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("groups in each other");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a",
        "a)",
        "[a",
        "*a",
        "a{9999}",
        "a{2,1}",
        "(?<n>a)",
        "\\\\1",
        "\\\\b",
        "a^b",
        "^a|b$",
        "^([a-z]*)*$",
        "(a*)*",
        "(a?b?)+",
        "(a|b*)*",
        "(a*){2,}",
        "(a*){2,3}",
        "(a*){2,3}",
        "(a|)*",
        "[\\u0001-\\u0005]",
      })
  void patternsThatAreNotUnderstoodAreRefused(String pattern) {
    assertThatThrownBy(
            () -> JsonGrammar.of("{\"type\":\"string\",\"pattern\":\"" + pattern + "\"}"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("pattern");
  }
}
