package dev.terrarium.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/** Plain values of all kinds go to Python and come back unchanged. */
@Tag("graalpy")
class MarshallingPropertiesTest {

  private static final long MICROS_OF_9999_YEARS = 315_537_897_599_999_999L;

  private static @Nullable Object call(String command, @Nullable Object value) {
    return SharedTerrarium.get().call("probe", command, Collections.singletonMap("v", value));
  }

  @Property(tries = 600, shrinking = ShrinkingMode.BOUNDED)
  void comesBackUnchanged(@ForAll("plain") @Nullable Object value) {
    assertThat(comparable(call("echo", value))).isEqualTo(comparable(value));
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
      default -> throw new AssertionError("no plain value: " + value.getClass());
    };
  }

  private static String hex(BigInteger number) {
    return (number.signum() < 0 ? "-0x" : "0x") + number.abs().toString(16);
  }

  private static String iso(LocalTime time) {
    boolean whole = time.equals(time.truncatedTo(ChronoUnit.SECONDS));
    return time.format(DateTimeFormatter.ofPattern(whole ? "HH:mm:ss" : "HH:mm:ss.SSSSSS"));
  }

  /** Arrays as texts, maps with their order, so that equality is that of content. */
  private static @Nullable Object comparable(@Nullable Object value) {
    return switch (value) {
      case byte[] bytes -> "bytes " + Arrays.toString(bytes);
      case List<?> list ->
          list.stream()
              .map(MarshallingPropertiesTest::comparable)
              .collect(ArrayList::new, ArrayList::add, ArrayList::addAll);
      case Map<?, ?> map ->
          map.entrySet().stream()
              .map(entry -> Arrays.asList(entry.getKey(), comparable(entry.getValue())))
              .toList();
      case null, default -> value;
    };
  }

  @Provide
  Arbitrary<Object> plain() {
    return values(3);
  }

  private static Arbitrary<Object> values(int depth) {
    if (depth == 0) {
      return scalars();
    }
    Arbitrary<Object> inner = Arbitraries.lazy(() -> values(depth - 1));
    Arbitrary<Object> lists = inner.list().ofMaxSize(5).asGeneric();
    Arbitrary<Object> maps =
        Combinators.combine(keys().set().ofMaxSize(5), inner.list().ofSize(5))
            .as(
                (keys, values) -> {
                  Map<Object, Object> map = new LinkedHashMap<>();
                  int index = 0;
                  for (Object key : keys) {
                    map.put(key, values.get(index++));
                  }
                  return map;
                });
    return Arbitraries.frequencyOf(Tuple.of(3, scalars()), Tuple.of(1, lists), Tuple.of(1, maps));
  }

  private static Arbitrary<Object> keys() {
    return Arbitraries.oneOf(texts().asGeneric(), Arbitraries.longs().asGeneric());
  }

  private static Arbitrary<Object> scalars() {
    return Arbitraries.oneOf(
            Arbitraries.of(true, false).asGeneric(),
            Arbitraries.longs().asGeneric(),
            Arbitraries.of(Long.MIN_VALUE, Long.MAX_VALUE, -1L, 0L).asGeneric(),
            bigIntegers().asGeneric(),
            doubles().asGeneric(),
            texts().asGeneric(),
            Arbitraries.bytes().array(byte[].class).ofMaxSize(300).asGeneric(),
            decimals().asGeneric(),
            times())
        .injectNull(0.05);
  }

  /** Beyond a long, which those within come back as. */
  private static Arbitrary<BigInteger> bigIntegers() {
    return Arbitraries.bytes()
        .array(byte[].class)
        .ofMinSize(9)
        .ofMaxSize(250)
        .map(BigInteger::new)
        .filter(number -> number.bitLength() >= Long.SIZE);
  }

  private static Arbitrary<Double> doubles() {
    return Arbitraries.oneOf(
        Arbitraries.longs().map(Double::longBitsToDouble).map(d -> d.isNaN() ? Double.NaN : d),
        Arbitraries.of(
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            -0.0,
            0.0,
            1.0,
            Double.MIN_VALUE,
            Double.MAX_VALUE,
            0x1p53,
            0x1p63));
  }

  /** Any Unicode characters, those beyond the basic plane too, but no lone surrogates. */
  private static Arbitrary<String> texts() {
    Arbitrary<Integer> characters =
        Arbitraries.oneOf(
            Arbitraries.integers().between(0, 0x7f),
            Arbitraries.integers().between(0x80, 0xd7ff),
            Arbitraries.integers().between(0xe000, 0xffff),
            Arbitraries.integers().between(0x10000, 0x10ffff));
    return characters
        .list()
        .ofMaxSize(20)
        .map(
            list -> {
              StringBuilder text = new StringBuilder();
              list.forEach(text::appendCodePoint);
              return text.toString();
            });
  }

  private static Arbitrary<BigDecimal> decimals() {
    Arbitrary<BigInteger> unscaled =
        Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(40).map(BigInteger::new);
    return Combinators.combine(unscaled, Arbitraries.integers().between(-400, 400))
        .as(BigDecimal::new);
  }

  private static Arbitrary<Object> times() {
    Arbitrary<LocalDateTime> times =
        Arbitraries.longs()
            .between(0, MICROS_OF_9999_YEARS)
            .map(micros -> LocalDateTime.of(1, 1, 1, 0, 0).plus(micros, ChronoUnit.MICROS));
    Arbitrary<ZoneOffset> offsets =
        Arbitraries.integers().between(-18 * 3600, 18 * 3600).map(ZoneOffset::ofTotalSeconds);
    Arbitrary<Duration> durations =
        Combinators.combine(
                Arbitraries.longs().between(-86_399_999_913_600L, 86_399_999_999_999L),
                Arbitraries.integers().between(0, 999_999))
            .as((seconds, micros) -> Duration.ofSeconds(seconds, micros * 1_000L));
    return Arbitraries.oneOf(
        times.map(LocalDateTime::toLocalDate).asGeneric(),
        times.map(LocalDateTime::toLocalTime).asGeneric(),
        times.asGeneric(),
        Combinators.combine(times, offsets).as(OffsetDateTime::of).asGeneric(),
        durations.asGeneric());
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
    return texts();
  }

  @Provide
  Arbitrary<Character> surrogates() {
    return Arbitraries.chars().range('\ud800', '\udfff');
  }
}
