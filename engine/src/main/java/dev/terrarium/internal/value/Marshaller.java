package dev.terrarium.internal.value;

import dev.terrarium.Callback;
import dev.terrarium.error.CallbackEndedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/**
 * Plain data between Java and one Python context. Values are copied: Python gets real {@code dict},
 * {@code list}, {@code str}..., Java gets {@link Map}, {@link List}, {@link String}..., and nothing
 * that belongs to the context leaves it. Used on the context's carrier thread only.
 *
 * <table>
 * <caption>What becomes what</caption>
 * <tr><th>Java</th><th>Python</th><th>back in Java</th></tr>
 * <tr><td>null, empty Optional, OptionalInt, OptionalLong, OptionalDouble</td><td>None</td>
 *     <td>null</td></tr>
 * <tr><td>Boolean</td><td>bool</td><td>Boolean</td></tr>
 * <tr><td>Byte, Short, Integer, Long, BigInteger</td><td>int</td><td>Long, else BigInteger</td></tr>
 * <tr><td>Float, Double</td><td>float</td><td>Double</td></tr>
 * <tr><td>String, Character, enum (its name), URI</td><td>str</td><td>String</td></tr>
 * <tr><td>UUID</td><td>uuid.UUID</td><td>UUID</td></tr>
 * <tr><td>byte[], ByteBuffer (what remains in it)</td><td>bytes</td><td>byte[]</td></tr>
 * <tr><td>short[], int[], long[], float[], double[]</td><td>array.array of typecode h, i, q, f, d
 *     </td><td>the same</td></tr>
 * <tr><td>Iterable (a Set, too), other array</td><td>list</td><td>List</td></tr>
 * <tr><td>Map, record</td><td>dict</td><td>Map in the same order</td></tr>
 * <tr><td>BigDecimal</td><td>Decimal</td><td>BigDecimal</td></tr>
 * <tr><td>LocalDate, LocalTime, OffsetTime, LocalDateTime</td><td>date, time, datetime</td><td>the same</td></tr>
 * <tr><td>OffsetDateTime, Instant</td><td>aware datetime</td><td>OffsetDateTime</td></tr>
 * <tr><td>ZonedDateTime of a region</td><td>datetime with a ZoneInfo</td><td>ZonedDateTime</td></tr>
 * <tr><td>Duration</td><td>timedelta</td><td>Duration</td></tr>
 * <tr><td>HostFunction, see {@link Callback}</td><td>callable</td><td>(refused)</td></tr>
 * </table>
 *
 * <p>Arrays of numbers and bytes cross in bulk and are copies on either side. From Python also come
 * bytearray, memoryview and {@code array.array} of typecode b or B as byte[], tuples, sets and
 * frozensets as List, members of enums as their names, and subclasses, such as those of IntEnum, as
 * what they derive from. A handler that annotates a parameter as a set, an enum or a dataclass gets
 * one, and a set, an enum or a record is what a result can be read as ({@link TypedReader}).
 */
public final class Marshaller {

  /** Deeper values are refused: they are cycles, or would end a Python stack sooner or later. */
  public static final int MAX_DEPTH = 500;

  private static final char REPLACEMENT = '\uFFFD';

  /** What all surrogates, and no other characters, have in common with the least of them. */
  private static final int SURROGATE_MASK = 0xF800;

  /** After each so many elements of what is converted the call may be stopped. */
  private static final int CHECKPOINT = 4096;

  /** Characters that are looked at in one go: 2 KiB. */
  private static final int PART = 1024;

  /** From how many bytes on reading them costs less than making them of a text. */
  private static final int BULK = 16 << 10;

  private final Value call;
  private final Value none;
  private final Value makeList;
  private final Value makeDict;
  private final Value makeInt;
  private final Value makeBytes;
  private final Value readBytes;
  private final Value makeArray;
  private final Value makeDecimal;
  private final Value makeTemporal;
  private final Value makeUuid;
  private final Value kind;
  private final Value container;
  private final Value members;
  private final Value hasLoneSurrogate;
  private final Value typeName;
  private final Value makeCallback;
  private final BulkInput input;
  private final UnaryOperator<HostFunction> guard;
  private final Runnable checkpoint;
  private final Thread carrier = Thread.currentThread();
  private @Nullable Callbacks callbacks;

