package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

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

  @Test
  void datesAndTimesAreIso8601InLinesAndLabels() throws Exception {
    LocalDateTime noon = LocalDateTime.of(2026, 11, 29, 12, 0);

    assertThat(ProgramFile.JSON.writeValueAsString(List.of(noon.toLocalDate(), noon)))
        .isEqualTo("[\"2026-11-29\",\"2026-11-29T12:00:00\"]");
    assertThat(agrees("\"2026-11-29\"", noon.toLocalDate())).isTrue();
    assertThat(agrees("\"2026-11-30\"", noon.toLocalDate())).isFalse();
  }

  @Test
  void lineHoldsOneObject() {
    assertThatThrownBy(() -> ProgramFile.JSON.readValue("{\"a\": 1}{\"a\": 2}", Map.class))
        .isInstanceOf(JsonProcessingException.class);
  }

  private static ProgramFile read(Path folder, String more) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("program.yaml"),
            "inputs: {review: {type: string}}\noutputs: {sentiment: {type: string}}\n" + more);
    return ProgramFile.read(file, new CommandLine(new Run()));
  }

  @Test
  void whatIsComparedIsAnOutput(@TempDir Path folder) throws Exception {
    assertThat(read(folder, "expect: {sentiment: label}").output()).isEqualTo("sentiment");
    assertThat(read(folder, "kind: chain_of_thought\nexpect: {reasoning: why}").label())
        .isEqualTo("why");
    assertThatThrownBy(() -> read(folder, "expect: {sentimnt: label}"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("'expect' compares 'sentimnt', which is none of the outputs");
    assertThatThrownBy(() -> read(folder, "expect: {sentiment: a, other: b}"))
        .hasMessageContaining("'expect' must be one pair");
  }

  @Test
  void keyOfTheWrongKindIsRefusedByName(@TempDir Path folder) {
    for (String line :
        List.of("options: [temperature, 0]", "instructions: 7", "kind: [predict]", "expect: a")) {
      assertThatThrownBy(() -> read(folder, line))
          .isInstanceOf(ParameterException.class)
          .hasMessageContaining("'" + line.substring(0, line.indexOf(':')) + "' must be a ");
    }
  }
}
