package dev.terrarium.spi;

import dev.terrarium.Describe;
import dev.terrarium.error.ConversionException;
import dev.terrarium.internal.value.Scalar;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
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
 * boolean, decimal, date, datetime, enum (values), list (items), map (values), optional (of),
 * record (name, fields) and native (name), which is a type of the framework's own ({@link
 * NativeType}). Integers and numbers have the {@code minimum} and the {@code maximum} of the Java
 * type, where it has any. Stateless.
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

  /** Returns the text of the annotation, null if there is no annotation. */
  public static @Nullable String description(@Nullable Describe describe) {
    return describe == null ? null : describe.value();
  }

  /**
   * Returns the form of a type.
   *
   * @param path what the type is called in an error
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
    NativeType own = type.getAnnotation(NativeType.class);
    if (own != null) {
      return Map.of("type", "native", "name", own.value());
    }
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
    Scalar scalar = Scalar.ofType(type);
    Map<String, @Nullable Object> simple = scalar == null ? null : scalar.schema();
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

  private static ConversionException unsupported(Type type, String path) {
    return new ConversionException(
        path,
        "the type "
            + type.getTypeName()
            + " cannot be a field. Use String, a number, boolean, an enum, a record, List, Set,"
            + " Map<String, T>, Optional<T>, BigDecimal, LocalDate or LocalDateTime.");
  }
}
