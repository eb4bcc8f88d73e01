package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.HostFunction;
import java.lang.reflect.Array;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import org.graalvm.polyglot.Value;
import org.jspecify.annotations.Nullable;

/**
 * Copies Java values into one Python context, by the table at {@link Marshaller}. Used on the
 * context's carrier thread only.
 */
final class PythonWriter {

  /** The number of bytes from which reading them costs less than making them of a text. */
  private static final int BULK = 16 << 10;

  private final Value none;
  private final Value makeList;
  private final Value makeDict;
  private final Value makeBytes;
  private final Value readBytes;
  private final Value makeArray;

  /** The functions that make scalars of texts, for each scalar that has a kind. */
  private final Map<Scalar, Value> makers;

  private final BulkInput input;
  private final Checkpoint checkpoint;
  private final BiFunction<HostFunction, String, Value> callback;

  /**
   * @param embed the module {@code terrarium.bridge.embed} of the context
   * @param input the standard input of the context
   * @param callback makes a Python callable of a function and the path to it
   */
  PythonWriter(
      Value embed,
      BulkInput input,
      Checkpoint checkpoint,
      BiFunction<HostFunction, String, Value> callback) {
    this.input = input;
    this.checkpoint = checkpoint;
    this.callback = callback;
    none = embed.getMember("none").execute();
    makeList = embed.getMember("make_list");
    makeDict = embed.getMember("make_dict");
    makeBytes = embed.getMember("make_bytes");
    readBytes = embed.getMember("read_bytes");
    makeArray = embed.getMember("make_array");
    makers = makers(embed.getMember("MAKERS"));
  }

  private static Map<Scalar, Value> makers(Value byKind) {
    Map<Scalar, Value> makers = new EnumMap<>(Scalar.class);
    for (Scalar scalar : Scalar.values()) {
      String kind = scalar.kind();
      if (kind != null) {
        makers.put(scalar, byKind.getHashValue(kind));
      }
    }
    return makers;
  }

  /**
   * Returns the arguments of a call in Python: the handler, and the keys and values of the call's
   * arguments.
   */
  Object[] call(Value handler, Map<String, ?> arguments) {
    Handed handed = new Handed(1 + arguments.size() * 2);
    handed.add(handler);
    boolean unused = putAll(arguments, handed, "args", 0);
    return handed.toArray();
  }

  /** Returns Python's None. */
  Value none() {
    return none;
  }

  /** Copies a value, as {@link Marshaller#toPython} says. */
  Object write(@Nullable Object value, String path) {
    return write(value, path, 0);
  }

  private Object write(@Nullable Object value, String path, int depth) {
    ValuePath.checkDepth(depth, path);
    return switch (value) {
      case null -> none;
      case Optional<?> optional -> write(optional.orElse(null), path, depth + 1);
      case OptionalInt optional -> optional.isPresent() ? optional.getAsInt() : none;
      case OptionalLong optional -> optional.isPresent() ? optional.getAsLong() : none;
      case OptionalDouble optional -> optional.isPresent() ? optional.getAsDouble() : none;
      case String text -> Surrogates.checked(text, path);
      case Boolean flag -> flag;
      case Integer number -> number;
      case Long number -> number;
      case Short number -> number.intValue();
      case Byte number -> number.intValue();
      case Double number -> number;
      case Float number -> number.doubleValue();
      case BigInteger number when number.bitLength() < Long.SIZE -> number.longValue();
      case Character character -> Surrogates.checked(character.toString(), path);
      case HostFunction function -> callback.apply(function, path); // whatever else it is
      case Enum<?> constant -> constant.name();
      case byte[] bytes -> makeBytes.execute(handed(bytes));
      case ByteBuffer buffer -> makeBytes.execute(handed(remaining(buffer)));
      case Map<?, ?> map -> dict(map, path, depth);
      case Record fields -> dict(Records.components(fields, path), path, depth);
      case Path file -> throw noPythonForm(file, path); // an Iterable of itself
      case Iterable<?> each -> list(each, path, depth);
      case Value foreign ->
          throw new ConversionException(
              path, "a polyglot Value belongs to its context and cannot be passed on: " + foreign);
      default -> {
        NumberArray numbers = NumberArray.of(value);
        if (numbers != null) {
          yield makeArray.execute(numbers.typecode(), handed(numbers.toBytes(value)));
        }
        if (value.getClass().isArray()) {
          yield list(elements(value), path, depth);
        }
        Scalar scalar = Scalar.of(value);
        if (scalar == null) {
          throw noPythonForm(value, path);
        }
        Value maker = makers.get(scalar);
        Object form = scalar.toPython(value, path);
        yield maker == null ? form : maker.execute(form);
      }
    };
  }

