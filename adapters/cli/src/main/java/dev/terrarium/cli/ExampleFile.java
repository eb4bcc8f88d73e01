package dev.terrarium.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.terrarium.dspy.Example;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Examples of a program in a file of JSON lines, each with the inputs and the expected outputs. */
final class ExampleFile {

  private ExampleFile() {}

  /** Reads a file; a line that is no example is reported as bad usage. */
  static List<Example<Map<String, ?>, Map<String, @Nullable Object>>> read(
      Path file, ProgramFile program, CommandLine commandLine) {
    List<Example<Map<String, ?>, Map<String, @Nullable Object>>> examples = new ArrayList<>();
    int number = 0;
    try {
      for (String line : Files.readAllLines(file)) {
        number++;
        if (!line.isBlank()) {
          examples.add(example(line, program));
        }
      }
    } catch (JsonProcessingException e) {
      throw wrong(commandLine, file, number, "not a JSON object: " + e.getOriginalMessage());
    } catch (IllegalArgumentException e) {
      throw wrong(commandLine, file, number, String.valueOf(e.getMessage()));
    } catch (MalformedInputException e) {
      throw new ParameterException(commandLine, file + ": not UTF-8");
    } catch (IOException e) {
      throw new ParameterException(commandLine, file + ": the file cannot be read: " + e);
    }
    if (examples.isEmpty()) {
      throw new ParameterException(commandLine, file + ": the file has no line");
    }
    return examples;
  }

  private static ParameterException wrong(
      CommandLine commandLine, Path file, int number, String what) {
    return new ParameterException(commandLine, file + ": line " + number + ": " + what);
  }

  @SuppressWarnings("unchecked") // Jackson makes objects with text keys
  private static Example<Map<String, ?>, Map<String, @Nullable Object>> example(
      String line, ProgramFile program) throws JsonProcessingException {
    Map<String, @Nullable Object> fields = ProgramFile.JSON.readValue(line, LinkedHashMap.class);
    if (fields == null) {
      throw new IllegalArgumentException("not a JSON object: null");
    }
    Map<String, @Nullable Object> expected = new LinkedHashMap<>();
    Object labeled = program.takeExpected(fields);
    if (labeled != null && program.output() != null) {
      expected.put(program.output(), labeled);
    }
    for (String output : program.outputs()) {
      if (fields.containsKey(output)) {
        expected.put(output, fields.remove(output));
      }
    }
    if (expected.isEmpty()) {
      throw new IllegalArgumentException(
          "has none of the expected outputs "
              + program.outputs()
              + (program.label() == null ? "" : ", and no '" + program.label() + "'"));
    }
    return new Example<>(fields, expected);
  }
}
