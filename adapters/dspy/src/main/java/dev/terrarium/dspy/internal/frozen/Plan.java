package dev.terrarium.dspy.internal.frozen;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.terrarium.error.ArgumentException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A plan by which Java asks a program's language model and reads the answer as DSPy does; read from
 * the result of the bridge's {@code freeze_program}. Immutable.
 */
public final class Plan {

  /** The forms of answers, and of the fields in a message. */
  enum Form {
    JSON,
    CHAT,
    XML
  }

  /**
   * One message of the request.
   *
   * @param parts texts, and the numbers of the inputs that stand between them
   */
  private record Message(String role, List<Object> parts) {}

  private static final JsonFactory JSON = new JsonFactory();

  /** The header of an output in the chat adapter's form. */
  private static final Pattern HEADER = Pattern.compile("(?m)^\\s*\\[\\[ ## (\\w+) ## ]]");

  private final FieldType.Fields inputs;
  private final FieldType.Fields outputs;
  private final Form form;
  private final Map<?, ?> schemas;
  private final @Nullable String asker;
  private final Map<String, @Nullable Object> rest = new LinkedHashMap<>();
  private final List<Message> messages = new ArrayList<>();

  Plan(Map<?, ?> plan) {
    inputs = FieldType.fields(part(plan, "inputs"));
    outputs = FieldType.fields(part(plan, "outputs"));
    form = Form.valueOf(((String) part(plan, "form")).toUpperCase(Locale.ROOT));
    schemas = plan.get("schemas") instanceof Map<?, ?> map ? map : Map.of();
    asker = (String) plan.get("asker");
    ((Map<?, ?>) part(plan, "request")).forEach((name, value) -> rest.put((String) name, value));
    for (Object each : (List<?>) Objects.requireNonNull(rest.get("messages"))) {
      Map<?, ?> message = (Map<?, ?>) each;
      List<Object> parts = new ArrayList<>((List<?>) part(message, "content"));
      messages.add(new Message((String) part(message, "role"), parts));
    }
  }

  /**
   * Reads a plan, and checks it against the runs of DSPy that came with it.
   *
   * @throws ArgumentException when Java's result differs from that of DSPy
   */
  public static Plan proven(@Nullable Object plain) {
    Map<?, ?> map = (Map<?, ?>) Objects.requireNonNull(plain, "plan");
    Plan plan = new Plan(map);
    for (Object each : (List<?>) part(map, "proofs")) {
      plan.prove((Map<?, ?>) each);
    }
    return plan;
  }

  private void prove(Map<?, ?> proof) {
    try {
      Object sent = request(part(proof, "inputs")).get("messages");
      if (!part(proof, "messages").equals(sent)) {
        throw refused("the messages of", proof, proof.get("messages"), sent);
      }
    } catch (NotExactException e) {
      // DSPy handles these inputs.
    }
    try {
      Object read = read((String) part(proof, "answer"));
      if (!Objects.equals(proof.get("outputs"), read)) {
        throw refused("the outputs of", proof, proof.get("outputs"), read);
      }
    } catch (NotExactException e) {
      // DSPy handles this answer.
    }
  }

  static ArgumentException refused(
      String what, Map<?, ?> proof, @Nullable Object expected, @Nullable Object found) {
    return new ArgumentException(
        "freeze_program: cannot be frozen exactly: "
            + what
            + " DSPy's own run "
            + proof
            + " would be "
            + found
            + " and not "
            + expected
            + ". Call the program as it is.");
  }

  static Object part(Map<?, ?> map, String name) {
    return Objects.requireNonNull(map.get(name), name);
  }

  Form form() {
    return form;
  }

  /**
   * Has a language model answer as this predictor asks, and returns the outputs by name.
   *
   * @param changes what the request has otherwise than the plan
   */
  Map<String, @Nullable Object> ask(
      Exchanges exchanges, Object given, Map<String, ? extends @Nullable Object> changes)
      throws NotExactException {
    Map<String, @Nullable Object> request = request(given);
    request.putAll(changes);
    Map<?, ?> answer = exchanges.ask(asker, request);
    if ("length".equals(answer.get("finish_reason"))) {
      throw new NotExactException(); // DSPy checks whether an answer that was cut off is complete
    }
    return read(String.valueOf(answer.get("text")));
  }

  /** Returns the request to the language model, in the form of {@code model.generate}. */
  public Map<String, @Nullable Object> request(Object given) throws NotExactException {
    Map<String, @Nullable Object> values = FieldWriter.named(given);
    List<String> written = new ArrayList<>();
    for (Map.Entry<String, FieldType> input : inputs.fields().entrySet()) {
      written.add(FieldWriter.write(input.getValue(), values.get(input.getKey())));
    }
    if (!inputs.fields().keySet().containsAll(values.keySet())) {
      throw new NotExactException();
    }
    Map<String, @Nullable Object> request = new LinkedHashMap<>(rest);
    request.put("messages", messages.stream().map(message -> message(message, written)).toList());
    return request;
  }

  private static Map<String, Object> message(Message message, List<String> written) {
    StringBuilder content = new StringBuilder();
    for (Object part : message.parts()) {
      content.append(part instanceof Long input ? written.get(input.intValue()) : part);
    }
    return Map.of("role", message.role(), "content", content.toString());
  }

  /** Returns the names of the outputs in the order in which an answer that was read has them. */
  public List<String> order(String answer) {
    List<String> names = List.copyOf(outputs.fields().keySet());
    if (names.size() == 1 || form == Form.XML) {
      return names;
    }
    Set<String> order = new LinkedHashSet<>(form == Form.JSON ? keys(answer) : headers(answer));
    order.retainAll(names);
    return List.copyOf(order);
  }

  private static List<String> keys(String answer) {
    List<String> keys = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(answer)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        keys.add(parser.currentName());
        parser.nextToken();
        parser.skipChildren();
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("The answer was not read before: " + answer, e);
    }
    return keys;
  }

  private static List<String> headers(String answer) {
    return HEADER.matcher(answer).results().map(header -> header.group(1)).toList();
  }

  /** Returns the outputs by name, in the form of the bridge's {@code call}. */
  public Map<String, @Nullable Object> read(String answer) throws NotExactException {
    return switch (form) {
      case JSON -> AnswerReader.json(outputs, answer);
      case CHAT -> AnswerReader.chat(outputs, answer);
      case XML -> XmlAnswer.read(outputs, schemas, answer);
    };
  }
}
