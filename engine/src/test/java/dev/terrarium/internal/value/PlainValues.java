package dev.terrarium.internal.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/** Plain data of all kinds for properties, and how it is compared. */
final class PlainValues {

  private static final long MICROS_OF_9999_YEARS = 315_537_897_599_999_999L;

  private PlainValues() {}

  /** Arrays as texts, maps with their order, so that equality is that of content. */
  static @Nullable Object comparable(@Nullable Object value) {
    return switch (value) {
      case byte[] bytes -> "bytes " + Arrays.toString(bytes);
      case List<?> list ->
          list.stream()
              .map(PlainValues::comparable)
              .collect(ArrayList::new, ArrayList::add, ArrayList::addAll);
      case Map<?, ?> map ->
          map.entrySet().stream()
              .map(entry -> Arrays.asList(entry.getKey(), comparable(entry.getValue())))
              .toList();
      case null -> null;
      default -> {
        NumberArray numbers = NumberArray.of(value);
        yield numbers == null ? value : numbers + Arrays.toString(numbers.toBytes(value));
      }
    };
  }

  /** Values of all kinds, nested. */
  static Arbitrary<Object> arbitrary() {
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
    return Arbitraries.oneOf(
        texts().asGeneric(),
        Arbitraries.longs().asGeneric(),
        Arbitraries.of("$bytes", "$map", "$int", "$double[]", "$", "$unknown").asGeneric());
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
            Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(UUID::new).asGeneric(),
            times(),
            arrays(),
            Arbitraries.longs().list().ofMaxSize(300).asGeneric(),
            doubles().list().ofMaxSize(300).asGeneric())
        .injectNull(0.05);
  }

  private static Arbitrary<Object> arrays() {
    return Combinators.combine(
            Arbitraries.of(NumberArray.class), Arbitraries.longs().list().ofMaxSize(50))
        .as(
            (kind, longs) ->
                kind.fromBytes(
                    NumberArray.LONGS.toBytes(longs.stream().mapToLong(each -> each).toArray())));
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
  static Arbitrary<String> texts() {
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
}
