package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.graalvm.polyglot.Value;
import org.jspecify.annotations.Nullable;

/**
 * Copies Python values out of one context, by the table at {@link Marshaller}. Used on the
 * context's carrier thread only.
 */
final class PythonReader {

  private static final char REPLACEMENT = '\uFFFD';

  private final Value kind;
  private final Value container;
  private final Value members;
  private final Value plain;
  private final Value hasLoneSurrogate;
  private final Value typeName;
  private final Checkpoint checkpoint;

  /**
   * @param embed the module {@code terrarium.bridge.embed} of the context
   */
  PythonReader(Value embed, Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    kind = embed.getMember("kind");
    container = embed.getMember("container");
    members = embed.getMember("members");
    plain = embed.getMember("plain");
    hasLoneSurrogate = embed.getMember("has_lone_surrogate");
    typeName = embed.getMember("type_name");
  }

  /** Copies a value, as {@link Marshaller#toJava} says. */
  @Nullable Object read(Value value, String path) {
    return read(value, path, 0);
  }

  /**
   * Copies a value of which Python has told what it is.
   *
   * @param opened what {@code embed.container} says of the value
   */
  @Nullable Object read(Value value, Value opened, String path) {
    return opened.isString() && opened.asString().isEmpty()
        ? read(value, path)
        : container(value, opened, path, 0);
  }

  private @Nullable Object read(Value value, String path, int depth) {
    ValuePath.checkDepth(depth, path);
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
   * Copies a value that no polyglot type tells.
   *
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
      case "bytes" -> bytes(value.hasBufferElements() ? value : plain.execute(value)); // as floats
      case "strided" -> bytes(value.invokeMember("tobytes")); // read as if it had no gaps
      case "" -> other(value, path);
      default -> array(value, kind, path);
    };
  }

  /**
   * Returns a copy of the bytes of a Python buffer without gaps, in bulk where it is {@code bytes}.
   */
  static byte[] bytes(Value buffer) {
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
          depth < Marshaller.MAX_DEPTH && item.isNumber()
              ? number(item, path) // as read does, without the path
              : read(item, path + "[" + i + "]", depth + 1));
      checkpoint.passed(i + 1);
    }
    return plain;
  }

  /**
   * Copies a dict.
   *
   * @param keysAndValues all keys, then all values
   */
  private Map<Object, @Nullable Object> map(Value keysAndValues, String path, int depth) {
    int size = Math.toIntExact(keysAndValues.getArraySize()) / 2;
    Map<Object, @Nullable Object> plain = LinkedHashMap.newLinkedHashMap(size);
    for (int i = 0; i < size; i++) {
      Value keyValue = keysAndValues.getArrayElement(i);
      Object key = read(keyValue, path + ".<key>", depth + 1);
      if (!(key instanceof String || key instanceof Long || key instanceof Boolean)) {
        throw new ConversionException(
            path,
            "a dict key is of type "
                + typeName.execute(keyValue).asString()
                + (key instanceof BigInteger ? ", beyond 64 bits" : "")
                + "; keys that can cross are str, int and bool");
      }
      Value item = keysAndValues.getArrayElement((long) size + i);
      plain.put(key, read(item, path + "." + key, depth + 1));
      checkpoint.passed(i + 1);
    }
    return plain;
  }

  /**
   * Returns the text of a str. A lone surrogate in it is one in Java too, or was replaced on the
   * way; only Python knows which.
   */
  private String text(Value value, String text, String path) {
    if ((Surrogates.hasLone(text) || text.indexOf(REPLACEMENT) >= 0)
        && hasLoneSurrogate.execute(value).asBoolean()) {
      throw new ConversionException(path, Surrogates.LONE);
    }
    return text;
  }

  /**
   * Returns a number as Long, BigInteger or Double. Python's own ints and floats are primitives,
   * whose kind is seen without asking Python.
   */
  private Object number(Value value, String path) {
    if (!value.hasMembers()) {
      return switch (value.as(Number.class)) {
        case Double number -> number;
        case Float number -> number.doubleValue();
        case Number number -> number.longValue();
      };
    }
    if (!value.fitsInBigInteger()) {
      return real(value);
    }
    return switch (kind.execute(value).asString()) {
      case "int" -> value.fitsInLong() ? (Object) value.asLong() : value.asBigInteger();
      case "float" -> real(value);
      default -> other(value, path);
    };
  }

  /** Returns a float, which the polyglot API does not read if its class is one of C. */
  private double real(Value value) {
    return (value.fitsInDouble() ? value : plain.execute(value)).asDouble();
  }

  private Object other(Value value, String path) {
    String[] described = kind.execute(value).asString().split(":", 2);
    return switch (described[0]) {
      case "int" -> value.asBigInteger();
      case "float" -> real(value);
      case "str" -> {
        Value text = plain.execute(value); // of a class of C, as those of floats
        yield text(text, text.asString(), path);
      }
      case "enum" -> described[1];
      default -> {
        Scalar scalar = Scalar.ofKind(described[0]);
        if (scalar == null) {
          throw noPlainData(value, path);
        }
        yield scalar.fromPython(described[1], path);
      }
    };
  }

  private String advice(Value value) {
    if (typeName.execute(value).asString().equals("generator")) {
      return "Call the command by `stream`, or return a list.";
    }
    if (!value.isMetaObject() && value.hasMember("__dataclass_fields__")) {
      return "Return `dataclasses.asdict(x)`.";
    }
    return "Return None, bool, int, float, str, bytes, array.array, list, dict, set, Decimal, UUID,"
        + " an enum's member, or a date or time.";
  }

  private ConversionException noPlainData(Value value, String path) {
    return new ConversionException(
        path,
        "a Python value of type "
            + typeName.execute(value).asString()
            + " is not plain data. "
            + advice(value));
  }
}
