package dev.terrarium.cli;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.terrarium.cli.YamlValue.MistakeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * A program that a file describes:
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
 * @param spec the argument of {@code create_program}
 * @param output name of the output that is compared, or null
 * @param label name of the line's field that the output is compared with, or null
 */
record ProgramFile(Map<String, Object> spec, @Nullable String output, @Nullable String label) {

  /** The mapper that reads and writes lines: one value each, dates and times in ISO 8601. */
  static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final Set<String> KEYS =
      Set.of("kind", "instructions", "inputs", "outputs", "options", "expect");

  private static final Set<String> KINDS = Set.of("predict", "chain_of_thought");

  /** The description of each option's permitted values. */
  private static final Map<String, String> OPTIONS =
      Map.of(
          "model", "the name of a language model",
          "temperature", "a number from 0 to 2",
          "max_tokens", "an integer above 0 and below 2**31",
          "seed", "an integer of 64 bits",
          "stop", "a list of texts that are not empty",
          "adapter", "one of json, chat, auto");

  /** Reads a file; a mistake in the file is reported as bad usage. */
  static ProgramFile read(Path file, CommandLine commandLine) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new IOException("there is no such file");
      }
      return parse(YamlValue.read(file));
    } catch (IOException | MistakeException e) {
      throw new ParameterException(commandLine, file + ": " + e.getMessage());
    }
  }

  private static ProgramFile parse(YamlValue file) throws MistakeException {
    Map<String, YamlValue> given = file.map(KEYS);
    for (String key : List.of("inputs", "outputs")) {
      if (!given.containsKey(key)) {
        throw file.wrong("needs '" + key + "', which must name at least one field");
      }
    }
    Map<String, Object> signature = new LinkedHashMap<>();
    signature.put("name", "Program");
    YamlValue instructions = given.get("instructions");
    if (instructions != null) {
      signature.put("instructions", instructions.text());
    }
    YamlValue inputs = Objects.requireNonNull(given.get("inputs"));
    YamlValue outputs = Objects.requireNonNull(given.get("outputs"));
    signature.put("inputs", ProgramTypes.fields(inputs));
    signature.put("outputs", ProgramTypes.fields(outputs));
    for (Map.Entry<String, YamlValue> output : outputs.map().entrySet()) {
      if (inputs.map().containsKey(output.getKey())) {
        throw output.getValue().wrong("is the name of an input, too");
      }
    }
    YamlValue kind = given.get("kind");
    if (kind != null && !KINDS.contains(kind.text())) {
      throw kind.wrong("must be one of " + new TreeSet<>(KINDS) + ", not '" + kind.text() + "'");
    }
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("kind", kind == null ? "predict" : kind.text());
    spec.put("signature", signature);
    YamlValue options = given.get("options");
    if (options != null) {
      spec.put("options", options(options));
    }
    YamlValue expect = given.get("expect");
    if (expect == null) {
      return new ProgramFile(spec, null, null);
    }
    Map.Entry<String, YamlValue> pair = pair(expect);
    boolean known =
        outputs.map().containsKey(pair.getKey())
            || (spec.get("kind").equals("chain_of_thought") && pair.getKey().equals("reasoning"));
    if (!known) {
      throw expect.wrong("compares '" + pair.getKey() + "', which is none of the outputs");
    }
    return new ProgramFile(spec, pair.getKey(), pair.getValue().text());
  }

  private static Map.Entry<String, YamlValue> pair(YamlValue expect) throws MistakeException {
    Map<String, YamlValue> pairs = expect.map();
    if (pairs.size() != 1) {
      throw expect.wrong("must be one pair: {output: field of the line}");
    }
    return pairs.entrySet().iterator().next();
  }

  private static Map<String, @Nullable Object> options(YamlValue options) throws MistakeException {
    Map<String, @Nullable Object> read = new LinkedHashMap<>();
    for (Map.Entry<String, YamlValue> option : options.map(OPTIONS.keySet()).entrySet()) {
      Object value = option.getValue().plain();
      if (!isOption(option.getKey(), value)) {
        throw option
            .getValue()
            .wrong("must be " + OPTIONS.get(option.getKey()) + ", and is " + value);
      }
      read.put(option.getKey(), value);
    }
    return read;
  }

  /**
   * Returns whether the bridge accepts the value of an option, by the rules of {@code
   * terrarium.bridge.options}.
   */
  private static boolean isOption(String name, @Nullable Object value) {
    return switch (name) {
      case "model" -> value instanceof String text && !text.isEmpty();
      case "temperature" ->
          value instanceof Number number && number.doubleValue() >= 0 && number.doubleValue() <= 2;
      case "max_tokens" -> value instanceof Integer number && number > 0;
      case "seed" -> value instanceof Integer || value instanceof Long;
      case "stop" ->
          value instanceof List<?> list
              && list.stream().allMatch(each -> each instanceof String text && !text.isEmpty());
      default -> Set.of("json", "chat", "auto").contains(String.valueOf(value));
    };
  }

  /** Returns the names of the outputs, in order. */
  List<String> outputs() {
    Map<?, ?> signature = (Map<?, ?>) Objects.requireNonNull(spec.get("signature"));
    List<?> fields = (List<?>) Objects.requireNonNull(signature.get("outputs"));
    return fields.stream().map(field -> (String) ((Map<?, ?>) field).get("name")).toList();
  }

  /** Returns the language model that the options name; empty for the default. */
  Optional<String> model() {
    return spec.get("options") instanceof Map<?, ?> options
        ? Optional.ofNullable((String) options.get("model"))
        : Optional.empty();
  }

  /**
   * Removes the expected value from a line's fields, so that the model never sees it, and returns
   * it.
   */
  @Nullable Object takeExpected(Map<String, @Nullable Object> fields) {
    return label == null ? null : fields.remove(label);
  }

  /**
   * Returns whether the output is the expected one, where numbers are compared by value; null when
   * nothing is expected.
   */
  @Nullable Boolean agrees(Map<String, @Nullable Object> outputs, @Nullable Object expected) {
    if (expected == null || output == null) {
      return null;
    }
    JsonNode wanted = JSON.valueToTree(expected);
    JsonNode got = JSON.valueToTree(outputs.get(output));
    return wanted.equals(ProgramFile::compareLeaves, got);
  }

  /**
   * Returns zero for equal leaves: a number that Python returns as 4 or 4.0 is an int, a long or a
   * double here.
   */
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
