package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProgramFileTest {

  /** Labels as Jackson reads them, outputs as Python gives them. */
  private static @Nullable Boolean agrees(String label, @Nullable Object output) throws Exception {
    Map<String, @Nullable Object> outputs = new HashMap<>();
    outputs.put("out", output);
    return new ProgramFile(Map.of(), "out", "label")
        .agrees(outputs, new ObjectMapper().readValue(label, Object.class));
  }

  @Test
  void numbersAgreeByTheirValue() throws Exception {
    assertThat(agrees("4", 4L)).isTrue();
    assertThat(agrees("4", 4.0)).isTrue();
    assertThat(agrees("4.0", 4L)).isTrue();
    assertThat(agrees("0.5", 0.5)).isTrue();
    assertThat(agrees("4", 5L)).isFalse();
    assertThat(agrees("4", Double.NaN)).isFalse();
    assertThat(agrees("4", "4")).isFalse();
  }

  @Test
  void theyDoSoInListsAndMaps() throws Exception {
    assertThat(agrees("[1, [2]]", List.of(1L, List.of(2.0)))).isTrue();
    assertThat(agrees("[1, 2]", List.of(1L))).isFalse();
    assertThat(agrees("{\"a\": 1, \"b\": \"x\"}", Map.of("b", "x", "a", 1L))).isTrue();
    assertThat(agrees("{\"a\": 1}", Map.of("a", 2L))).isFalse();
  }

  @Test
  void theRestAgreesWhenItIsEqual() throws Exception {
    assertThat(agrees("\"positive\"", "positive")).isTrue();
    assertThat(agrees("true", true)).isTrue();
    assertThat(agrees("true", false)).isFalse();
    assertThat(agrees("\"positive\"", null)).isFalse();
    assertThat(agrees("null", "positive")).isNull();
  }
}