  /**
   * @param embed the module {@code terrarium.bridge.embed} of the context
   * @param input the standard input of the context
   * @param guard what every Java function is wrapped in before Python gets it
   * @param checkpoint throws when the call is being stopped; run every some thousand elements
   */
  public Marshaller(
      Value embed, BulkInput input, UnaryOperator<HostFunction> guard, Runnable checkpoint) {
    this.input = input;
    this.guard = guard;
    this.checkpoint = checkpoint;
    call = embed.getMember("call");
    none = embed.getMember("none").execute();
    makeList = embed.getMember("make_list");
    makeDict = embed.getMember("make_dict");
    makeInt = embed.getMember("make_int");
    makeBytes = embed.getMember("make_bytes");
    readBytes = embed.getMember("read_bytes");
    makeArray = embed.getMember("make_array");
    makeDecimal = embed.getMember("make_decimal");
    makeTemporal = embed.getMember("make_temporal");
    makeUuid = embed.getMember("make_uuid");
    kind = embed.getMember("kind");
    container = embed.getMember("container");
    members = embed.getMember("members");
    hasLoneSurrogate = embed.getMember("has_lone_surrogate");
    typeName = embed.getMember("type_name");
    makeCallback = embed.getMember("make_callback");
  }

  /**
   * Copies a Java value into the context.
   *
   * @param path what the value is called in an error, such as {@code args}
   * @return a Python object, or a Java primitive or string that Python sees as its own
   * @throws ConversionException for a value that has no Python form, with the path to it
   */
  public Object toPython(@Nullable Object value, String path) {
    return toPython(value, path, 0);
  }

