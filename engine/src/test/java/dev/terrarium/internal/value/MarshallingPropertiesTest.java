package dev.terrarium.internal.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Command;
import dev.terrarium.MessageFormat;
import dev.terrarium.error.ConversionException;
import dev.terrarium.testing.SharedTerrarium;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import org.jspecify.annotations.Nullable;

/** Plain values of all kinds go to Python and come back unchanged. */
@Tag("graalpy")
class MarshallingPropertiesTest {

  private static @Nullable Object call(String command, @Nullable Object value) {
    return SharedTerrarium.get().call("probe", command, Collections.singletonMap("v", value));
  }

  @Property(tries = 600, shrinking = ShrinkingMode.BOUNDED)
  void comesBackUnchanged(@ForAll("plain") @Nullable Object value) {
    assertThat(PlainValues.comparable(call("echo", value)))
        .isEqualTo(PlainValues.comparable(value));
  }

  @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED)
  void crossesInMessagesAsItDoesDirectly(@ForAll("plain") @Nullable Object value) {
    for (MessageFormat format : MessageFormat.values()) {
      byte[] message = format.write(Collections.singletonMap("v", value));
      byte[] answer =
          SharedTerrarium.get().adapter("probe").call(Command.of("details", message, format));
      byte[] direct = format.write(call("details", value));
      assertThat(answer).as("%s", format).isEqualTo(direct);
    }
  }

  @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED)
  void hasTheRightTypeAndContentInPython(@ForAll("plain") @Nullable Object value) {
    assertThat(call("details", value)).isEqualTo(details(value));
  }

  /** What {@code probe.details} says of the value. */
  private static List<Object> details(@Nullable Object value) {
    return switch (value) {
      case null -> List.of("NoneType", "None");
      case Boolean flag -> List.of("bool", flag ? "True" : "False");
      case Long number -> List.of("int", hex(BigInteger.valueOf(number)));
      case BigInteger number -> List.of("int", hex(number));
      case Double number ->
          List.of("float", HexFormat.of().toHexDigits(Double.doubleToLongBits(number)));
      case String text ->
          List.of(
              "str",
              text.codePoints().mapToObj(Integer::toHexString).collect(Collectors.joining(" ")));
      case byte[] bytes -> List.of("bytes", HexFormat.of().formatHex(bytes));
      case BigDecimal number -> List.of("Decimal", number.toString());
      case UUID uuid -> List.of("UUID", uuid.toString());
      case LocalDate date -> List.of("date", date.toString());
      case LocalTime time -> List.of("time", iso(time));
      case LocalDateTime time ->
          List.of("datetime", time.toLocalDate() + "T" + iso(time.toLocalTime()));
      case OffsetDateTime time ->
          List.of(
              "datetime",
              time.toLocalDate()
                  + "T"
                  + iso(time.toLocalTime())
                  + (time.getOffset().equals(ZoneOffset.UTC) ? "+00:00" : time.getOffset()));
      case Duration duration ->
          List.of(
              "timedelta",
              Math.floorDiv(duration.getSeconds(), 86_400)
                  + " "
                  + Math.floorMod(duration.getSeconds(), 86_400)
                  + " "
                  + duration.getNano() / 1_000);
      case List<?> list ->
          List.of("list", list.stream().map(MarshallingPropertiesTest::details).toList());
      case Map<?, ?> map ->
          List.of(
              "dict",
              map.entrySet().stream()
                  .map(entry -> List.of(details(entry.getKey()), details(entry.getValue())))
                  .toList());
      default -> {
        NumberArray numbers = Objects.requireNonNull(NumberArray.of(value));
        yield List.of(
            "array", numbers.typecode() + " " + HexFormat.of().formatHex(numbers.toBytes(value)));
      }
    };
  }

  private static String hex(BigInteger number) {
    return (number.signum() < 0 ? "-0x" : "0x") + number.abs().toString(16);
  }

  private static String iso(LocalTime time) {
    boolean whole = time.equals(time.truncatedTo(ChronoUnit.SECONDS));
    return time.format(DateTimeFormatter.ofPattern(whole ? "HH:mm:ss" : "HH:mm:ss.SSSSSS"));
  }

  @Provide
  Arbitrary<Object> plain() {
    return PlainValues.arbitrary();
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void textsThatAreNotUnicodeAreRefused(
      @ForAll("plainTexts") String before,
      @ForAll("surrogates") char surrogate,
      @ForAll("plainTexts") String after) {
    String text = before + surrogate + after;
    boolean unicode = StandardCharsets.UTF_8.newEncoder().canEncode(text);

    assertThat(unicode).isFalse();
    assertThatThrownBy(() -> call("echo", text))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At args.v: the text holds a lone surrogate");
  }

  @Provide
  Arbitrary<String> plainTexts() {
    return PlainValues.texts();
  }

  @Provide
  Arbitrary<Character> surrogates() {
    return Arbitraries.chars().range('\ud800', '\udfff');
  }
}
