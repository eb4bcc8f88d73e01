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
  void numbersInListsAndMapsAgreeByTheirValue() throws Exception {
    assertThat(agrees("[1, [2]]", List.of(1L, List.of(2.0)))).isTrue();
    assertThat(agrees("[1, 2]", List.of(1L))).isFalse();
    assertThat(agrees("{\"a\": 1, \"b\": \"x\"}", Map.of("b", "x", "a", 1L))).isTrue();
    assertThat(agrees("{\"a\": 1}", Map.of("a", 2L))).isFalse();
  }

  @Test
  void otherValuesAgreeWhenTheyAreEqual() throws Exception {
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
  void comparedNameMustBeAnOutput(@TempDir Path folder) throws Exception {
    assertThat(read(folder, "expect: {sentiment: label}").output()).isEqualTo("sentiment");
    assertThat(read(folder, "kind: chain_of_thought\nexpect: {reasoning: why}").label())
        .isEqualTo("why");
    assertThatThrownBy(() -> read(folder, "expect: {sentimnt: label}"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("'expect' compares 'sentimnt', which is none of the outputs");
    assertThatThrownBy(() -> read(folder, "expect: {sentiment: a, other: b}"))
        .hasMessageContaining("'expect' must be one pair");
  }

  private static void assertMistake(Path folder, String text, String message) throws Exception {
    Path file = Files.writeString(folder.resolve("program.yaml"), text);
    assertThatThrownBy(() -> ProgramFile.read(file, new CommandLine(new Run())))
        .isInstanceOf(ParameterException.class)
        .hasMessageStartingWith(file + ": " + message);
  }

  private static final String INPUTS = "inputs: {review: {type: string}}\n";

  /** With an output on line 2. */
  private static void assertMistakeInOutput(Path folder, String output, String message)
      throws Exception {
    assertMistake(folder, INPUTS + "outputs: {out: " + output + "}\n", "line 2: " + message);
  }

  @Test
  void keyOfTheWrongKindIsRefusedByName(@TempDir Path folder) {
    for (String line :
        List.of("options: [temperature, 0]", "instructions: 7", "kind: [predict]", "expect: a")) {
      assertThatThrownBy(() -> read(folder, line))
          .isInstanceOf(ParameterException.class)
          .hasMessageContaining(
              "line 3: '" + line.substring(0, line.indexOf(':')) + "' must be a ");
    }
  }

  @Test
  void unknownKeysAreRefusedWhereverTheyStand(@TempDir Path folder) throws Exception {
    assertMistakeInOutput(
        folder,
        "{type: string, desc: a}",
        "unknown key 'desc' in 'outputs.out'; known are [description, type]");
    assertMistakeInOutput(
        folder,
        "{type: list, items: {type: string, description: a}}",
        "unknown key 'description' in 'outputs.out.items'");
    assertMistake(folder, INPUTS + "output: {}\n", "line 2: unknown key 'output'; known are [");
    assertThatThrownBy(() -> read(folder, "options: {max_token: 8}"))
        .hasMessageContaining("line 3: unknown key 'max_token' in 'options'");
  }

  @Test
  void duplicateKeyIsRefused(@TempDir Path folder) throws Exception {
    assertMistakeInOutput(
        folder, "{type: string, type: integer}", "'outputs.out.type' is given twice");
    assertThatThrownBy(() -> read(folder, "kind: predict\nkind: predict"))
        .hasMessageContaining("line 4: 'kind' is given twice");
  }

  @Test
  void secondDocumentIsRefused(@TempDir Path folder) {
    assertThatThrownBy(() -> read(folder, "---\nkind: predict"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("line 3: but found another document");
  }

  @Test
  void mergeKeysAndAliasesAreFollowed(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("program.yaml"),
            """
            inputs: {review: &text {type: string, description: a text}}
            outputs: {one: {<<: *text, description: another}, two: *text}
            """);

    assertThat(ProgramFile.read(file, new CommandLine(new Run())).spec().toString())
        .contains(
            "outputs=[{name=one, type={type=string}, description=another},"
                + " {name=two, type={type=string}, description=a text}]");
  }

  @Test
  void yesAndNoAreTextsAsInYaml12(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("program.yaml"),
            INPUTS + "outputs: {out: {type: enum, values: [yes, no, on, off, y, n]}}\n");

    assertThat(ProgramFile.read(file, new CommandLine(new Run())).spec().toString())
        .contains("values=[yes, no, on, off, y, n]");
    assertMistakeInOutput(
        folder,
        "{type: enum, values: [a, true]}",
        "'outputs.out.values[1]' must be a text, and is the boolean true; put it in quotes");
    assertMistakeInOutput(
        folder, "{type: enum, values: [1]}", "'outputs.out.values[0]' must be a text, and is 1");
  }

  @Test
  void typesAreCheckedDeeply(@TempDir Path folder) throws Exception {
    assertMistakeInOutput(
        folder, "{type: strng}", "'outputs.out.type' is no type: 'strng'. Types are [boolean, ");
    assertMistakeInOutput(
        folder, "string", "'outputs.out' must be a map, and is the text 'string'");
    assertMistakeInOutput(folder, "{type: map}", "'outputs.out' is of type map and needs 'values'");
    assertMistakeInOutput(
        folder, "{type: enum, values: [a, a]}", "'outputs.out.values[1]' is there twice: 'a'");
    assertMistakeInOutput(
        folder, "{type: enum, values: []}", "'outputs.out.values' must be a list with something");
    assertMistakeInOutput(
        folder,
        "{type: list, items: {type: record, name: R, fields: [{name: 1a, type: {type: string}}]}}",
        "'outputs.out.items.fields[0].name' must be named by an identifier");
    assertMistake(
        folder,
        INPUTS + "outputs: {review: {type: string}}\n",
        "line 2: 'outputs.review' is the name of an input, too");
    assertMistake(folder, "", "the file is empty");
    assertMistake(folder, "inputs: [\n", "line 2: ");
  }

  @Test
  void typesOfEveryKindAreRead(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("program.yaml"),
            INPUTS
                + """
                outputs:
                  people:
                    description: all of them
                    type: list
                    items:
                      type: record
                      name: Person
                      fields:
                      - {name: age, type: {type: optional, of: {type: integer}}, description: in years}
                      - {name: marks, type: {type: map, values: {type: decimal}}}
                """);

    Map<String, ?> spec = ProgramFile.read(file, new CommandLine(new Run())).spec();

    assertThat(spec.toString())
        .contains(
            "outputs=[{name=people, type={type=list, items={type=record, fields=[{name=age,"
                + " type={type=optional, of={type=integer}}, description=in years}, {name=marks,"
                + " type={type=map, values={type=decimal}}}], name=Person}}, description=all of"
                + " them}]");
  }

  @Test
  void optionsAreCheckedBeforeAnythingIsLoaded(@TempDir Path folder) throws Exception {
    for (String option :
        List.of(
            "temperature: 3",
            "max_tokens: 0",
            "max_tokens: 1.5",
            "seed: a",
            "stop: ['']",
            "adapter: yaml",
            "model: 7",
            "seed: null")) {
      String name = option.substring(0, option.indexOf(':'));
      assertThatThrownBy(() -> read(folder, "options: {" + option + "}"))
          .isInstanceOf(ParameterException.class)
          .hasMessageContaining("line 3: 'options." + name + "' must be ");
    }
    assertThat(read(folder, "options: {temperature: 0.5, max_tokens: 8, stop: [a], model: m}"))
        .satisfies(program -> assertThat(program.model()).contains("m"));
  }
}
