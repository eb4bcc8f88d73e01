package dev.terrarium.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.temporal.Temporal;
import java.time.temporal.TemporalAmount;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The canonical bytes of values: equal values have equal bytes, in each process, and different
 * values have different ones. A record has all of its components, so that one that is added later
 * is in the bytes, too. Stateless.
 */
final class CanonicalForm {

  private CanonicalForm() {}

  /**
   * Returns the bytes of a value.
   *
   * @throws IllegalArgumentException when the value holds an object that has no canonical bytes
   */
  static byte[] of(@Nullable Object value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      write(value, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // cannot happen: the bytes stay in memory
    }
    return bytes.toByteArray();
  }

  private static void write(@Nullable Object value, DataOutputStream out) throws IOException {
    switch (value) {
      case null -> out.writeByte('0');
      case String text -> writeBytes('s', text.getBytes(StandardCharsets.UTF_8), out);
      case byte[] bytes -> writeBytes('b', bytes, out);
      case Optional<?> optional -> writeAll('?', optional.stream().toList(), out);
      case Set<?> set -> writeSorted('u', set.stream().map(CanonicalForm::of).toList(), out);
      case Collection<?> list -> writeAll('l', list, out);
      case Map<?, ?> map -> writeSorted('m', entries(map), out);
      case Object[] array -> writeAll('l', Arrays.asList(array), out);
      case Enum<?> constant -> writeText(constant.getDeclaringClass(), constant.name(), out);
      case Record fields -> writeRecord(fields, out);
      case Number number -> writeText(number.getClass(), number.toString(), out);
      case Boolean _, Character _, URI _, Path _, JsonNode _, Temporal _, TemporalAmount _ ->
          writeText(value.getClass(), value.toString(), out);
      default ->
          throw new IllegalArgumentException(value.getClass().getName() + " has no canonical form");
    }
  }

  private static List<byte[]> entries(Map<?, ?> map) {
    List<byte[]> entries = new ArrayList<>();
    map.forEach((key, value) -> entries.add(of(Arrays.asList(key, value))));
    return entries;
  }

  private static void writeBytes(char type, byte[] bytes, DataOutputStream out) throws IOException {
    out.writeByte(type);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static void writeText(Class<?> type, String text, DataOutputStream out)
      throws IOException {
    out.writeByte('v');
    write(type.getName(), out);
    write(text, out);
  }

  private static void writeAll(char type, Collection<?> values, DataOutputStream out)
      throws IOException {
    out.writeByte(type);
    out.writeInt(values.size());
    for (Object each : values) {
      write(each, out);
    }
  }

  private static void writeSorted(char type, List<byte[]> values, DataOutputStream out)
      throws IOException {
    out.writeByte(type);
    out.writeInt(values.size());
    for (byte[] each : values.stream().sorted(Arrays::compare).toList()) {
      out.write(each);
    }
  }

  private static void writeRecord(Record fields, DataOutputStream out) throws IOException {
    RecordComponent[] components = fields.getClass().getRecordComponents();
    out.writeByte('r');
    write(fields.getClass().getName(), out);
    out.writeInt(components.length);
    for (RecordComponent component : components) {
      write(component.getName(), out);
      write(value(fields, component), out);
    }
  }

  private static @Nullable Object value(Record fields, RecordComponent component) {
    try {
      return component.getAccessor().invoke(fields);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalArgumentException(
          "cannot read " + component.getName() + " of " + fields.getClass().getName(), e);
    }
  }

  /**
   * Returns a record with some components replaced.
   *
   * @throws IllegalArgumentException when the record cannot have these values
   */
  static <T extends Record> T with(T fields, Map<String, ?> replaced) {
    RecordComponent[] components = fields.getClass().getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      Object other = replaced.get(components[i].getName());
      values[i] = other == null ? value(fields, components[i]) : other;
    }
    try {
      @SuppressWarnings("unchecked") // the class of a T
      Class<T> type = (Class<T>) fields.getClass();
      return type.getConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("cannot make a " + fields.getClass().getName(), e);
    }
  }
}
