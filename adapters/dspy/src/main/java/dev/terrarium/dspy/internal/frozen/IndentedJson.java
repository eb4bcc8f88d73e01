package dev.terrarium.dspy.internal.frozen;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A writer of plain data as {@code orjson.dumps(value, option=OPT_INDENT_2)} writes it. */
final class IndentedJson {

  private final StringBuilder out = new StringBuilder();

  private IndentedJson() {}

  static String write(@Nullable Object value) throws NotExactException {
    IndentedJson json = new IndentedJson();
    json.value(value, "\n");
    return json.out.toString();
  }

  /** Writes a value whose inner lines begin with the end of a line and this indentation. */
  private void value(@Nullable Object value, String line) throws NotExactException {
    switch (value) {
      case null -> out.append("null");
      case String text -> text(text);
      case Boolean flag -> out.append((boolean) flag);
      case Long number -> out.append((long) number);
      case Double number -> number(number);
      case List<?> items -> {
        refuseEmpty(items.isEmpty());
        out.append('[').append(line).append("  ");
        String separator = "";
        for (Object item : items) {
          out.append(separator);
          value(item, line + "  ");
          separator = "," + line + "  ";
        }
        out.append(line).append(']');
      }
      case Map<?, ?> map -> {
        refuseEmpty(map.isEmpty());
        out.append('{').append(line).append("  ");
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(separator);
          text((String) entry.getKey());
          out.append(": ");
          value(entry.getValue(), line + "  ");
          separator = "," + line + "  ";
        }
        out.append(line).append('}');
      }
      default -> throw new NotExactException();
    }
  }

  /** Leaves empty lists and maps to the writer of the host, which may write a blank in them. */
  private static void refuseEmpty(boolean isEmpty) throws NotExactException {
    if (isEmpty) {
      throw new NotExactException();
    }
  }

  /**
   * Writes a text without control characters, whose escapes differ in the case of their letters.
   */
  private void text(String text) throws NotExactException {
    if (text.chars().anyMatch(c -> c < ' ' && "\n\r\t\b\f".indexOf(c) < 0)) {
      throw new NotExactException();
    }
    PythonText.quote(out, PythonText.checked(text));
  }

  private void number(double number) throws NotExactException {
    String text = PythonText.repr(number);
    if (text.indexOf('e') >= 0) {
      throw new NotExactException(); // orjson writes exponents in another form
    }
    out.append(text);
  }
}