  private Object toPython(@Nullable Object value, String path, int depth) {
    checkDepth(depth, path);
    return switch (value) {
      case null -> none;
      case Optional<?> optional -> toPython(optional.orElse(null), path, depth + 1);
      case OptionalInt optional -> optional.isPresent() ? optional.getAsInt() : none;
      case OptionalLong optional -> optional.isPresent() ? optional.getAsLong() : none;
      case OptionalDouble optional -> optional.isPresent() ? optional.getAsDouble() : none;
      case String text -> checkedText(text, path);
      case Boolean flag -> flag;
      case Integer number -> number;
      case Long number -> number;
      case Short number -> number.intValue();
      case Byte number -> number.intValue();
      case Double number -> number;
      case Float number -> number.doubleValue();
      case BigInteger number ->
          number.bitLength() < Long.SIZE
              ? (Object) number.longValue()
              : makeInt.execute(number.toString(16));
      case Character character -> checkedText(character.toString(), path);
      case HostFunction function -> callback(function, path); // whatever else it is
      case Enum<?> constant -> constant.name();
      case byte[] bytes -> makeBytes.execute(handed(bytes));
      case ByteBuffer buffer -> makeBytes.execute(handed(remaining(buffer)));
      case BigDecimal number -> makeDecimal.execute(number.toString());
      case LocalDate date -> temporal("date", PythonTime.text(date, path));
      case LocalTime time -> temporal("time", PythonTime.text(time, path));
      case OffsetTime time -> temporal("time", PythonTime.text(time, path));
      case LocalDateTime time -> temporal("datetime", PythonTime.text(time, path));
      case OffsetDateTime time -> temporal("datetime", PythonTime.text(time, path));
      case ZonedDateTime time ->
          time.getZone() instanceof ZoneOffset
              ? temporal("datetime", PythonTime.text(time.toOffsetDateTime(), path))
              : temporal("zoned", PythonTime.text(time, path));
      case Instant instant -> temporal("datetime", PythonTime.text(instant, path));
      case Duration duration -> temporal("timedelta", PythonTime.text(duration, path));
      case UUID uuid -> makeUuid.execute(uuid.toString());
      case URI uri -> checkedText(uri.toString(), path);
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
        throw noPythonForm(value, path);
      }
    };
  }

  /**
   * What Python makes bytes of, since a host's buffer is not bytes-like: a text of few, and of many
   * what it has read from the standard input, unless Python code has done something to that.
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

  private Value temporal(String type, String text) {
    return makeTemporal.execute(type, text);
  }

  private Value list(Iterable<?> each, String path, int depth) {
    List<Object> converted = new ArrayList<>();
    int index = 0;
    for (Iterator<?> items = Callers.iterator(each, path); Callers.hasNext(items, path); ) {
      Object item = Callers.next(items, path);
      converted.add(
          depth < MAX_DEPTH && (item instanceof Double || item instanceof Long)
              ? item // as toPython, without the path
              : toPython(item, path + "[" + index + "]", depth + 1));
      checkpoint(++index);
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

  /** What is handed to Python, of about as many items: a caller's map may grow meanwhile. */
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

  /**
   * Puts keys and values, one after the other, where Python takes them from.
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
      handed.add(toPython(key, place, depth + 1));
      handed.add(toPython(entry.getValue(), place, depth + 1));
      checkpoint(handed.size);
    }
    return texts;
  }

  /**
   * Has Python call a handler, with all that this takes in one crossing.
   *
   * @param arguments by name
   * @return what the handler returns, as {@link #toJava} gives it
   * @throws ConversionException for an argument that has no Python form, and a result that is not
   *     plain data, with the path to it
   */
  public @Nullable Object call(Value handler, Map<String, ?> arguments) {
    Handed handed = new Handed(1 + arguments.size() * 2);
    handed.add(handler);
    boolean unused = putAll(arguments, handed, "args", 0);
    Value result = call.execute(handed.toArray());
    if (!result.hasArrayElements()) { // plain by itself
      return toJava(result, "result");
    }
    Value opened = result.getArrayElement(0);
    Value value = result.getArrayElement(1);
    return opened.isString() && opened.asString().isEmpty()
        ? toJava(value, "result")
        : container(value, opened, "result", 0);
  }

  private void checkpoint(int converted) {
    if (converted % CHECKPOINT == 0) {
      checkpoint.run();
    }
  }

  private static List<@Nullable Object> elements(Object array) {
    List<@Nullable Object> elements = new ArrayList<>();
    for (int i = 0; i < Array.getLength(array); i++) {
      elements.add(Array.get(array, i));
    }
    return elements;
  }

  /**
   * The functions as a Python dict of callables of positional arguments. What one throws is a
   * foreign exception to Python.
   */
  public Value services(Map<String, HostFunction> functions) {
    List<Object> converted = new ArrayList<>();
    functions.forEach(
        (name, function) -> {
          converted.add(name);
          converted.add(service(executable(function, name)));
        });
    return makeDict.execute(converted.toArray());
  }

  /** The functions that a service returns see to their end themselves. */
  private ProxyExecutable service(ProxyExecutable executable) {
    Callbacks endless = new Callbacks();
    return arguments -> {
      if (Thread.currentThread() != carrier) { // a thread of Python's, which began no call
        return executable.execute(arguments);
      }
      Callbacks ofCall = callbacks;
      callbacks = endless;
      try {
        return executable.execute(arguments);
      } finally {
        callbacks = ofCall;
      }
    };
  }

  /**
   * @param result what the function's result is called in an error
   */
  private ProxyExecutable executable(HostFunction function, String result) {
    HostFunction guarded = guard.apply(function);
    return arguments -> {
      List<@Nullable Object> plain = new ArrayList<>();
      for (int i = 0; i < arguments.length; i++) {
        plain.add(toJava(arguments[i], "argument " + i));
      }
      return toPython(guarded.call(plain), result);
    };
  }

  /**
   * As one of {@link #services}; what it throws is a HostCallError to Python, which names the path.
   */
  private Value callback(HostFunction function, String path) {
    ProxyExecutable executable = executable(function, "result");
    Callbacks own = ofThisCall();
    ProxyExecutable plain =
        arguments -> {
          own.check(path);
          try {
            return executable.execute(arguments);
          } catch (ConversionException e) {
            throw new ConversionException(path + "(): " + e.path(), e.problem(), e);
          }
        };
    return makeCallback.execute(plain, path);
  }

  /**
   * Begins a call. The functions that it passes to Python end with it.
   *
   * @return those of the call that it is within, for {@link #endCall}
   */
  public @Nullable Callbacks beginCall() {
    Callbacks outer = callbacks;
    callbacks = null; // made when there is a function
    return outer;
  }

  /** Ends the call that {@link #beginCall} began. */
  public void endCall(@Nullable Callbacks outer) {
    Callbacks own = callbacks;
    if (own != null) {
      own.ended = true;
    }
    callbacks = outer;
  }

  private Callbacks ofThisCall() {
    Callbacks own = callbacks;
    if (own == null) {
      own = new Callbacks();
      callbacks = own;
    }
    return own;
  }

  /**
   * A Python callable that hands its one argument, marshalled, to the sink, as long as the call
   * lasts.
   */
  public ProxyExecutable sink(Consumer<@Nullable Object> sink) {
    long[] index = {0};
    Callbacks own = ofThisCall();
    return arguments -> {
      own.check("stream");
      sink.accept(toJava(arguments[0], "item " + index[0]++));
      return none;
    };
  }

  /**
   * Copies a Python value out of the context.
   *
   * @param path what the value is called in an error, such as {@code result}
   * @throws ConversionException for a value that is not plain data, with the path to it
   */
  public @Nullable Object toJava(Value value, String path) {
    return toJava(value, path, 0);
  }

  private @Nullable Object toJava(Value value, String path, int depth) {
    checkDepth(depth, path);
    return switch (value.as(
        Object.class)) { // one crossing, where asking for each kind takes several
      case null -> null;
      case Boolean flag -> flag;
      case String text -> text(value, text, path);
      case Number any -> number(value, path);
      default -> container(value, container.execute(value), path, depth);
    };
  }

  /**
   * @param opened what {@code embed.container} says of the value
   */
  private @Nullable Object container(Value value, Value opened, String path, int depth) {
    if (!opened.isString()) {
      return map(opened, path, depth);
    }
    String kind = opened.asString();
    return switch (kind) {
      case "list" -> list(value, path, depth);
      case "set" -> list(members.execute(value), path, depth);
      case "bytes" -> bytes(value);
      case "strided" -> bytes(value.invokeMember("tobytes")); // read as if it had no gaps
      case "" -> other(value, path);
      default -> array(value, kind, path);
    };
  }

  /** A copy of what a Python buffer without gaps holds, in bulk where it is {@code bytes}. */
  public static byte[] bytes(Value buffer) {
    byte[] bytes = new byte[Math.toIntExact(buffer.getBufferSize())];
    buffer.readBuffer(0, bytes, 0, bytes.length);
    return bytes;
  }

  private static Object array(Value value, String typecode, String path) {
    NumberArray numbers = NumberArray.ofTypecode(typecode);
    if (numbers == null) {
      throw new ConversionException(
          path,
          "an array.array of typecode '" + typecode + "' has no Java form; return its tolist()");
    }
    return numbers.fromBytes(bytes(value));
  }

  private List<@Nullable Object> list(Value value, String path, int depth) {
    int size = Math.toIntExact(value.getArraySize());
    List<@Nullable Object> plain = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      Value item = value.getArrayElement(i);
      plain.add(
          depth < MAX_DEPTH && item.isNumber()
              ? number(item, path) // as toJava, without the path
              : toJava(item, path + "[" + i + "]", depth + 1));
      checkpoint(i + 1);
    }
    return plain;
  }

  /**
   * @param keysAndValues all keys, then all values
   */
  private Map<Object, @Nullable Object> map(Value keysAndValues, String path, int depth) {
    int size = Math.toIntExact(keysAndValues.getArraySize()) / 2;
    Map<Object, @Nullable Object> plain = LinkedHashMap.newLinkedHashMap(size);
    for (int i = 0; i < size; i++) {
      Value keyValue = keysAndValues.getArrayElement(i);
      Object key = toJava(keyValue, path + ".<key>", depth + 1);
      if (!(key instanceof String || key instanceof Long || key instanceof Boolean)) {
        throw new ConversionException(
            path,
            "a dict key is of type "
                + typeName.execute(keyValue).asString()
                + (key instanceof BigInteger ? ", beyond 64 bits" : "")
                + "; keys that can cross are str, int and bool");
      }
      Value item = keysAndValues.getArrayElement((long) size + i);
      plain.put(key, toJava(item, path + "." + key, depth + 1));
      checkpoint(i + 1);
    }
    return plain;
  }

  /** A lone surrogate is one in Java too, or was replaced on the way; only Python knows which. */
  private String text(Value value, String text, String path) {
    if ((hasLoneSurrogate(text) || text.indexOf(REPLACEMENT) >= 0)
        && hasLoneSurrogate.execute(value).asBoolean()) {
      throw new ConversionException(path, LONE_SURROGATE);
    }
    return text;
  }

  /** Python's own ints and floats are primitives, whose kind is seen without asking Python. */
  private Object number(Value value, String path) {
    if (!value.hasMembers()) {
      return switch (value.as(Number.class)) {
        case Double number -> number;
        case Float number -> number.doubleValue();
        case Number number -> number.longValue();
      };
    }
    if (!value.fitsInBigInteger()) {
      return value.asDouble();
    }
    return switch (kind.execute(value).asString()) {
      case "int" -> value.fitsInLong() ? (Object) value.asLong() : value.asBigInteger();
      case "float" -> value.asDouble();
      default -> other(value, path);
    };
  }

  private Object other(Value value, String path) {
    String[] described = kind.execute(value).asString().split(":", 2);
    return switch (described[0]) {
      case "int" -> value.asBigInteger();
      case "float" -> value.asDouble();
      case "decimal" -> decimal(described[1], path);
      case "date" -> PythonTime.date(described[1], path);
      case "time" -> PythonTime.time(described[1], path);
      case "datetime" -> PythonTime.dateTime(described[1], path);
      case "zoned" -> PythonTime.zoned(described[1], path);
      case "timedelta" -> PythonTime.duration(described[1]);
      case "uuid" -> UUID.fromString(described[1]);
      case "enum" -> described[1];
      default ->
          throw new ConversionException(
              path,
              "a Python value of type "
                  + typeName.execute(value).asString()
                  + " is not plain data. Return None, bool, int, float, str, bytes, array.array,"
                  + " list, dict, set, Decimal, UUID, an enum's member, or a date or time.");
    };
  }

  private static BigDecimal decimal(String text, String path) {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new ConversionException(path, "Decimal('" + text + "') has no BigDecimal form", e);
    }
  }

  static final String LONE_SURROGATE =
      "the text holds a lone surrogate, which is no Unicode character; remove or replace it";

  private static String checkedText(String text, String path) {
    if (hasLoneSurrogate(text)) {
      throw new ConversionException(path, LONE_SURROGATE);
    }
    return text;
  }

  /** Looks for any at all first, in bulk: of most texts that is the end of it. */
  static boolean hasLoneSurrogate(String text) {
    char[] part = new char[Math.min(text.length(), PART)];
    for (int begin = 0; begin < text.length(); begin += PART) {
      int size = Math.min(text.length() - begin, PART);
      text.getChars(begin, begin + size, part, 0);
      int below = 0; // negative as soon as one is, which takes no branch
      for (int i = 0; i < size; i++) {
        below |= ((part[i] & SURROGATE_MASK) ^ Character.MIN_SURROGATE) - 1;
      }
      if (below < 0) {
        return hasLoneOfSurrogates(text);
      }
    }
    return false;
  }

  private static boolean hasLoneOfSurrogates(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 == text.length()
            || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  static void checkDepth(int depth, String path) {
    if (depth > MAX_DEPTH) {
      throw new ConversionException(
          path.substring(0, Math.min(80, path.length())) + "...",
          "the value is nested deeper than " + MAX_DEPTH + " levels, or contains itself");
    }
  }

  /** The functions that one call passed to Python, which end with it. */
  public static final class Callbacks {
    private volatile boolean ended;

    private Callbacks() {}

    private void check(String path) {
      if (ended) {
        throw new CallbackEndedException(path);
      }
    }
  }
}
