package dev.terrarium.transformers;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.spi.TypedReader;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The options of a call of a host function, by their names in Python. None and what is missing are
 * the same. A value of another type than the one that is asked for is a {@link
 * dev.terrarium.error.ConversionException} with the option's name. Immutable.
 */
final class FunctionOptions {

  private final Map<?, ?> values;

  private FunctionOptions(Map<?, ?> values) {
    this.values = values;
  }

  /**
   * Reads a dict of options.
   *
   * @throws ArgumentException when one of them is not known
   */
  static FunctionOptions of(@Nullable Object dict, Set<String> known) {
    Map<?, ?> values = TypedReader.read(dict, Map.class, "options");
    for (Object name : values.keySet()) {
      if (!known.contains(name)) {
        throw new ArgumentException(
            "The option " + name + " is not supported here; supported: " + new TreeSet<>(known));
      }
    }
    return new FunctionOptions(values);
  }

  private boolean has(String name) {
    return values.get(name) != null;
  }

  String text(String name) {
    return TypedReader.read(values.get(name), String.class, name);
  }

  @Nullable String optionalText(String name) {
    return has(name) ? text(name) : null;
  }

  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    for (Object each : TypedReader.read(values.get(name), List.class, name)) {
      texts.add(TypedReader.read(each, String.class, name + "[" + texts.size() + "]"));
    }
    return texts;
  }

  @Nullable List<String> optionalTexts(String name) {
    return has(name) ? texts(name) : null;
  }

  /**
   * Returns the second text of each of so many texts, null for a text without one.
   *
   * @throws ArgumentException when there is another number of them
   */
  List<@Nullable String> secondTexts(String name, int count) {
    List<@Nullable String> texts = new ArrayList<>();
    if (!has(name)) {
      for (int i = 0; i < count; i++) {
        texts.add(null);
      }
      return texts;
    }
    for (Object each : TypedReader.read(values.get(name), List.class, name)) {
      String path = name + "[" + texts.size() + "]";
      texts.add(each == null ? null : TypedReader.read(each, String.class, path));
    }
    if (texts.size() != count) {
      throw new ArgumentException(
          name + ": " + texts.size() + " second texts for " + count + " texts");
    }
    return texts;
  }

  long[] numbers(String name) {
    return TypedReader.read(values.get(name), long[].class, name);
  }

  OptionalInt number(String name) {
    return TypedReader.read(values.get(name), OptionalInt.class, name);
  }

  /** Returns a bool, or what it is by default. */
  boolean is(String name, boolean byDefault) {
    return has(name) ? TypedReader.read(values.get(name), boolean.class, name) : byDefault;
  }

  /**
   * Returns the option {@code truncation}, a bool or the name of a strategy, as upstream has it.
   */
  Truncation truncation() {
    return switch (values.get("truncation")) {
      case null -> Truncation.NONE;
      case Boolean is -> is ? Truncation.LONGEST_FIRST : Truncation.NONE;
      case String name when name.equals("do_not_truncate") -> Truncation.NONE;
      case String name when Set.of("longest_first", "only_first", "only_second").contains(name) ->
          Truncation.valueOf(name.toUpperCase(Locale.ROOT));
      case Object other ->
          throw new ArgumentException(
              "truncation: "
                  + other
                  + " is none of True, False, longest_first, only_first, only_second and"
                  + " do_not_truncate.");
    };
  }
}
