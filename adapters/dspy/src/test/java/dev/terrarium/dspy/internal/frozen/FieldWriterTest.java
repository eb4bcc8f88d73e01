package dev.terrarium.dspy.internal.frozen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tests of the inputs of frozen programs that need no DSPy to compare with. */
class FieldWriterTest {

  private static final FieldType PLACE =
      FieldType.fields(
          List.of(
              Map.of("name", "city", "type", Map.of("type", "string")),
              Map.of("name", "founded", "type", Map.of("type", "integer"))));

  record Place(String city, int founded) {}

  @Test
  void recordsAreJsonInTheOrderOfTheirFields() throws Exception {
    Map<String, Object> turned = new LinkedHashMap<>();
    turned.put("founded", 1237);
    turned.put("city", "Berlin");

    assertThat(FieldWriter.write(PLACE, new Place("Berlin", 1237)))
        .isEqualTo(FieldWriter.write(PLACE, turned))
        .isEqualTo("{\"city\": \"Berlin\", \"founded\": 1237}");
  }

  @Test
  void furtherKeysAreLeftToDspy() {
    Map<String, Object> further = Map.of("city", "Berlin", "founded", 1237, "mayor", new Object());

    assertThatThrownBy(() -> FieldWriter.write(PLACE, further))
        .isInstanceOf(NotExactException.class);
  }

  @Test
  void missingKeysAreLeftToDspy() {
    assertThatThrownBy(() -> FieldWriter.write(PLACE, Map.of("city", "Berlin")))
        .isInstanceOf(NotExactException.class);
  }
}
