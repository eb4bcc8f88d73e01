package dev.terrarium.internal.model;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Values of any type that requests and answers are made of, and variants of them. */
final class Samples {

  private Samples() {}

  /** A value and its variants of one component. */
  record Variant(String component, Object value, Object changed) {}

  /** For each component of a record, and of the records in it, two records that differ there. */
  static List<Variant> variants(Class<? extends Record> type) throws ReflectiveOperationException {
    RecordComponent[] components = type.getRecordComponents();
    List<Variant> all = new ArrayList<>();
    for (int i = 0; i < components.length; i++) {
      List<@Nullable Object> values = values(components[i].getGenericType());
      Object first = null;
      for (Object value : values) {
        Object made = made(type, i, value);
        if (first == null) {
          first = made;
        } else if (made != null) {
          all.add(new Variant(type.getSimpleName() + "." + components[i].getName(), first, made));
        }
      }
      String name = components[i].getName();
      if (all.stream().noneMatch(each -> each.component.endsWith("." + name))) {
        throw new AssertionError("no two values of " + type + "." + name + "; teach Samples some");
      }
    }
    return all;
  }

  /** The record with a value in one component and samples in the others; null if it refuses it. */
  private static @Nullable Object made(Class<?> type, int place, @Nullable Object value)
      throws ReflectiveOperationException {
    RecordComponent[] components = type.getRecordComponents();
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      values[i] = i == place ? value : values(components[i].getGenericType()).getFirst();
    }
    Constructor<?> constructor =
        type.getDeclaredConstructor(
            Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
    constructor.setAccessible(true);
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      return null;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(type + " of " + Arrays.toString(values), e);
    }
  }

  private static List<@Nullable Object> values(Type type) throws ReflectiveOperationException {
    List<@Nullable Object> values = new ArrayList<>();
    if (type instanceof ParameterizedType generic) {
      Type item = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      for (Object each : values(item)) {
        if (each != null && generic.getRawType() == List.class) {
          values.add(List.of(each));
          values.add(List.of(each, each));
        } else if (each != null && generic.getRawType() == Map.class) {
          values.add(Map.of("a", each));
          values.add(Map.of("b", each));
        } else if (each != null && generic.getRawType() == Optional.class) {
          values.add(Optional.of(each));
        }
      }
      return values;
    }
    Class<?> plain = (Class<?>) type;
    if (plain == String.class || plain == Object.class || plain == CharSequence.class) {
      values.addAll(Arrays.asList("{\"type\": \"object\"}", "{}", null));
    } else if (plain == int.class || plain == Integer.class) {
      values.addAll(Arrays.asList(1, 2, 0));
    } else if (plain == long.class || plain == Long.class) {
      values.addAll(Arrays.asList(1L, 2L, 0L));
    } else if (plain == double.class || plain == Double.class) {
      values.addAll(Arrays.asList(0.5, 0.25, 0.0));
    } else if (plain == boolean.class || plain == Boolean.class) {
      values.addAll(Arrays.asList(true, false));
    } else if (plain == Duration.class) {
      values.addAll(Arrays.asList(Duration.ofSeconds(1), Duration.ZERO));
    } else if (plain == byte[].class) {
      values.addAll(Arrays.asList(new byte[] {1}, new byte[] {2}));
    } else if (plain.isEnum()) {
      values.addAll(Arrays.asList(plain.getEnumConstants()));
    } else if (plain.isSealed()) {
      for (Class<?> each : plain.getPermittedSubclasses()) {
        values.addAll(values(each));
      }
    } else if (plain.isRecord()) {
      for (Variant each : variants(plain.asSubclass(Record.class))) {
        values.add(each.value);
        values.add(each.changed);
      }
    } else {
      throw new AssertionError("no sample of " + type + "; teach Samples one");
    }
    if (!plain.isPrimitive() && !values.contains(null)) {
      values.add(null);
    }
    return values;
  }
}
