package dev.terrarium.dspy.internal.frozen;

import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A writer of inputs in the form of DSPy's {@code format_field_value}: texts and numbers as they
 * are, lists and mappings as JSON. A value that is not of the declared type is left to DSPy, which
 * may convert it.
 */
public final class FieldWriter {

  /** The prefix of texts that DSPy parses for values of custom types. */
  private static final String CUSTOM_TYPE = "<<CUSTOM-TYPE-";

  private static final FieldType ANYTHING = new FieldType.Anything();

  private final StringBuilder out = new StringBuilder();

  private FieldWriter() {}

  /** Returns the text of an input's value. */
  static String write(FieldType type, @Nullable Object value) throws NotExactException {
    FieldWriter writer = new FieldWriter();
    writer.write(type, plain(value), false);
    String text = writer.out.toString();
    if (text.contains(CUSTOM_TYPE)) {
      throw new NotExactException();
    }
    return text;
  }

  /**
   * Returns the values of a record or a map by name. Keys count as equal only by {@code equals},
   * whatever the map itself takes for equal names.
   */
  public static Map<String, @Nullable Object> named(@Nullable Object value)
      throws NotExactException {
    Map<String, @Nullable Object> named = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (!(entry.getKey() instanceof String name)) {
          throw new NotExactException();
        }
        named.put(name, entry.getValue());
      }
      return named;
    }
    if (!(value instanceof Record)) {
      throw new NotExactException();
    }
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      named.put(component.getName(), read(component, value));
    }
    return named;
  }

  private static @Nullable Object read(RecordComponent component, Object value)
      throws NotExactException {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(value);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new NotExactException(e); // the conversion to Python reports the component by name
    }
  }

  static @Nullable Object plain(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Optional<?> optional -> plain(optional.orElse(null));
      case Enum<?> constant -> constant.name();
      case Character character -> character.toString();
      case Integer number -> number.longValue();
      case Short number -> number.longValue();
      case Byte number -> number.longValue();
      case BigInteger number when number.bitLength() < Long.SIZE -> number.longValue();
      case Float number -> number.doubleValue();
      default -> value;
    };
  }

  private void write(FieldType type, @Nullable Object value, boolean json)
      throws NotExactException {
    switch (type) {
      case FieldType.Text() when value instanceof String text -> text(text, json);
      case FieldType.Choice(var values)
          when value instanceof String text && values.contains(text) ->
          text(text, json);
      case FieldType.Whole() when value instanceof Long number -> out.append((long) number);
      case FieldType.Real() when value instanceof Double number ->
          out.append(PythonText.repr(number));
      case FieldType.Flag() when value instanceof Boolean flag -> {
        String python = flag ? "True" : "False";
        out.append(json ? flag.toString() : python);
      }
      case FieldType.Date() when value instanceof LocalDate date ->
          text(PythonText.isoformat(date), json);
      case FieldType.DateTime() when value instanceof LocalDateTime time ->
          text(PythonText.isoformat(time), json);
      case FieldType.Maybe(FieldType of) -> {
        if (value == null) {
          out.append(json ? "null" : "None");
        } else {
          write(of, value, json);
        }
      }
      case FieldType.Items(FieldType of) when value instanceof Collection<?> items ->
          items(of, items);
      case FieldType.Entries(FieldType of) when value instanceof Map<?, ?> map -> entries(of, map);
      case FieldType.Fields(var fields) -> fields(fields, named(value));
      case FieldType.Anything() -> anything(value, json);
      default -> throw new NotExactException();
    }
  }

  /** Writes a value as it is in Python, where nothing says of what type it should be. */
  private void anything(@Nullable Object value, boolean json) throws NotExactException {
    switch (value) {
      case null -> write(new FieldType.Maybe(ANYTHING), null, json);
      case String text -> text(text, json);
      case Long number -> write(new FieldType.Whole(), number, json);
      case Double number -> write(new FieldType.Real(), number, json);
      case Boolean flag -> write(new FieldType.Flag(), flag, json);
      case LocalDate date -> write(new FieldType.Date(), date, json);
      case LocalDateTime time -> write(new FieldType.DateTime(), time, json);
      case BigDecimal number -> text(PythonText.str(number), json);
      case Collection<?> items -> items(ANYTHING, items);
      case Map<?, ?> map -> entries(ANYTHING, map);
      default -> throw new NotExactException();
    }
  }

  private void text(String text, boolean json) throws NotExactException {
    PythonText.checked(text);
    if (json) {
      PythonText.quote(out, text);
    } else {
      out.append(text);
    }
  }

  private void items(FieldType of, Collection<?> items) throws NotExactException {
    out.append('[');
    String separator = "";
    for (Object item : items) {
      out.append(separator);
      write(of, plain(item), true);
      separator = ", ";
    }
    out.append(']');
  }

  private void entries(FieldType of, Map<?, ?> map) throws NotExactException {
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String key)) {
        throw new NotExactException();
      }
      out.append(separator);
      text(key, true);
      out.append(": ");
      write(of, plain(entry.getValue()), true);
      separator = ", ";
    }
    out.append('}');
  }

  private void fields(Map<String, FieldType> fields, Map<?, ?> values) throws NotExactException {
    if (!fields.keySet().containsAll(values.keySet())) {
      throw new NotExactException(); // a surplus value may be one that cannot be converted
    }
    out.append('{');
    String separator = "";
    for (Map.Entry<String, FieldType> field : fields.entrySet()) {
      out.append(separator);
      text(field.getKey(), true);
      out.append(": ");
      write(field.getValue(), plain(values.get(field.getKey())), true);
      separator = ", ";
    }
    out.append('}');
  }
}
