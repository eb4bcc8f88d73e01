package dev.terrarium.hostmodules;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
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
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.HostFunctions;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Java half of the Python package {@code orjson}, by Jackson: {@code orjson.loads(text)} and
 * {@code orjson.dumps(plain, flags)}. The Python half converts other values to plain data, and
 * failures to orjson's own exceptions. Thread-safe.
 */
public final class Orjson implements HostFunctions {

  private static final int OPT_INDENT_2 = 1;
  private static final int OPT_SORT_KEYS = 1 << 5;

  private static final BigInteger MIN_INTEGER = BigInteger.TWO.pow(63).negate();
  private static final BigInteger MAX_INTEGER = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);

  /** The factory of parsers, which bound only the depth and the digits of a number. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .addModule(new SimpleModule().addSerializer(Double.class, new FiniteOrNull()))
          .build();

  @Override
  public Map<String, HostFunction> functions() {
    return Map.of("orjson.loads", Orjson::loads, "orjson.dumps", Orjson::dumps);
  }

  /** Converts strict JSON to plain data. */
  private static @Nullable Object loads(List<@Nullable Object> arguments) {
    if (arguments.isEmpty() || !(arguments.getFirst() instanceof String text)) {
      throw new IllegalArgumentException("loads takes a text");
    }
    try {
      return checked(MAPPER.readValue(text, Object.class));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(message(e, text), e);
    }
  }

  /**
   * Converts integers beyond 64 bits to doubles, in place, and refuses numbers beyond the range of
   * doubles.
   */
  @SuppressWarnings("unchecked") // Jackson makes maps with text keys, and lists
  private static @Nullable Object checked(@Nullable Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        ((Map<String, @Nullable Object>) map).replaceAll((name, each) -> checked(each));
        yield map;
      }
      case List<?> list -> {
        ((List<@Nullable Object>) list).replaceAll(Orjson::checked);
        yield list;
      }
      case BigInteger number
          when number.compareTo(MIN_INTEGER) < 0 || number.compareTo(MAX_INTEGER) > 0 ->
          finite(number.doubleValue());
      case Double number -> finite(number);
      case null, default -> value;
    };
  }

  private static double finite(double number) {
    if (Double.isInfinite(number)) {
      throw new IllegalArgumentException("number is infinity when parsed as double");
    }
    return number;
  }

  /**
   * Converts plain data to compact or indented JSON; NaN and infinities become null, as in orjson.
   */
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
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
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

  /**
   * Returns the message with the position as Python counts it: in characters, for which Java may
   * have two.
   */
  private static String message(JsonProcessingException e, String text) {
    JsonLocation at = e.getLocation();
    if (at == null) {
      return e.getOriginalMessage();
    }
    int offset = Math.clamp(at.getCharOffset(), 0, text.length());
    return e.getOriginalMessage()
        + ": line "
        + at.getLineNr()
        + " column "
        + at.getColumnNr()
        + " (char "
        + text.codePointCount(0, offset)
        + ")";
  }

  /**
   * Returns the text of a number as orjson writes it: with an exponent below 0.00001 and from 1e16
   * on.
   */
  static String text(double value) {
    String shortest = Double.toString(value);
    double size = Math.abs(value);
    if (size != 0 && (size < 1e-5 || size >= 1e16)) {
      return shortest.replace(".0E", "E").replace("E-", "e-").replace("E", "e+");
    }
    if (shortest.indexOf('E') < 0) {
      return shortest;
    }
    String plain = new BigDecimal(shortest).stripTrailingZeros().toPlainString();
    return plain.indexOf('.') < 0 ? plain + ".0" : plain;
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
        out.writeNumber(text(value));
      } else {
        out.writeNull();
      }
    }
  }
}
