package dev.terrarium.spi;

import dev.terrarium.error.ConversionException;
import dev.terrarium.internal.value.Marshaller;
import dev.terrarium.internal.value.NumberArray;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZonedDateTime;
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
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A reader that converts plain data, as {@link Marshaller#toJava} returns it, to Java types:
 * records, enums, Optional, nested collections. Stateless.
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

  /** Converts one element of a list. Most elements have their type already, and need no path. */
  private static @Nullable Object readElement(
      @Nullable Object item, Type type, String path, int index) {
    return type instanceof Class<?> simple && SCALARS.containsKey(simple) && simple.isInstance(item)
        ? item
        : read(item, type, path + "[" + index + "]");
  }

  /** Returns a list of the numbers of an array; returns any other value as it is. */
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
    Function<Object, @Nullable Object> reader = SCALARS.get(type);
    try {
      if (reader != null) {
        Object value = reader.apply(plain);
        if (value != null) {
          return value;
        }
      }
    } catch (ArithmeticException | IllegalArgumentException | DateTimeException e) {
      throw new ConversionException(path, "'" + plain + "' does not fit in " + type.getName(), e);
    }
    throw mismatch(plain, type, path);
  }

  private static final Map<Class<?>, Function<Object, @Nullable Object>> SCALARS =
      Map.ofEntries(
          scalar(String.class, v -> v instanceof String ? v : null),
          scalar(boolean.class, v -> v instanceof Boolean ? v : null),
          scalar(Boolean.class, v -> v instanceof Boolean ? v : null),
          scalar(
              char.class,
              v -> v instanceof String s && s.length() == 1 ? (Object) s.charAt(0) : null),
          scalar(
              Character.class,
              v -> v instanceof String s && s.length() == 1 ? (Object) s.charAt(0) : null),
          scalar(byte.class, v -> isInteger(v) ? (Object) integer(v).byteValueExact() : null),
          scalar(Byte.class, v -> isInteger(v) ? (Object) integer(v).byteValueExact() : null),
          scalar(short.class, v -> isInteger(v) ? (Object) integer(v).shortValueExact() : null),
          scalar(Short.class, v -> isInteger(v) ? (Object) integer(v).shortValueExact() : null),
          scalar(int.class, v -> isInteger(v) ? (Object) integer(v).intValueExact() : null),
          scalar(Integer.class, v -> isInteger(v) ? (Object) integer(v).intValueExact() : null),
          scalar(long.class, v -> isInteger(v) ? (Object) integer(v).longValueExact() : null),
          scalar(Long.class, v -> isInteger(v) ? (Object) integer(v).longValueExact() : null),
          scalar(BigInteger.class, v -> isInteger(v) ? integer(v) : null),
          scalar(float.class, v -> v instanceof Number n ? (Object) toFloat(n) : null),
          scalar(Float.class, v -> v instanceof Number n ? (Object) toFloat(n) : null),
          scalar(double.class, v -> v instanceof Number n ? (Object) toDouble(n) : null),
          scalar(Double.class, v -> v instanceof Number n ? (Object) toDouble(n) : null),
          scalar(
              BigDecimal.class,
              v ->
                  switch (v) {
                    case BigDecimal d -> d;
                    case Double d -> BigDecimal.valueOf(d);
                    case String s -> new BigDecimal(s);
                    default -> isInteger(v) ? new BigDecimal(integer(v)) : null;
                  }),
          scalar(byte[].class, v -> v instanceof byte[] ? v : null),
          scalar(ByteBuffer.class, v -> v instanceof byte[] b ? ByteBuffer.wrap(b) : null),
          scalar(
              LocalDate.class,
              v -> v instanceof String s ? LocalDate.parse(s) : same(v, LocalDate.class)),
          scalar(
              LocalTime.class,
              v -> v instanceof String s ? LocalTime.parse(s) : same(v, LocalTime.class)),
          scalar(
              LocalDateTime.class,
              v -> v instanceof String s ? LocalDateTime.parse(s) : same(v, LocalDateTime.class)),
          scalar(
              OffsetTime.class,
              v -> v instanceof String s ? OffsetTime.parse(s) : same(v, OffsetTime.class)),
          scalar(
              OffsetDateTime.class,
              v ->
                  switch (v) {
                    case String s -> OffsetDateTime.parse(s);
                    case ZonedDateTime t -> t.toOffsetDateTime();
                    default -> same(v, OffsetDateTime.class);
                  }),
          scalar(
              ZonedDateTime.class,
              v ->
                  v instanceof OffsetDateTime t
                      ? t.toZonedDateTime()
                      : same(v, ZonedDateTime.class)),
          scalar(
              Instant.class,
              v ->
                  switch (v) {
                    case OffsetDateTime t -> t.toInstant();
                    case ZonedDateTime t -> t.toInstant();
                    default -> null;
                  }),
          scalar(Duration.class, v -> same(v, Duration.class)),
          scalar(UUID.class, v -> v instanceof String s ? UUID.fromString(s) : same(v, UUID.class)),
          scalar(URI.class, v -> v instanceof String s ? URI.create(s) : null));

  /** The types of record components that may be absent from a map. */
  private static final Set<Class<?>> OPTIONAL =
      Set.of(Optional.class, OptionalInt.class, OptionalLong.class, OptionalDouble.class);

  private static Map.Entry<Class<?>, Function<Object, @Nullable Object>> scalar(
      Class<?> type, Function<Object, @Nullable Object> reader) {
    return Map.entry(type, reader);
  }

  private static @Nullable Object same(Object value, Class<?> type) {
    return type.isInstance(value) ? value : null;
  }

  private static double toDouble(Number number) {
    double value = number.doubleValue();
    if (Double.isInfinite(value) && !(number instanceof Double)) {
      throw new ArithmeticException("beyond double");
    }
    return value;
  }

  private static float toFloat(Number number) {
    double exact = toDouble(number);
    float value = (float) exact;
    if (Float.isInfinite(value) && !Double.isInfinite(exact)) {
      throw new ArithmeticException("beyond float");
    }
    return value;
  }

  private static boolean isInteger(Object value) {
    return value instanceof Long
        || value instanceof Integer
        || value instanceof BigInteger
        || value instanceof Short
        || value instanceof Byte;
  }

  private static BigInteger integer(Object value) {
    return value instanceof BigInteger big ? big : BigInteger.valueOf(((Number) value).longValue());
  }

  private static Object throwMismatch(Object plain, Class<?> type, String path) {
    throw mismatch(plain, type, path);
  }

  private static ConversionException mismatch(@Nullable Object plain, Class<?> type, String path) {
    String seen = plain == null ? "null" : "a " + plain.getClass().getSimpleName();
    return new ConversionException(path, "expected " + type.getSimpleName() + ", found " + seen);
  }
}
