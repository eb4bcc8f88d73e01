package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The way into a nested value that is being read or written, as a path when something is wrong
 * there. Not thread-safe.
 */
final class ValuePath {

  private final String root;
  private final List<Object> steps = new ArrayList<>();

  /**
   * @param root what the whole value is called
   */
  ValuePath(String root) {
    this.root = root;
  }

  /** Enters a list or a map; {@link #at} says where in it. */
  void enter() {
    steps.add("");
  }

  /**
   * Moves to an element.
   *
   * @param step its index or key
   * @throws ConversionException when that is deeper than {@link Marshaller#MAX_DEPTH}
   */
  void at(Object step) {
    steps.set(steps.size() - 1, step);
    if (steps.size() > Marshaller.MAX_DEPTH) {
      checkDepth(steps.size(), toString());
    }
  }

  void leave() {
    steps.removeLast();
  }

  /**
   * Checks how deep a value is nested.
   *
   * @throws ConversionException when that is deeper than {@link Marshaller#MAX_DEPTH}
   */
  static void checkDepth(int depth, String path) {
    if (depth > Marshaller.MAX_DEPTH) {
      throw new ConversionException(
          path.substring(0, Math.min(80, path.length())) + "...",
          "the value is nested deeper than "
              + Marshaller.MAX_DEPTH
              + " levels, or contains itself");
    }
  }

  /** Returns the text, or refuses a text that is not Unicode. */
  String checked(String text) {
    if (Surrogates.hasLone(text)) {
      throw refuse(Surrogates.LONE);
    }
    return text;
  }

  /** Returns the key, or refuses a key that no dict that crosses can have. */
  Object checkedKey(@Nullable Object key) {
    if (key instanceof String || key instanceof Long || key instanceof Boolean) {
      return key;
    }
    throw refuse(
        "a key is " + kind(key) + "; keys that can cross are texts, 64-bit integers and booleans");
  }

  private static String kind(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case BigInteger number -> "an integer beyond 64 bits";
      case Double number -> number.toString();
      case byte[] bytes -> "of bytes";
      case List<?> list -> "a list";
      case Map<?, ?> map -> "a map";
      default -> "of " + value.getClass().getSimpleName();
    };
  }

  /** Returns the message of an exception, or its class if it has no message. */
  static String reason(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Returns the text of a scalar that has a tag, if the text is not too long to be read. */
  String tagText(Object value) {
    String text = value.toString();
    if (text.length() > Scalar.MAX_LENGTH) {
      throw refuse(
          "a number of "
              + text.length()
              + " characters is longer than the "
              + Scalar.MAX_LENGTH
              + " that a message carries");
    }
    return text;
  }

  ConversionException noPlainData(Object value) {
    return refuse("a value of " + value.getClass().getName() + " is no plain data");
  }

  ConversionException refuse(String problem) {
    return refuse(problem, null);
  }

  ConversionException refuse(String problem, @Nullable Throwable cause) {
    return new ConversionException(toString(), problem, cause);
  }

  @Override
  public String toString() {
    StringBuilder path = new StringBuilder(root);
    for (Object step : steps) {
      if (step instanceof Integer index) {
        path.append('[').append(index).append(']');
      } else {
        path.append('.').append(step);
      }
    }
    return path.toString();
  }
}
