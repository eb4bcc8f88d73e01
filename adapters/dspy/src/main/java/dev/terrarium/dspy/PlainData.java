package dev.terrarium.dspy;

import dev.terrarium.dspy.internal.frozen.FieldWriter;
import dev.terrarium.dspy.internal.frozen.NotExactException;
import dev.terrarium.error.ConversionException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The fields of records and maps as plain data: maps by name, lists, texts, numbers. Stateless. */
final class PlainData {

  private PlainData() {}

  /**
   * Returns the fields of a record or a map by name, in order.
   *
   * @throws ConversionException when the value is neither, or a component cannot be read
   */
  static Map<String, @Nullable Object> fields(@Nullable Object value) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    try {
      FieldWriter.named(value).forEach((name, each) -> fields.put(name, of(each)));
    } catch (NotExactException e) {
      throw new ConversionException(
          "example",
          "expected a record whose package is open, or a map of texts, found " + value,
          e);
    }
    return fields;
  }

  private static @Nullable Object of(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Optional<?> optional -> of(optional.orElse(null));
      case Enum<?> constant -> constant.name();
      case Byte number -> number.longValue();
      case Short number -> number.longValue();
      case Integer number -> number.longValue();
      case Float number -> number.doubleValue();
      case Collection<?> items -> list(items);
      case Map<?, ?> map -> fields(map);
      case Record fields -> fields(fields);
      default -> value;
    };
  }

  private static List<@Nullable Object> list(Collection<?> items) {
    List<@Nullable Object> list = new ArrayList<>();
    items.forEach(item -> list.add(of(item)));
    return list;
  }
}
