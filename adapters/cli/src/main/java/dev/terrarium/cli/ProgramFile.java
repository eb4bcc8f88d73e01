package dev.terrarium.cli;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * A program in a file:
 *
 * <pre>{@code
 * kind: predict                  # or chain_of_thought
 * instructions: Say whether a product review is positive or negative.
 * inputs:
 *   review: {type: string}
 * outputs:
 *   sentiment: {type: enum, values: [positive, negative], description: the reviewer's opinion}
 * options: {temperature: 0, max_tokens: 40}
 * expect: {sentiment: label}     # optional: an output, and the line's field to compare it with
 * }</pre>
 *
 * @param spec for {@code create_program}
 * @param output the output that is compared, if any
 * @param label the line's field that it is compared with, if any
 */
record ProgramFile(Map<String, Object> spec, @Nullable String output, @Nullable String label) {

  /** Reads and writes lines: one value each, dates and times as ISO 8601 has them. */
  static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final Set<String> KEYS =
      Set.of("kind", "instructions", "inputs", "outputs", "options", "expect");

  /** Reads a file; what is wrong with it is bad usage. */
  static ProgramFile read(Path file, CommandLine commandLine) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new IOException("there is no such file");
      }
      return parse(new ObjectMapper(new YAMLFactory()).readValue(file.toFile(), Map.class));
    } catch (IOException | IllegalArgumentException e) {
      throw new ParameterException(commandLine, file + ": " + e.getMessage());
    }
  }

  private static ProgramFile parse(@Nullable Map<?, ?> file) {
    if (file == null) {
      throw new IllegalArgumentException("the file is empty");
    }
    for (Object key : file.keySet()) {
      if (!KEYS.contains(String.valueOf(key))) {
        throw new IllegalArgumentException(
            "unknown key '" + key + "'; known are " + new TreeSet<>(KEYS));
      }
    }
    Map<String, Object> signature = new LinkedHashMap<>();
    signature.put("name", "Program");
    String kind = optional(file, "kind", String.class, "a text").orElse("predict");
    optional(file, "instructions", String.class, "a text")
        .ifPresent(instructions -> signature.put("instructions", instructions));
    signature.put("inputs", fields(file.get("inputs"), "inputs"));
    signature.put("outputs", fields(file.get("outputs"), "outputs"));
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("kind", kind);
    spec.put("signature", signature);
    optional(file, "options", Map.class, "a map")
        .ifPresent(options -> spec.put("options", options));
    Optional<Map.Entry<String, String>> expected =
        optional(file, "expect", Map.class, "a map").map(expect -> pair(expect, file));
    return new ProgramFile(
        spec,
        expected.map(Map.Entry::getKey).orElse(null),
        expected.map(Map.Entry::getValue).orElse(null));
  }

  private static <T> Optional<T> optional(Map<?, ?> file, String key, Class<T> type, String form) {
    Object value = file.get(key);
    if (value != null && !type.isInstance(value)) {
      throw new IllegalArgumentException("'" + key + "' must be " + form + ", and is " + value);
    }
    return Optional.ofNullable(type.cast(value));
  }

  private static Map.Entry<String, String> pair(Map<?, ?> expect, Map<?, ?> file) {
    if (expect.size() != 1) {
      throw new IllegalArgumentException("'expect' must be one pair: {output: field of the line}");
    }
    Map.Entry<?, ?> pair = expect.entrySet().iterator().next();
    boolean known =
        (file.get("outputs") instanceof Map<?, ?> outputs && outputs.containsKey(pair.getKey()))
            || ("chain_of_thought".equals(file.get("kind")) && "reasoning".equals(pair.getKey()));
    if (!known) {
      throw new IllegalArgumentException(
          "'expect' compares '" + pair.getKey() + "', which is none of the outputs");
    }
    return Map.entry(String.valueOf(pair.getKey()), String.valueOf(pair.getValue()));
  }

  private static List<Map<String, @Nullable Object>> fields(@Nullable Object fields, String key) {
    if (!(fields instanceof Map<?, ?> map) || map.isEmpty()) {
      throw new IllegalArgumentException("'" + key + "' must name at least one field");
    }
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    map.forEach((name, type) -> list.add(field(key + "." + name, String.valueOf(name), type)));
    return list;
  }

  private static Map<String, @Nullable Object> field(
      String path, String name, @Nullable Object type) {
    if (!(type instanceof Map<?, ?> keys) || keys.get("type") == null) {
      throw new IllegalArgumentException("'" + path + "' must be a map with a 'type'");
    }
    Map<Object, Object> pureType = new LinkedHashMap<>(keys);
    Object description = pureType.remove("description");
    Map<String, @Nullable Object> field = new LinkedHashMap<>();
    field.put("name", name);
    field.put("type", pureType);
    field.put("description", description);
    return field;
  }

  /** Takes the expected value out of a line's fields, so that the model never sees it. */
  @Nullable Object takeExpected(Map<String, @Nullable Object> fields) {
    return label == null ? null : fields.remove(label);
  }

  /**
   * Whether the output is the expected one, numbers by their value; null when nothing is expected.
   */
  @Nullable Boolean agrees(Map<String, @Nullable Object> outputs, @Nullable Object expected) {
    if (expected == null || output == null) {
      return null;
    }
    JsonNode wanted = JSON.valueToTree(expected);
    JsonNode got = JSON.valueToTree(outputs.get(output));
    return wanted.equals(ProgramFile::compareLeaves, got);
  }

  /** Zero for the same: what Python gives as 4 or 4.0 is an int, a long or a double here. */
  private static int compareLeaves(JsonNode one, JsonNode other) {
    if (isFinite(one) && isFinite(other)) {
      return one.decimalValue().compareTo(other.decimalValue());
    }
    return one.equals(other) ? 0 : 1;
  }

  private static boolean isFinite(JsonNode node) {
    return node.isIntegralNumber() || (node.isNumber() && Double.isFinite(node.doubleValue()));
  }
}
