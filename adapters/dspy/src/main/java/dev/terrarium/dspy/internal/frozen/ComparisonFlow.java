package dev.terrarium.dspy.internal.frozen;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The flow of {@code dspy.MultiChainComparison}: one request, with a line of each attempt.
 *
 * @param last the name of the output of an attempt that is compared
 */
record ComparisonFlow(Plan plan, String last, int attempts) implements Flow {

  static ComparisonFlow of(Map<?, ?> map) {
    return new ComparisonFlow(
        new Plan((Map<?, ?>) Plan.part(map, "plan")),
        (String) Plan.part(map, "last"),
        ((Number) Plan.part(map, "attempts")).intValue());
  }

  /** Takes {@code inputs}, and {@code attempts} of {@code reasoning} and {@code outputs}. */
  @Override
  public Result run(Object inputs, Exchanges exchanges) throws NotExactException {
    Map<String, @Nullable Object> given = FieldWriter.named(inputs);
    Map<String, @Nullable Object> values = FieldWriter.named(given.get("inputs"));
    if (!(given.get("attempts") instanceof List<?> list) || list.size() != attempts) {
      throw new NotExactException();
    }
    for (int i = 0; i < attempts; i++) {
      values.put("reasoning_attempt_" + (i + 1), line(FieldWriter.named(list.get(i))));
    }
    return Result.of(plan.ask(exchanges, values, Map.of()));
  }

  private String line(Map<String, @Nullable Object> attempt) throws NotExactException {
    Object reasoning = attempt.get("reasoning");
    if (!((reasoning instanceof Optional<?> some ? some.orElse(null) : reasoning)
        instanceof String text)) {
      throw new NotExactException();
    }
    Map<String, @Nullable Object> outputs = FieldWriter.named(attempt.get("outputs"));
    if (!outputs.containsKey(last)) {
      throw new NotExactException();
    }
    return "«I'm trying to "
        + firstLine(text)
        + " I'm not sure but my prediction is "
        + firstLine(string(outputs.get(last)))
        + "»";
  }

  /** Returns {@code text.strip().split("\n")[0].strip()}. */
  private static String firstLine(String text) throws NotExactException {
    String stripped = PythonText.strip(PythonText.checked(text));
    int end = stripped.indexOf('\n');
    return PythonText.strip(end < 0 ? stripped : stripped.substring(0, end));
  }

  /** Returns {@code str(value)}. */
  private static String string(@Nullable Object value) throws NotExactException {
    return switch (PlainValue.of(value)) {
      case null -> "None";
      case String text -> text;
      case Long number -> number.toString();
      case Double number -> PythonText.repr(number);
      case Boolean flag -> flag ? "True" : "False";
      default -> throw new NotExactException();
    };
  }
}
