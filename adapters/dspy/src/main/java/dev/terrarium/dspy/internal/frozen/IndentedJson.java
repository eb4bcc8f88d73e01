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
      case String text -> PythonText.quote(out, PythonText.checked(text));
      case Boolean flag -> out.append((boolean) flag);
      case Long number -> out.append((long) number);
      case Double number -> number(number);
      case List<?> items -> {
        out.append(items.isEmpty() ? "[" : "[" + line + "  ");
        String separator = "";
        for (Object item : items) {
          out.append(separator);
          value(item, line + "  ");
          separator = "," + line + "  ";
        }
        out.append(items.isEmpty() ? "]" : line + "]");
      }
      case Map<?, ?> map -> {
        out.append(map.isEmpty() ? "{" : "{" + line + "  ");
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(separator);
          PythonText.quote(out, PythonText.checked((String) entry.getKey()));
          out.append(": ");
          value(entry.getValue(), line + "  ");
          separator = "," + line + "  ";
        }
        out.append(map.isEmpty() ? "}" : line + "}");
      }
      default -> throw new NotExactException();
    }
  }

  private void number(double number) throws NotExactException {
    String text = PythonText.repr(number);
    if (text.indexOf('e') >= 0) {
      throw new NotExactException(); // orjson writes exponents in another form
    }
    out.append(text);
  }
}
