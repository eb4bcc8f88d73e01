package dev.terrarium.dspy;

import dev.terrarium.Describe;
import dev.terrarium.spi.TypeSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The specs of programs whose signatures are records, as the bridge reads them. Stateless. */
final class Specs {

  private Specs() {}

  /** Returns a spec of its own, to which the keys of its kind can be added. */
  static Map<String, Object> of(
      String kind,
      Class<? extends Record> inputs,
      Class<? extends Record> outputs,
      DspyOptions options) {
    Map<String, @Nullable Object> signature = new LinkedHashMap<>();
    signature.put("name", outputs.getSimpleName());
    signature.put("instructions", instructions(inputs, outputs));
    signature.put("inputs", TypeSpec.fields(inputs));
    signature.put("outputs", TypeSpec.fields(outputs));
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("kind", kind);
    spec.put("signature", signature);
    spec.put("options", options.toMap());
    return spec;
  }

  private static @Nullable String instructions(Class<?> inputs, Class<?> outputs) {
    String text = TypeSpec.description(outputs.getAnnotation(Describe.class));
    return text != null ? text : TypeSpec.description(inputs.getAnnotation(Describe.class));
  }
}
