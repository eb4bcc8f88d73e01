package dev.terrarium.hostmodules;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.terrarium.value.HostFunction;
import dev.terrarium.value.HostFunctions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Java half of the Python package {@code orjson}, by Jackson: {@code orjson.loads(text)} and
 * {@code orjson.dumps(plain, flags)}. The Python half turns what is not plain into plain data, and
 * failures into orjson's own exceptions. Thread-safe.
 */
public final class Orjson implements HostFunctions {

  private static final int OPT_INDENT_2 = 1;
  private static final int OPT_SORT_KEYS = 1 << 5;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .addModule(new SimpleModule().addSerializer(Double.class, new FiniteOrNull()))
          .build();

  @Override
  public Map<String, HostFunction> functions() {
    return Map.of("orjson.loads", Orjson::loads, "orjson.dumps", Orjson::dumps);
  }

  /** Strict JSON to plain data. */
  private static @Nullable Object loads(List<@Nullable Object> arguments) {
    if (arguments.isEmpty() || !(arguments.getFirst() instanceof String text)) {
      throw new IllegalArgumentException("loads takes a text");
    }
    try {
      return MAPPER.readValue(text, Object.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(message(e), e);
    }
  }

  /** Plain data to compact or indented JSON; NaN and infinities become null, as in orjson. */
  private static Object dumps(List<@Nullable Object> arguments) {
    if (arguments.size() != 2 || !(arguments.get(1) instanceof Number flags)) {
      throw new IllegalArgumentException("dumps takes a value and flags");
    }
    ObjectWriter writer = MAPPER.writer();
    if ((flags.intValue() & OPT_SORT_KEYS) != 0) {
      writer = writer.with(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
    }
    if ((flags.intValue() & OPT_INDENT_2) != 0) {
      writer = writer.with(indented());
    }
    try {
      return writer.writeValueAsString(arguments.getFirst());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(message(e), e);
    }
  }

  private static DefaultPrettyPrinter indented() {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    return new DefaultPrettyPrinter(
            Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withArrayEmptySeparator("")
                .withObjectEmptySeparator(""))
        .withObjectIndenter(lines)
        .withArrayIndenter(lines);
  }

  private static String message(JsonProcessingException e) {
    var at = e.getLocation();
    return at == null
        ? e.getOriginalMessage()
        : e.getOriginalMessage()
            + ": line "
            + at.getLineNr()
            + " column "
            + at.getColumnNr()
            + " (char "
            + (at.getCharOffset() - 1)
            + ")";
  }

  private static final class FiniteOrNull extends StdSerializer<Double> {

    private static final long serialVersionUID = 1;

    FiniteOrNull() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      if (Double.isFinite(value)) {
        out.writeNumber(value);
      } else {
        out.writeNull();
      }
    }
  }
}
