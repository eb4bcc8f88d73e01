package dev.terrarium.dspy.internal.frozen;

import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * A reader of answers in the XML adapter's form, in which an element has each output. It follows
 * {@code XMLAdapter.parse}: values are found by the JSON schema of an output's type, as texts in
 * lists and mappings, and then read as the type. What the parsers of Java and Python may see
 * otherwise, such as processing instructions and names with a colon, is left to DSPy, and so is
 * each answer that is not well-formed. Stateless.
 */
final class XmlAnswer {

  private static final String ROOT = "dspy_root";

  private static final int DEEPEST = 50;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*");
  private static final Pattern WHOLE = Pattern.compile("0|-?[1-9]\\d{0,17}");
  private static final Pattern REAL =
      Pattern.compile("-?\\d{1,300}(\\.\\d{1,300})?([eE][+-]?\\d{1,4})?");

  /** An element: the text before its first child, and its children by name or key. */
  private static final class Element {
    final StringBuilder text = new StringBuilder();
    final Map<String, List<Element>> children = new LinkedHashMap<>();

    String stripped() {
      return PythonText.strip(text.toString());
    }
  }

  private XmlAnswer() {}

  /**
   * Reads an answer.
   *
   * @param schemas the JSON schema of each output
   */
  static Map<String, @Nullable Object> read(
      FieldType.Fields outputs, Map<?, ?> schemas, String answer) throws NotExactException {
    Element root = parse(PythonText.checked(answer));
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, FieldType> output : outputs.fields().entrySet()) {
      String name = output.getKey();
      List<Element> elements = root.children.get(name);
      if (elements == null) {
        throw new NotExactException();
      }
      Map<?, ?> schema = (Map<?, ?>) Objects.requireNonNull(schemas.get(name));
      Map<?, ?> definitions = map(schema, "$defs");
      Object value = value(elements, schema, definitions);
      values.put(
          name,
          value instanceof String text
              ? section(output.getValue(), text)
              : typed(output.getValue(), value));
    }
    return values;
  }

  // ------------------------------------------------------------------ elements

  private static Element parse(String answer) throws NotExactException {
    try {
      XMLStreamReader reader =
          parsers()
              .createXMLStreamReader(
                  new StringReader("<" + ROOT + ">" + answer + "</" + ROOT + ">"));
      try {
        return elements(reader);
      } finally {
        reader.close();
      }
    } catch (XMLStreamException e) {
      throw new NotExactException(e);
    }
  }

  /** Returns a factory of its own, since threads may not share one. */
  private static XMLInputFactory parsers() {
    XMLInputFactory parsers = XMLInputFactory.newDefaultFactory();
    parsers.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    parsers.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    parsers.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, false);
    return parsers;
  }

  private static Element elements(XMLStreamReader reader)
      throws XMLStreamException, NotExactException {
    Element document = new Element();
    Deque<Element> open = new ArrayDeque<>(List.of(document));
    while (reader.hasNext()) {
      switch (reader.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          check(reader);
          Element element = new Element();
          open.getFirst()
              .children
              .computeIfAbsent(key(reader), key -> new ArrayList<>())
              .add(element);
          open.push(element);
          if (open.size() > DEEPEST) {
            throw new NotExactException();
          }
        }
        case XMLStreamConstants.END_ELEMENT -> {
          Element unused = open.pop();
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE -> {
          Element element = open.getFirst();
          if (element.children.isEmpty()) {
            element.text.append(reader.getText());
          }
        }
        case XMLStreamConstants.END_DOCUMENT -> {
          // The loop ends.
        }
        default -> throw new NotExactException();
      }
    }
    return Objects.requireNonNull(document.children.get(ROOT)).getFirst();
  }

  /** Leaves names to DSPy that may be of a namespace, or that Python may take for no names. */
  private static void check(XMLStreamReader reader) throws NotExactException {
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      String attribute = reader.getAttributeLocalName(i);
      String prefix = reader.getAttributePrefix(i);
      if (!NAME.matcher(attribute).matches()
          || attribute.startsWith("xml")
          || (prefix != null && !prefix.isEmpty())) {
        throw new NotExactException();
      }
    }
    if (!NAME.matcher(reader.getLocalName()).matches()) {
      throw new NotExactException();
    }
  }

  private static String key(XMLStreamReader reader) {
    String name = reader.getLocalName();
    String key = name.equals("entry") ? reader.getAttributeValue(null, "key") : null;
    return key == null ? name : key;
  }

  // ------------------------------------------------------------------ values

  /** Returns what {@code XMLAdapter._elements_to_value} does: texts, lists, maps and null. */
  private static @Nullable Object value(List<Element> elements, Map<?, ?> given, Map<?, ?> defined)
      throws NotExactException {
    Map<?, ?> schema = given;
    if (given.get("$ref") instanceof String reference) {
      schema = map(defined, reference.substring(reference.lastIndexOf('/') + 1));
    }
    Element first = elements.getFirst();
    if (schema.get("anyOf") instanceof List<?> choices) {
      if (choices.contains(Map.of("type", "null"))
          && first.children.isEmpty()
          && first.stripped().isEmpty()) {
        return null;
      }
      schema = chosen(choices, !first.children.isEmpty());
    }
    Object type = schema.get("type");
    if ("array".equals(type)) {
      return items(elements, map(schema, "items"), defined);
    }
    if (elements.size() > 1 || ("string".equals(type) && !first.children.isEmpty())) {
      throw new NotExactException();
    }
    if (first.children.isEmpty()) {
      String text = first.stripped();
      return text.isEmpty() && "object".equals(type) ? Map.of() : text;
    }
    Map<?, ?> properties = map(schema, "properties");
    Map<?, ?> others = map(schema, "additionalProperties");
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, List<Element>> child : first.children.entrySet()) {
      Map<?, ?> of = properties.get(child.getKey()) instanceof Map<?, ?> own ? own : others;
      values.put(child.getKey(), value(child.getValue(), of, defined));
    }
    return values;
  }

  private static Map<?, ?> chosen(List<?> choices, boolean nested) throws NotExactException {
    Map<?, ?> first = null;
    for (Object each : choices) {
      Map<?, ?> choice = (Map<?, ?>) each;
      if (!"null".equals(choice.get("type"))) {
        first = first == null ? choice : first;
        if (!nested || !"string".equals(choice.get("type"))) {
          return choice;
        }
      }
    }
    if (first == null) {
      throw new NotExactException();
    }
    return first;
  }

  private static @Nullable Object items(List<Element> elements, Map<?, ?> schema, Map<?, ?> defined)
      throws NotExactException {
    Element first = elements.getFirst();
    List<Element> each = elements;
    if (elements.size() == 1) {
      String text = first.stripped();
      if (first.children.isEmpty() && (text.isEmpty() || text.startsWith("["))) {
        return text.isEmpty() ? List.of() : text;
      }
      each = first.children.getOrDefault("item", elements);
    }
    List<@Nullable Object> items = new ArrayList<>();
    for (Element element : each) {
      items.add(value(List.of(element), schema, defined));
    }
    return items;
  }

  private static Map<?, ?> map(Map<?, ?> schema, String key) {
    return schema.get(key) instanceof Map<?, ?> map ? map : Map.of();
  }

  // ------------------------------------------------------------------ types

  /** Reads the text of an output; the word {@code None} is a text here. */
  private static @Nullable Object section(FieldType type, String text) throws NotExactException {
    return type instanceof FieldType.Maybe(FieldType.Text())
        ? text
        : AnswerReader.section(type, text);
  }

  /** Reads a value within a list or a mapping, as pydantic does. */
  private static @Nullable Object typed(FieldType type, @Nullable Object value)
      throws NotExactException {
    switch (type) {
      case FieldType.Maybe(FieldType of) -> {
        return value == null ? null : typed(of, value);
      }
      case FieldType.Text() when value instanceof String -> {
        return value;
      }
      case FieldType.Anything() -> {
        return value;
      }
      case FieldType.Choice(var values) when value instanceof String && values.contains(value) -> {
        return value;
      }
      case FieldType.Whole() when value instanceof String text && WHOLE.matcher(text).matches() -> {
        return Long.valueOf(text);
      }
      case FieldType.Real() when value instanceof String text && REAL.matcher(text).matches() -> {
        double number = Double.parseDouble(text);
        if (Double.isFinite(number)) {
          return number;
        }
      }
      case FieldType.Flag() when value instanceof String text -> {
        if (text.equals("True") || text.equals("true")) {
          return true;
        }
        if (text.equals("False") || text.equals("false")) {
          return false;
        }
      }
      case FieldType.Date(), FieldType.DateTime() when value instanceof String text -> {
        Object time = AnswerReader.time(type, text);
        if (time != null) {
          return time;
        }
      }
      case FieldType.Items(FieldType of) when value instanceof List<?> items -> {
        List<@Nullable Object> values = new ArrayList<>();
        for (Object item : items) {
          values.add(typed(of, item));
        }
        return values;
      }
      case FieldType.Entries(FieldType of) when value instanceof Map<?, ?> map -> {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          values.put((String) entry.getKey(), typed(of, entry.getValue()));
        }
        return values;
      }
      case FieldType.Fields(var fields)
          when value instanceof Map<?, ?> map && map.keySet().equals(fields.keySet()) -> {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (Map.Entry<String, FieldType> field : fields.entrySet()) {
          values.put(field.getKey(), typed(field.getValue(), map.get(field.getKey())));
        }
        return values;
      }
      default -> {
        // The value is of another type.
      }
    }
    throw new NotExactException();
  }
}
