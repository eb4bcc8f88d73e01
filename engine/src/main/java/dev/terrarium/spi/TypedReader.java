package dev.terrarium.spi;

import dev.terrarium.error.ConversionException;
import dev.terrarium.internal.value.NumberArray;
import dev.terrarium.internal.value.Scalar;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A reader that converts plain data, as calls return it, to Java types: records, enums, Optional,
 * nested collections. Stateless.
 */
public final class TypedReader {

  private TypedReader() {}

  /**
   * Converts a value to a type.
   *
   * @param type a class or a parameterized type
   * @param path the value's name in an error
   * @throws ConversionException when the value does not fit the type, with the path and both types
   */
  public static <T> T read(@Nullable Object plain, Class<T> type, String path) {
    Object value = read(plain, (Type) type, path);
    if (value == null) {
      throw mismatch(null, type, path);
    }
    @SuppressWarnings("unchecked") // primitive classes have no cast of their own
    T typed = (T) value;
    return typed;
  }

  /**
   * Converts a value as {@link #read(Object, Class, String)} does, to a type that may have type
   * arguments; null stays null.
   */
  public static @Nullable Object read(@Nullable Object plain, Type type, String path) {
    if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
      return readGeneric(plain, raw, generic.getActualTypeArguments(), path);
    }
    if (!(type instanceof Class<?> simple)) {
      throw new ConversionException(path, "the type " + type.getTypeName() + " cannot be read");
    }
    if (simple == Object.class) {
      return plain;
    }
    if (simple == OptionalInt.class) {
      return plain == null ? OptionalInt.empty() : OptionalInt.of(read(plain, int.class, path));
    }
    if (simple == OptionalLong.class) {
      return plain == null ? OptionalLong.empty() : OptionalLong.of(read(plain, long.class, path));
    }
    if (simple == OptionalDouble.class) {
      return plain == null
          ? OptionalDouble.empty()
          : OptionalDouble.of(read(plain, double.class, path));
    }
    if (plain == null) {
      if (simple.isPrimitive()) {
        throw mismatch(null, simple, path);
      }
      return null;
    }
    if (simple.isRecord()) {
      return readRecord(plain, simple, path);
    }
    if (simple.isEnum()) {
      return readEnum(plain, simple, path);
    }
    if (Map.class.isAssignableFrom(simple) || Collection.class.isAssignableFrom(simple)) {
      Object collection = listed(plain);
      return simple.isInstance(collection) ? collection : throwMismatch(plain, simple, path);
    }
    if (simple.isArray() && simple != byte[].class) {
      return readArray(plain, simple.getComponentType(), path);
    }
    return readScalar(plain, simple, path);
  }

  private static @Nullable Object readGeneric(
      @Nullable Object plain, Class<?> raw, Type[] arguments, String path) {
    if (raw == Optional.class) {
      return Optional.ofNullable(read(plain, arguments[0], path));
    }
    if (plain == null) {
      return null;
    }
    if (raw.isAssignableFrom(LinkedHashMap.class) && plain instanceof Map<?, ?> map) {
      Map<@Nullable Object, @Nullable Object> typed = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        String place = path + "." + entry.getKey();
        typed.put(
            read(entry.getKey(), arguments[0], place), read(entry.getValue(), arguments[1], place));
      }
      return typed;
    }
    if (listed(plain) instanceof List<?> list) {
      Collection<@Nullable Object> typed;
      if (raw.isAssignableFrom(ArrayList.class)) {
        typed = new ArrayList<>();
      } else if (raw.isAssignableFrom(LinkedHashSet.class)) {
        typed = new LinkedHashSet<>();
      } else {
        throw mismatch(plain, raw, path);
      }
      int index = 0;
      for (Object item : list) {
        typed.add(readElement(item, arguments[0], path, index++));
      }
      return typed;
    }
    throw mismatch(plain, raw, path);
  }

  /** Reads an element. Most elements are of the type already, and need no path. */
  private static @Nullable Object readElement(
      @Nullable Object item, Type type, String path, int index) {
    return type instanceof Class<?> simple
            && Scalar.ofType(simple) != null
            && simple.isInstance(item)
        ? item
        : read(item, type, path + "[" + index + "]");
  }

  /** Returns the numbers of an array as a list, and anything else as it is. */
  private static Object listed(Object plain) {
    NumberArray numbers = NumberArray.of(plain);
    return numbers == null ? plain : numbers.elements(plain);
  }

  private static Object readArray(Object plain, Class<?> componentType, String path) {
    if (plain.getClass().getComponentType() == componentType) {
      return plain;
    }
    if (!(listed(plain) instanceof List<?> list)) {
      throw mismatch(plain, componentType.arrayType(), path);
    }
    Object array = Array.newInstance(componentType, list.size());
    for (int i = 0; i < list.size(); i++) {
      Array.set(array, i, readElement(list.get(i), componentType, path, i));
    }
    return array;
  }

  private static Object readRecord(Object plain, Class<?> type, String path) {
    if (!(plain instanceof Map<?, ?> map)) {
      throw mismatch(plain, type, path);
    }
    RecordComponent[] components = type.getRecordComponents();
    @Nullable Object[] values = new @Nullable Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      types[i] = components[i].getType();
      if (!map.containsKey(name) && !OPTIONAL.contains(types[i])) {
        throw new ConversionException(
            path,
            "no value for component '"
                + name
                + "' of "
                + type.getSimpleName()
                + "; there are "
                + map.keySet());
      }
      values[i] = read(map.get(name), components[i].getGenericType(), path + "." + name);
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new ConversionException(
          path, type.getSimpleName() + " refused the values: " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new ConversionException(
          path, "the record " + type.getName() + " cannot be made: open its package", e);
    }
  }

  private static Object readEnum(Object plain, Class<?> type, String path) {
    List<String> names = new ArrayList<>();
    for (Object constant : type.getEnumConstants()) {
      String name = ((Enum<?>) constant).name();
      if (name.equals(plain)) {
        return constant;
      }
      names.add(name);
    }
    throw plain instanceof String || plain instanceof Number
        ? new ConversionException(
            path, "'" + plain + "' is no " + type.getSimpleName() + "; there are " + names)
        : mismatch(plain, type, path);
  }

  private static Object readScalar(Object plain, Class<?> type, String path) {
    Scalar scalar = Scalar.ofType(type);
    try {
      if (scalar != null) {
        Object value = scalar.read(plain);
        if (value != null) {
          return value;
        }
      }
    } catch (ArithmeticException | IllegalArgumentException | DateTimeException e) {
      throw new ConversionException(path, "'" + plain + "' does not fit in " + type.getName(), e);
    }
    throw mismatch(plain, type, path);
  }

  /** The types of components for which a map may have no value. */
  private static final Set<Class<?>> OPTIONAL =
      Set.of(Optional.class, OptionalInt.class, OptionalLong.class, OptionalDouble.class);

  private static Object throwMismatch(Object plain, Class<?> type, String path) {
    throw mismatch(plain, type, path);
  }

  private static ConversionException mismatch(@Nullable Object plain, Class<?> type, String path) {
    String seen = plain == null ? "null" : "a " + plain.getClass().getSimpleName();
    return new ConversionException(path, "expected " + type.getSimpleName() + ", found " + seen);
  }
}
