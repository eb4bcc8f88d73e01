package dev.terrarium.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The JSON schema of a request, by which the answer is checked. Immutable. References to other
 * documents are not followed.
 */
final class AnswerSchema {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12, registry -> registry.schemaCacheEnabled(false));
  private static final Pattern FENCED =
      Pattern.compile("\\s*```(?:json)?\\s*\\n(.*?)\\n?\\s*```\\s*", Pattern.DOTALL);
  private static final int MOST_ERRORS = 3;

  private final String text;
  private final JsonNode node;
  private final Schema schema;

  private AnswerSchema(String text, JsonNode node, Schema schema) {
    this.text = text;
    this.node = node;
    this.schema = schema;
  }

  /**
   * Parses a schema.
   *
   * @throws ModelException when the text is no JSON schema
   */
  static AnswerSchema parse(String text) {
    try {
      JsonNode node = JSON.readTree(text);
      if (!node.isObject()) {
        throw invalid("it is no JSON object", null);
      }
      return new AnswerSchema(text, node, REGISTRY.getSchema(node));
    } catch (JsonProcessingException e) {
      throw invalid("it is no JSON: " + e.getOriginalMessage(), e);
    } catch (ModelException e) {
      throw e;
    } catch (RuntimeException e) {
      throw invalid(String.valueOf(e.getMessage()), e);
    }
  }

  private static ModelException invalid(String reason, @Nullable Throwable cause) {
    return new ModelException(
        Kind.INVALID_REQUEST, "responseSchema: is not a JSON schema: " + reason, cause);
  }

  String text() {
    return text;
  }

  /** Returns whether the root is an object. */
  boolean isOfAnObject() {
    return node.path("type").asText().equals("object");
  }

  /** Returns whether all objects list their properties, require them, and allow no others. */
  boolean isClosed() {
    return isOfAnObject() && isClosed(node);
  }

  private static boolean isClosed(JsonNode part) {
    if (part.path("type").asText().equals("object") || part.path("properties").isObject()) {
      Set<String> required = new HashSet<>();
      part.path("required").forEach(each -> required.add(each.asText()));
      Set<String> properties = new HashSet<>();
      part.path("properties").fieldNames().forEachRemaining(properties::add);
      JsonNode others = part.path("additionalProperties");
      if (!others.isBoolean() || others.asBoolean() || !required.equals(properties)) {
        return false;
      }
    }
    for (JsonNode each : part) {
      if (each.isContainerNode() && !isClosed(each)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the text that asks a model for an answer that conforms to the schema. */
  String instructions() {
    return "Answer with JSON alone, without any other text and without a code fence. The JSON must"
        + " conform to this JSON schema:\n"
        + text;
  }

  /** Returns what is within a code fence, if the answer is one; otherwise the answer. */
  static String unfenced(String answer) {
    Matcher fenced = FENCED.matcher(answer);
    return fenced.matches() ? fenced.group(1) : answer;
  }

  /**
   * Checks an answer.
   *
   * @throws ModelException of the kind {@link Kind#BAD_RESPONSE} when the answer does not conform
   */
  void check(String name, String answer) {
    JsonNode value;
    try {
      value = JSON.readTree(answer);
    } catch (JsonProcessingException e) {
      throw notConforming(name, "it is no JSON: " + e.getOriginalMessage());
    }
    if (value.isMissingNode()) {
      throw notConforming(name, "it is empty");
    }
    List<Error> errors = schema.validate(value);
    if (!errors.isEmpty()) {
      throw notConforming(
          name,
          errors.stream()
              .limit(MOST_ERRORS)
              .map(Error::toString)
              .collect(Collectors.joining("; ")));
    }
  }

  private static ModelException notConforming(String name, String reason) {
    return new ModelException(
        Kind.BAD_RESPONSE,
        "The answer of the language model " + name + " does not conform to the schema: " + reason,
        null);
  }
}
