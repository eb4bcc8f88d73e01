package dev.terrarium.dspy.internal.frozen;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values of Java as they come back from Python. Stateless. */
final class PlainValue {

  private PlainValue() {}

  /** Returns the fields of a record or the entries of a map. */
  static Map<String, @Nullable Object> fields(@Nullable Object value) throws NotExactException {
    Map<String, @Nullable Object> fields = FieldWriter.named(value);
    for (Map.Entry<String, @Nullable Object> field : fields.entrySet()) {
      field.setValue(of(field.getValue()));
    }
    return fields;
  }

  static @Nullable Object of(@Nullable Object value) throws NotExactException {
    return switch (FieldWriter.plain(value)) {
      case null -> null;
      case String text -> PythonText.checked(text);
      case Boolean flag -> flag;
      case Long number -> number;
      case Double number -> number;
      case BigDecimal number -> number;
      case LocalDate date -> date;
      case LocalDateTime time -> time;
      case Collection<?> items -> {
        List<@Nullable Object> list = new ArrayList<>();
        for (Object item : items) {
          list.add(of(item));
        }
        yield list;
      }
      case Map<?, ?> map -> fields(map);
      case Record fields -> fields(fields);
      default -> throw new NotExactException();
    };
  }
}
