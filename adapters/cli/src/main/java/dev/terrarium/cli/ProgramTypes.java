package dev.terrarium.cli;

import dev.terrarium.cli.YamlValue.MistakeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.lang.model.SourceVersion;
import org.jspecify.annotations.Nullable;

/**
 * A reader of the types of a program file, in the type language of {@code terrarium.bridge.types};
 * it reports a wrong type before Python is started.
 */
final class ProgramTypes {

  /** The keys that a type has beside {@code type}, by the type's name. */
  private static final Map<String, Set<String>> KEYS =
      new TreeMap<>(
          Map.of(
              "enum", Set.of("values"),
              "list", Set.of("items"),
              "map", Set.of("values"),
              "optional", Set.of("of"),
              "record", Set.of("name", "description", "fields")));

  static {
    for (String simple :
        List.of("string", "integer", "number", "boolean", "date", "datetime", "decimal")) {
      KEYS.put(simple, Set.of());
    }
  }

  private ProgramTypes() {}

  /** Reads {@code name: {type: ..., description: ...}} of each input or output. */
  static List<Map<String, @Nullable Object>> fields(YamlValue fields) throws MistakeException {
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    for (Map.Entry<String, YamlValue> entry : fields.map().entrySet()) {
      YamlValue value = entry.getValue();
      Map<String, @Nullable Object> field = new LinkedHashMap<>();
      field.put("name", identifier(entry.getKey(), value));
      field.put("type", type(value, Set.of("description")));
      YamlValue description = value.map().get("description");
      field.put("description", description == null ? null : description.text());
      list.add(field);
    }
    if (list.isEmpty()) {
      throw fields.wrong("must name at least one field");
    }
    return list;
  }

  /**
   * Reads a type.
   *
   * @param beside keys that stand beside those of the type and are not part of it
   */
  private static Map<String, Object> type(YamlValue value, Set<String> beside)
      throws MistakeException {
    YamlValue name = value.map().get("type");
    if (name == null) {
      throw value.wrong("must be a map with a 'type'");
    }
    Set<String> own = KEYS.get(name.text());
    if (own == null) {
      throw name.wrong("is no type: '" + name.text() + "'. Types are " + KEYS.keySet());
    }
    Set<String> known = new HashSet<>(own);
    known.add("type");
    known.addAll(beside);
    Map<String, YamlValue> given = value.map(known);
    Map<String, Object> type = new LinkedHashMap<>();
    type.put("type", name.text());
    for (String key : new TreeSet<>(own)) {
      YamlValue part = given.get(key);
      if (part != null) {
        type.put(key, part(name.text(), key, part));
      } else if (!key.equals("description")) {
        throw value.wrong("is of type " + name.text() + " and needs '" + key + "'");
      }
    }
    return type;
  }

  private static Object part(String type, String key, YamlValue part) throws MistakeException {
    return switch (key) {
      case "items", "of" -> type(part, Set.of());
      case "values" -> type.equals("map") ? type(part, Set.of()) : distinct(part);
      case "fields" -> record(part);
      case "name" -> identifier(part.text(), part);
      default -> part.text();
    };
  }

  private static List<String> distinct(YamlValue values) throws MistakeException {
    List<String> texts = new ArrayList<>();
    for (YamlValue value : values.list()) {
      if (texts.contains(value.text())) {
        throw value.wrong("is there twice: '" + value.text() + "'");
      }
      texts.add(value.text());
    }
    return texts;
  }

  /** Reads the fields of a record: {@code [{name: ..., type: ..., description: ...}]}. */
  private static List<Map<String, Object>> record(YamlValue fields) throws MistakeException {
    List<Map<String, Object>> list = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (YamlValue each : fields.list()) {
      Map<String, YamlValue> given = each.map(Set.of("name", "type", "description"));
      if (!given.containsKey("name") || !given.containsKey("type")) {
        throw each.wrong("needs 'name' and 'type'");
      }
      YamlValue name = Objects.requireNonNull(given.get("name"));
      if (!names.add(identifier(name.text(), name))) {
        throw name.wrong("is there twice: '" + name.text() + "'");
      }
      Map<String, Object> field = new LinkedHashMap<>();
      field.put("name", name.text());
      field.put("type", type(Objects.requireNonNull(given.get("type")), Set.of()));
      if (given.containsKey("description")) {
        field.put("description", Objects.requireNonNull(given.get("description")).text());
      }
      list.add(field);
    }
    return list;
  }

  private static String identifier(String name, YamlValue where) throws MistakeException {
    if (!SourceVersion.isIdentifier(name) || name.contains("$")) {
      throw where.wrong("must be named by an identifier of Python, and '" + name + "' is none");
    }
    return name;
  }
}
