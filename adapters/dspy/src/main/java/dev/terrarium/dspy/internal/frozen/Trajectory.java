package dev.terrarium.dspy.internal.frozen;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The steps of a {@code dspy.ReAct}, and their text in a prompt. For one run. */
final class Trajectory {

  /** A step, and the text of its four fields. */
  private record Step(Map<String, @Nullable Object> plain, List<String> fields) {}

  private final Plan.Form form;
  private final List<Step> steps = new ArrayList<>();

  Trajectory(Plan.Form form) {
    this.form = form;
  }

  void add(
      int number,
      @Nullable Object thought,
      String tool,
      Map<String, @Nullable Object> arguments,
      @Nullable Object observation)
      throws NotExactException {
    Map<String, @Nullable Object> plain = new LinkedHashMap<>();
    plain.put("thought", thought);
    plain.put("tool", tool);
    plain.put("arguments", arguments);
    plain.put("observation", observation);
    List<String> fields =
        List.of(
            field("thought_" + number, thought),
            field("tool_name_" + number, tool),
            field("tool_args_" + number, arguments),
            field("observation_" + number, observation));
    steps.add(new Step(plain, fields));
  }

  /** Returns {@code ReAct._format_trajectory}. */
  String text() {
    List<String> fields = new ArrayList<>();
    steps.forEach(step -> fields.addAll(step.fields()));
    return PythonText.strip(String.join("\n\n", fields));
  }

  List<Map<String, @Nullable Object>> steps() {
    List<Map<String, @Nullable Object>> plain = new ArrayList<>();
    steps.forEach(step -> plain.add(step.plain()));
    return plain;
  }

  private String field(String name, @Nullable Object value) throws NotExactException {
    String text =
        value instanceof List<?> items
            ? numbered(items)
            : FieldWriter.write(new FieldType.Anything(), value);
    return form == Plan.Form.XML
        ? "<" + name + ">\n" + text + "\n</" + name + ">"
        : "[[ ## " + name + " ## ]]\n" + text;
  }

  /** Returns {@code _format_input_list_field_value}, which knows texts only. */
  private static String numbered(List<?> items) throws NotExactException {
    List<String> lines = new ArrayList<>();
    for (Object item : items) {
      if (!(item instanceof String text)) {
        throw new NotExactException();
      }
      String number = items.size() == 1 ? "" : "[" + (lines.size() + 1) + "] ";
      lines.add(number + blob(text));
    }
    return lines.isEmpty() ? "N/A" : String.join("\n", lines);
  }

  private static String blob(String text) {
    return text.indexOf('\n') < 0 && text.indexOf('«') < 0 && text.indexOf('»') < 0
        ? "«" + text + "»"
        : "«««\n    " + text.replace("\n", "\n    ") + "\n»»»";
  }
}
