package dev.terrarium.spi;

import dev.terrarium.Describe;
import dev.terrarium.error.ConversionException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The translation of Java types to the bridges' type language, which consists of plain maps such as
 * {@code {"type": "list", "items": {"type": "string"}}}. The types are string, integer, number,
 * boolean, decimal, date, datetime, enum (values), list (items), map (values), optional (of) and
 * record (name, fields). Integers and numbers have the {@code minimum} and the {@code maximum} of
 * the Java type, where it has any. Stateless.
 */
public final class TypeSpec {

  private TypeSpec() {}

  /**
   * Returns the fields of a record, in order: {@code {"name", "type", "description"}}.
   *
   * @throws ConversionException for a component whose type has no form in the type language, with
   *     its path
   */
  public static List<Map<String, @Nullable Object>> fields(Class<? extends Record> type) {
    return fields(type, type.getSimpleName(), new HashSet<>());
  }

  private static List<Map<String, @Nullable Object>> fields(
      Class<?> type, String path, Set<Class<?>> open) {
    if (!open.add(type)) {
      throw new ConversionException(path, type.getName() + " contains itself; flatten it");
    }
    List<Map<String, @Nullable Object>> fields = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Map<String, @Nullable Object> field = new LinkedHashMap<>();
      field.put("name", component.getName());
      field.put("type", of(component.getGenericType(), path + "." + component.getName(), open));
      field.put("description", description(component.getAnnotation(Describe.class)));
      fields.add(field);
    }
    open.remove(type);
    return fields;
  }

  /** Returns the text of the annotation, or null without an annotation. */
  public static @Nullable String description(@Nullable Describe describe) {
    return describe == null ? null : describe.value();
  }

  /**
   * Returns one type in the type language.
   *
   * @param path the type's name in an error
   */
  public static Map<String, @Nullable Object> of(Type type, String path) {
    return of(type, path, new HashSet<>());
  }

  private static Map<String, @Nullable Object> of(Type type, String path, Set<Class<?>> open) {
    if (type instanceof Class<?> simple) {
      return ofClass(simple, path, open);
    }
    if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
      Type[] arguments = generic.getActualTypeArguments();
      if (raw == Optional.class) {
        return Map.of("type", "optional", "of", of(arguments[0], path, open));
      }
      if (Collection.class.isAssignableFrom(raw)) {
        return Map.of("type", "list", "items", of(arguments[0], path + "[]", open));
      }
      if (raw == Map.class) {
        if (arguments[0] != String.class) {
          throw new ConversionException(path, "a Map's keys must be String, not " + arguments[0]);
        }
        return Map.of("type", "map", "values", of(arguments[1], path + ".*", open));
      }
    }
    throw unsupported(type, path);
  }

  private static Map<String, @Nullable Object> ofClass(
      Class<?> type, String path, Set<Class<?>> open) {
    if (type.isRecord()) {
      Map<String, @Nullable Object> spec = new LinkedHashMap<>();
      spec.put("type", "record");
      spec.put("name", type.getSimpleName());
      spec.put("description", description(type.getAnnotation(Describe.class)));
      spec.put("fields", fields(type, path, open));
      return spec;
    }
    if (type.isEnum()) {
      List<String> names =
          Arrays.stream(type.getEnumConstants()).map(each -> ((Enum<?>) each).name()).toList();
      return Map.of("type", "enum", "values", names);
    }
    if (type.isArray() && type != byte[].class) {
      return Map.of("type", "list", "items", of(type.getComponentType(), path + "[]", open));
    }
    Class<?> optional = OPTIONALS.get(type);
    if (optional != null) {
      return Map.of("type", "optional", "of", of(optional, path, open));
    }
    Map<String, @Nullable Object> simple = SIMPLE.get(type);
    if (simple == null) {
      throw unsupported(type, path);
    }
    return simple;
  }

  private static final Map<Class<?>, Class<?>> OPTIONALS =
      Map.of(
          OptionalInt.class, int.class,
          OptionalLong.class, long.class,
          OptionalDouble.class, double.class);

  private static final Map<Class<?>, Map<String, @Nullable Object>> SIMPLE =
      Map.ofEntries(
          Map.entry(String.class, Map.of("type", "string")),
          Map.entry(boolean.class, Map.of("type", "boolean")),
          Map.entry(Boolean.class, Map.of("type", "boolean")),
          Map.entry(byte.class, integer(Byte.MIN_VALUE, Byte.MAX_VALUE)),
          Map.entry(Byte.class, integer(Byte.MIN_VALUE, Byte.MAX_VALUE)),
          Map.entry(short.class, integer(Short.MIN_VALUE, Short.MAX_VALUE)),
          Map.entry(Short.class, integer(Short.MIN_VALUE, Short.MAX_VALUE)),
          Map.entry(int.class, integer(Integer.MIN_VALUE, Integer.MAX_VALUE)),
          Map.entry(Integer.class, integer(Integer.MIN_VALUE, Integer.MAX_VALUE)),
          Map.entry(long.class, integer(Long.MIN_VALUE, Long.MAX_VALUE)),
          Map.entry(Long.class, integer(Long.MIN_VALUE, Long.MAX_VALUE)),
          Map.entry(BigInteger.class, Map.of("type", "integer")),
          Map.entry(float.class, number(Float.MAX_VALUE)),
          Map.entry(Float.class, number(Float.MAX_VALUE)),
          Map.entry(double.class, Map.of("type", "number")),
          Map.entry(Double.class, Map.of("type", "number")),
          Map.entry(BigDecimal.class, Map.of("type", "decimal")),
          Map.entry(LocalDate.class, Map.of("type", "date")),
          Map.entry(LocalDateTime.class, Map.of("type", "datetime")));

  private static Map<String, @Nullable Object> integer(long minimum, long maximum) {
    return Map.of("type", "integer", "minimum", minimum, "maximum", maximum);
  }

  private static Map<String, @Nullable Object> number(double furthest) {
    return Map.of("type", "number", "minimum", -furthest, "maximum", furthest);
  }

  private static ConversionException unsupported(Type type, String path) {
    return new ConversionException(
        path,
        "the type "
            + type.getTypeName()
            + " cannot be a field. Use String, a number, boolean, an enum, a record, List, Set,"
            + " Map<String, T>, Optional<T>, BigDecimal, LocalDate or LocalDateTime.");
  }
}
