package dev.terrarium.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.terrarium.error.ConversionException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TypedReaderTest {

  enum Mood {
    HAPPY,
    SAD {
      @Override
      public String toString() {
        return "not happy";
      }
    }
  }

  record Score(String name, double value) {}

  record Positive(int value) {
    Positive {
      if (value <= 0) {
        throw new IllegalArgumentException(value + " is not positive");
      }
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // users have them
  record Review(
      String text,
      Mood mood,
      Optional<String> author,
      List<Score> scores,
      Map<String, List<Integer>> counts,
      Set<String> tags,
      int[] numbers) {}

  private static <T> T read(@Nullable Object plain, Class<T> type) {
    return TypedReader.read(plain, type, "result");
  }

  static Stream<Arguments> values() {
    OffsetDateTime time = OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 0, ZoneOffset.ofHours(2));
    return Stream.of(
        arguments("text", String.class, "text"),
        arguments(true, boolean.class, true),
        arguments(true, Boolean.class, true),
        arguments("x", char.class, 'x'),
        arguments("x", Character.class, 'x'),
        arguments(127L, byte.class, Byte.MAX_VALUE),
        arguments(-128L, Byte.class, Byte.MIN_VALUE),
        arguments(32767L, short.class, Short.MAX_VALUE),
        arguments(-32768L, Short.class, Short.MIN_VALUE),
        arguments(2147483647L, int.class, Integer.MAX_VALUE),
        arguments(-2147483648L, Integer.class, Integer.MIN_VALUE),
        arguments(Long.MAX_VALUE, long.class, Long.MAX_VALUE),
        arguments(BigInteger.valueOf(Long.MIN_VALUE), Long.class, Long.MIN_VALUE),
        arguments(7L, BigInteger.class, BigInteger.valueOf(7)),
        arguments(BigInteger.TEN.pow(40), BigInteger.class, BigInteger.TEN.pow(40)),
        arguments(0.5, float.class, 0.5f),
        arguments(1L, Float.class, 1f),
        arguments(Double.POSITIVE_INFINITY, float.class, Float.POSITIVE_INFINITY),
        arguments(0.1, double.class, 0.1),
        arguments(3L, Double.class, 3.0),
        arguments(Double.NaN, double.class, Double.NaN),
        arguments(new BigDecimal("1.50"), BigDecimal.class, new BigDecimal("1.50")),
        arguments("1.50", BigDecimal.class, new BigDecimal("1.50")),
        arguments(1.5, BigDecimal.class, new BigDecimal("1.5")),
        arguments(12L, BigDecimal.class, new BigDecimal("12")),
        arguments("2024-02-29", LocalDate.class, LocalDate.of(2024, 2, 29)),
        arguments(LocalDate.EPOCH, LocalDate.class, LocalDate.EPOCH),
        arguments("01:02:03", LocalTime.class, LocalTime.of(1, 2, 3)),
        arguments(LocalTime.NOON, LocalTime.class, LocalTime.NOON),
        arguments("2024-02-29T01:02:03", LocalDateTime.class, time.toLocalDateTime()),
        arguments(time.toLocalDateTime(), LocalDateTime.class, time.toLocalDateTime()),
        arguments(time.toOffsetTime(), OffsetTime.class, time.toOffsetTime()),
        arguments("01:02:03+02:00", OffsetTime.class, time.toOffsetTime()),
        arguments("2024-02-29T01:02:03+02:00", OffsetDateTime.class, time),
        arguments(time, OffsetDateTime.class, time),
        arguments(time, ZonedDateTime.class, time.toZonedDateTime()),
        arguments(time, Instant.class, time.toInstant()),
        arguments(Duration.ofMillis(-5), Duration.class, Duration.ofMillis(-5)),
        arguments(2024L, Year.class, Year.of(2024)),
        arguments("2024-02", YearMonth.class, YearMonth.of(2024, 2)),
        arguments("P1Y-2M3D", Period.class, Period.of(1, -2, 3)),
        arguments("SAD", Mood.class, Mood.SAD),
        arguments("anything", Object.class, "anything"),
        arguments(List.of(1L), List.class, List.of(1L)),
        arguments(List.of(1L), Collection.class, List.of(1L)),
        arguments(Map.of("a", 1L), Map.class, Map.of("a", 1L)));
  }

  @ParameterizedTest
  @MethodSource("values")
  void readsEachSupportedType(Object plain, Class<?> type, Object expected) {
    assertThat(TypedReader.read(plain, (Type) type, "result")).isEqualTo(expected);
  }

  @Test
  void bytesStayBytes() {
    assertThat(read(new byte[] {1, -1}, byte[].class)).containsExactly(1, -1);
  }

  static Stream<Arguments> misfits() {
    return Stream.of(
        arguments(128L, byte.class, "'128' does not fit in byte"),
        arguments(32768L, Short.class, "'32768' does not fit in java.lang.Short"),
        arguments(2147483648L, int.class, "'2147483648' does not fit in int"),
        arguments(BigInteger.TWO.pow(63), long.class, "'9223372036854775808' does not fit in long"),
        arguments(1e300, float.class, "'1.0E300' does not fit in float"),
        arguments(BigInteger.TWO.pow(2000), double.class, "does not fit in double"),
        arguments(BigInteger.TWO.pow(200), Float.class, "does not fit in java.lang.Float"),
        arguments(Double.NaN, BigDecimal.class, "'NaN' does not fit in java.math.BigDecimal"),
        arguments("ten", BigDecimal.class, "'ten' does not fit in java.math.BigDecimal"),
        arguments("2024-02-30", LocalDate.class, "'2024-02-30' does not fit"),
        arguments(1.0, int.class, "expected int, found a Double"),
        arguments("1", long.class, "expected long, found a String"),
        arguments(1L, String.class, "expected String, found a Long"),
        arguments("true", boolean.class, "expected boolean, found a String"),
        arguments("ab", char.class, "expected char, found a String"),
        arguments("a", List.class, "expected List, found a String"),
        arguments(List.of(), Map.class, "expected Map, found a"),
        arguments("a", int[].class, "expected int[], found a String"),
        arguments("a", Score.class, "expected Score, found a String"),
        arguments("a", Thread.class, "expected Thread, found a String"),
        arguments("ANGRY", Mood.class, "'ANGRY' is no Mood; there are [HAPPY, SAD]"),
        arguments(1L, Mood.class, "'1' is no Mood"),
        arguments(new byte[0], Mood.class, "expected Mood, found a byte[]"),
        arguments("x", UUID.class, "'x' does not fit in java.util.UUID"),
        arguments(1L, UUID.class, "expected UUID, found a Long"),
        arguments("a b", URI.class, "'a b' does not fit in java.net.URI"),
        arguments(1L << 31, Year.class, "'2147483648' does not fit in java.time.Year"),
        arguments(1_000_000_000L, Year.class, "'1000000000' does not fit in java.time.Year"),
        arguments("2024", Year.class, "expected Year, found a String"),
        arguments("2024-13", YearMonth.class, "'2024-13' does not fit in java.time.YearMonth"),
        arguments(202402L, YearMonth.class, "expected YearMonth, found a Long"),
        arguments("PT1H", Period.class, "'PT1H' does not fit in java.time.Period"),
        arguments(Duration.ofDays(1), Period.class, "expected Period, found a Duration"));
  }

  @ParameterizedTest
  @MethodSource("misfits")
  void valueThatDoesNotFitIsRefused(Object plain, Class<?> type, String message) {
    assertThatThrownBy(() -> read(plain, type))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("result"))
        .hasMessageStartingWith("At result: ")
        .hasMessageContaining(message);
  }

  record Kept(
      ArrayList<String> list,
      HashSet<Long> set,
      LinkedHashMap<String, Long> map,
      SequencedCollection<Integer> items) {}

  record Queued(ArrayDeque<String> items) {}

  @Test
  void collectionsOfTheirOwnClassesAreRead() {
    Map<String, Object> plain =
        Map.of(
            "list", List.of("a"), "set", List.of(1L), "map", Map.of("b", 2L), "items", List.of(3L));

    assertThat(read(plain, Kept.class))
        .isEqualTo(
            new Kept(
                new ArrayList<>(List.of("a")),
                new HashSet<>(Set.of(1L)),
                new LinkedHashMap<>(Map.of("b", 2L)),
                List.of(3)));
    assertThat(TypedReader.read(new HashMap<>(Map.of("b", 2L)), (Type) HashMap.class, "result"))
        .isEqualTo(Map.of("b", 2L));
    assertThatThrownBy(() -> read(Map.of("items", List.of("a")), Queued.class))
        .hasMessageContaining("expected ArrayDeque");
  }

  @Test
  void nullFitsNoType() {
    assertThatThrownBy(() -> read(null, String.class))
        .isInstanceOf(ConversionException.class)
        .hasMessage("At result: expected String, found null");
    assertThat(TypedReader.read(null, (Type) String.class, "result")).isNull();
    assertThatThrownBy(() -> TypedReader.read(null, (Type) int.class, "result"))
        .isInstanceOf(ConversionException.class)
        .hasMessage("At result: expected int, found null");
  }

  @SuppressWarnings("ArrayRecordComponent") // users have them
  record Table(List<Double> shares, double[] weights, Set<Long> ids, int[] counts, Object any) {}

  @Test
  void arraysOfNumbersAreListsAndListsArrays() {
    Map<String, Object> plain = new LinkedHashMap<>();
    plain.put("shares", new float[] {0.5f});
    plain.put("weights", List.of(1.5, 2L));
    plain.put("ids", new short[] {3, 3});
    plain.put("counts", new long[] {4, 5});
    plain.put("any", new double[] {6});

    Table table = read(plain, Table.class);

    assertThat(table.shares()).containsExactly(0.5);
    assertThat(table.weights()).containsExactly(1.5, 2);
    assertThat(table.ids()).containsExactly(3L);
    assertThat(table.counts()).containsExactly(4, 5);
    assertThat(table.any()).isEqualTo(new double[] {6});
    assertThat((Object) read(new int[] {1}, List.class)).isEqualTo(List.of(1L));
    double[] same = {1};
    assertThat(read(same, double[].class)).isSameAs(same);
  }

  @Test
  void bytesAreABuffer() {
    assertThat(read(new byte[] {1, 2}, ByteBuffer.class))
        .isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
  }

  @Test
  void elementOfAnArrayThatDoesNotFitIsNamed() {
    assertThatThrownBy(() -> read(new long[] {1, 1L << 40}, int[].class))
        .isInstanceOf(ConversionException.class)
        .hasMessage("At result[1]: '1099511627776' does not fit in int");
    assertThatThrownBy(() -> read(new double[] {1}, long[].class))
        .isInstanceOf(ConversionException.class)
        .hasMessage("At result[0]: expected long, found a Double");
    assertThatThrownBy(() -> read(new byte[] {1}, int[].class))
        .isInstanceOf(ConversionException.class)
        .hasMessage("At result: expected int[], found a byte[]");
  }

  private static Map<String, @Nullable Object> review() {
    Map<String, @Nullable Object> review = new LinkedHashMap<>();
    review.put("text", "good");
    review.put("mood", "HAPPY");
    review.put("author", null);
    review.put("scores", List.of(Map.of("name", "a", "value", 1L)));
    review.put("counts", Map.of("x", List.of(1L, 2L)));
    review.put("tags", List.of("b", "a", "b"));
    review.put("numbers", List.of(4L, 5L));
    return review;
  }

  @Test
  void readsNestedRecords() {
    Review review = read(review(), Review.class);

    assertThat(review.mood()).isEqualTo(Mood.HAPPY);
    assertThat(review.author()).isEmpty();
    assertThat(review.scores()).containsExactly(new Score("a", 1.0));
    assertThat(review.counts()).isEqualTo(Map.of("x", List.of(1, 2)));
    assertThat(review.tags()).containsExactly("b", "a");
    assertThat(review.numbers()).containsExactly(4, 5);
  }

  @Test
  void optionalComponentMayBeAbsentOthersMayNot() {
    Map<String, @Nullable Object> review = review();
    review.remove("author");
    assertThat(read(review, Review.class).author()).isEmpty();

    review.remove("mood");
    assertThatThrownBy(() -> read(review, Review.class))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("no value for component 'mood' of Review")
        .hasMessageContaining("[text, scores, counts, tags, numbers]");
  }

  @Test
  void pathLeadsToTheWrongPart() {
    Map<String, @Nullable Object> review = review();
    review.put(
        "scores", List.of(Map.of("name", "a", "value", 1L), Map.of("name", "b", "value", "many")));
    assertThatThrownBy(() -> read(review, Review.class))
        .isInstanceOfSatisfying(
            ConversionException.class,
            e -> assertThat(e.path()).isEqualTo("result.scores[1].value"));

    review.put("scores", List.of());
    review.put("counts", Map.of("x", List.of(1L, 1L << 40)));
    assertThatThrownBy(() -> read(review, Review.class))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("result.counts.x[1]"));
  }

  @Test
  void recordThatRefusesItsValuesIsTheCause() {
    assertThatThrownBy(() -> read(Map.of("value", -1L), Positive.class))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("Positive refused the values")
        .hasMessageContaining("-1 is not positive")
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }

  record Holder<T>(List<? extends Number> wild, T any, Map<Mood, Long> byMood, Set<Score> scores) {}

  private static Type component(String name) {
    return Arrays.stream(Holder.class.getRecordComponents())
        .filter(each -> each.getName().equals(name))
        .map(RecordComponent::getGenericType)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void mapKeysAreReadAsTheirType() {
    assertThat(TypedReader.read(Map.of("SAD", 3L), component("byMood"), "result"))
        .isEqualTo(Map.of(Mood.SAD, 3L));
  }

  @Test
  void listIsNotAMapAndAMapIsNotASet() {
    assertThatThrownBy(() -> TypedReader.read(List.of(), component("byMood"), "result"))
        .hasMessageContaining("expected Map, found a");
    assertThatThrownBy(() -> TypedReader.read(Map.of(), component("scores"), "result"))
        .hasMessageContaining("expected Set, found a");
  }

  @Test
  void typeVariablesAndWildcardsCannotBeRead() {
    assertThatThrownBy(() -> TypedReader.read("a", component("any"), "result"))
        .isInstanceOf(ConversionException.class)
        .hasMessage("At result: the type T cannot be read");
    assertThatThrownBy(() -> TypedReader.read(List.of(1L), component("wild"), "result"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At result[0]: the type ? extends java.lang.Number cannot be read");
  }
}
