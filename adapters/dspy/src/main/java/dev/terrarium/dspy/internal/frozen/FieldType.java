package dev.terrarium.dspy.internal.frozen;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The type of a field of a frozen program; only types whose rules are known exactly exist here.
 * Immutable.
 */
sealed interface FieldType {

  record Text() implements FieldType {}

  record Whole() implements FieldType {}

  record Real() implements FieldType {}

  record Flag() implements FieldType {}

  record Date() implements FieldType {}

  /** A date and time without a zone. */
  record DateTime() implements FieldType {}

  record Choice(Set<String> values) implements FieldType {}

  record Items(FieldType of) implements FieldType {}

  /** A map whose keys are texts. */
  record Entries(FieldType of) implements FieldType {}

  /** Plain data of any type, as in the arguments of a tool. */
  record Anything() implements FieldType {}

  record Maybe(FieldType of) implements FieldType {}

  /** A record's fields by name, in order. */
  record Fields(Map<String, FieldType> fields) implements FieldType {}

  /** Reads the fields of a plan or of a record: {@code [{"name", "type"}]}. */
  static Fields fields(Object plain) {
    Map<String, FieldType> fields = new LinkedHashMap<>();
    for (Object field : (List<?>) plain) {
      fields.put((String) part(field, "name"), of(part(field, "type")));
    }
    return new Fields(fields);
  }

  private static FieldType of(Object spec) {
    return switch ((String) part(spec, "type")) {
      case "string" -> new Text();
      case "integer" -> new Whole();
      case "number" -> new Real();
      case "boolean" -> new Flag();
      case "date" -> new Date();
      case "datetime" -> new DateTime();
      case "enum" -> new Choice(Set.copyOf(strings(part(spec, "values"))));
      case "list" -> new Items(of(part(spec, "items")));
      case "map" -> new Entries(of(part(spec, "values")));
      case "any" -> new Anything();
      case "optional" -> new Maybe(of(part(spec, "of")));
      case "record" -> fields(part(spec, "fields"));
      default -> throw new IllegalArgumentException("unknown type: " + spec);
    };
  }

  private static List<String> strings(Object list) {
    return ((List<?>) list).stream().map(String.class::cast).toList();
  }

  private static Object part(Object spec, String name) {
    Object part = ((Map<?, ?>) spec).get(name);
    if (part == null) {
      throw new IllegalArgumentException("no '" + name + "' in " + spec);
    }
    return part;
  }
}