  /**
   * Returns what Python makes bytes of, since a host's buffer is not bytes-like: a text when the
   * bytes are few. Many bytes are read from the standard input, unless Python code has closed or
   * replaced it.
   */
  private Object handed(byte[] bytes) {
    if (bytes.length >= BULK) {
      input.hand(bytes);
      Value read = none;
      boolean all;
      try {
        read = readBytes.execute(bytes.length);
      } finally {
        all = input.end();
      }
      if (all && !read.isNull()) {
        return read;
      }
    }
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static byte[] remaining(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(buffer.position(), bytes);
    return bytes;
  }

  private static ConversionException noPythonForm(Object value, String path) {
    return new ConversionException(
        path,
        "a value of "
            + value.getClass().getName()
            + " has no Python form. Pass a record, Map, Iterable, array, String, number,"
            + " Boolean, enum, Optional, ByteBuffer, BigDecimal, UUID, URI or a java.time value.");
  }

  private Value list(Iterable<?> each, String path, int depth) {
    List<Object> converted = new ArrayList<>();
    int index = 0;
    for (Iterator<?> items = Callers.iterator(each, path); Callers.hasNext(items, path); ) {
      Object item = Callers.next(items, path);
      converted.add(
          depth < Marshaller.MAX_DEPTH && (item instanceof Double || item instanceof Long)
              ? item // as write does, without the path
              : write(item, path + "[" + index + "]", depth + 1));
      checkpoint.passed(++index);
    }
    return makeList.execute(converted.toArray());
  }

  private Value dict(Map<?, ?> map, String path, int depth) {
    Handed pairs = new Handed(Callers.size(map, path) * 2);
    boolean texts = putAll(map, pairs, path, depth);
    Object[] keysAndValues = pairs.toArray();
    Value dict = makeDict.execute(keysAndValues);
    if (!texts && dict.getHashSize() != keysAndValues.length / 2) {
      throw new ConversionException(
          path, "two of the keys " + map.keySet() + " are the same key in Python");
    }
    return dict;
  }

  /** Returns a Python dict of these keys and values, one after the other. */
  Value dict(List<Object> keysAndValues) {
    return makeDict.execute(keysAndValues.toArray());
  }

  /**
   * Adds the keys and values of a map, one after the other.
   *
   * @return whether all keys are texts, which are equal in Python only if they are in Java
   */
  private boolean putAll(Map<?, ?> map, Handed handed, String path, int depth) {
    boolean texts = true;
    for (Iterator<? extends Map.Entry<?, ?>> entries = Callers.entries(map, path);
        Callers.hasNext(entries, path); ) {
      Map.Entry<?, ?> entry = Callers.next(entries, path);
      Object key = entry.getKey();
      texts &= key instanceof String;
      if (!(key instanceof String
          || key instanceof Enum<?>
          || key instanceof Integer
          || key instanceof Long
          || key instanceof Boolean)) {
        throw new ConversionException(
            path,
            "a key is "
                + (key == null ? "null" : "of " + key.getClass().getName())
                + "; keys are String, enum, Integer, Long or Boolean");
      }
      String place = path + "." + key;
      handed.add(write(key, place, depth + 1));
      handed.add(write(entry.getValue(), place, depth + 1));
      checkpoint.passed(handed.size);
    }
    return texts;
  }

  private static List<@Nullable Object> elements(Object array) {
    List<@Nullable Object> elements = new ArrayList<>();
    for (int i = 0; i < Array.getLength(array); i++) {
      elements.add(Array.get(array, i));
    }
    return elements;
  }

  /** The arguments of a Python function, of a number that may change as a caller's map does. */
  private static final class Handed {
    private Object[] items;
    private int size;

    Handed(int expected) {
      items = new Object[expected];
    }

    void add(Object item) {
      if (size == items.length) {
        items = Arrays.copyOf(items, 2 * size + 2);
      }
      items[size++] = item;
    }

    Object[] toArray() {
      return size == items.length ? items : Arrays.copyOf(items, size);
    }
  }
}
