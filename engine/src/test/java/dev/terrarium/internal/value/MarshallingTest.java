package dev.terrarium.internal.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.terrarium.Command;
import dev.terrarium.Terrarium;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
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
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.AbstractMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each kind of value, both ways, by example; {@link MarshallingPropertiesTest} has the rest. */
@GraalPyTest
class MarshallingTest {

  private final Terrarium terrarium;

  MarshallingTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  private @Nullable Object echo(@Nullable Object value) {
    return terrarium.call("probe", "echo", Collections.singletonMap("v", value));
  }

  private @Nullable Object evaluate(String expression) {
    return terrarium.call("probe", "evaluate", Map.of("expression", expression));
  }

  enum Mood {
    HAPPY,
    SAD {
      @Override
      public String toString() {
        return "not happy";
      }
    }
  }

  record Point(int x, Optional<String> label, List<Mood> moods) {}

  static Stream<Arguments> fromJava() {
    Instant instant = Instant.parse("2024-02-29T12:00:00.000001Z");
    return Stream.of(
        arguments(null, "NoneType", "None", null),
        arguments(Optional.empty(), "NoneType", "None", null),
        arguments(Optional.of("x"), "str", "'x'", "x"),
        arguments(true, "bool", "True", true),
        arguments((byte) -1, "int", "-1", -1L),
        arguments((short) 300, "int", "300", 300L),
        arguments(7, "int", "7", 7L),
        arguments(Long.MIN_VALUE, "int", "-9223372036854775808", Long.MIN_VALUE),
        arguments(BigInteger.TEN, "int", "10", 10L),
        arguments(BigInteger.TWO.pow(63), "int", "9223372036854775808", BigInteger.TWO.pow(63)),
        arguments(
            BigInteger.TWO.pow(64).negate(),
            "int",
            "-18446744073709551616",
            BigInteger.TWO.pow(64).negate()),
        arguments(0.5f, "float", "0.5", 0.5),
        arguments(1.0, "float", "1.0", 1.0),
        arguments(1e300, "float", "1e+300", 1e300),
        arguments(-0.0, "float", "-0.0", -0.0),
        arguments(Double.NaN, "float", "nan", Double.NaN),
        arguments(Double.NEGATIVE_INFINITY, "float", "-inf", Double.NEGATIVE_INFINITY),
        arguments("", "str", "''", ""),
        arguments("é漢😀\u0000\n", "str", "'é漢😀\\x00\\n'", "é漢😀\u0000\n"),
        arguments('x', "str", "'x'", "x"),
        arguments(OptionalInt.of(7), "int", "7", 7L),
        arguments(OptionalLong.empty(), "NoneType", "None", null),
        arguments(OptionalDouble.of(1), "float", "1.0", 1.0),
        arguments(URI.create("http://a/b?c#d"), "str", "'http://a/b?c#d'", "http://a/b?c#d"),
        arguments(
            new UUID(1, -2),
            "UUID",
            "UUID('00000000-0000-0001-ffff-fffffffffffe')",
            new UUID(1, -2)),
        arguments(Mood.SAD, "str", "'SAD'", "SAD"),
        arguments(List.of(), "list", "[]", List.of()),
        arguments(
            Arrays.asList(1, null, "a"), "list", "[1, None, 'a']", Arrays.asList(1L, null, "a")),
        arguments(new TreeSet<>(List.of("b", "a")), "list", "['a', 'b']", List.of("a", "b")),
        arguments(new ArrayDeque<>(List.of(1.5)), "list", "[1.5]", List.of(1.5)),
        arguments(new short[] {1, -2}, "array", "array('h', [1, -2])", new short[] {1, -2}),
        arguments(
            new int[] {1, 1 << 31},
            "array",
            "array('i', [1, -2147483648])",
            new int[] {1, 1 << 31}),
        arguments(
            new long[] {Long.MAX_VALUE},
            "array",
            "array('q', [9223372036854775807])",
            new long[] {Long.MAX_VALUE}),
        arguments(new float[] {0.5f}, "array", "array('f', [0.5])", new float[] {0.5f}),
        arguments(
            new double[] {-0.0, 1.0, Double.NaN},
            "array",
            "array('d', [-0.0, 1.0, nan])",
            new double[] {-0.0, 1.0, Double.NaN}),
        arguments(new double[0], "array", "array('d')", new double[0]),
        arguments(new char[] {'a'}, "list", "['a']", List.of("a")),
        arguments(
            new String[][] {{"a"}, {}}, "list", "[['a'], []]", List.of(List.of("a"), List.of())),
        arguments(new boolean[] {true}, "list", "[True]", List.of(true)),
        arguments(Map.of(), "dict", "{}", Map.of()),
        arguments(Map.of(Mood.HAPPY, 1), "dict", "{'HAPPY': 1}", Map.of("HAPPY", 1L)),
        arguments(Map.of(3, "c"), "dict", "{3: 'c'}", Map.of(3L, "c")),
        arguments(Map.of(true, "t"), "dict", "{True: 't'}", Map.of(true, "t")),
        arguments(
            new Point(1, Optional.empty(), List.of(Mood.SAD)),
            "dict",
            "{'x': 1, 'label': None, 'moods': ['SAD']}",
            point()),
        arguments(new BigDecimal("1.50"), "Decimal", "Decimal('1.50')", new BigDecimal("1.50")),
        arguments(new BigDecimal("-1E+9"), "Decimal", "Decimal('-1E+9')", new BigDecimal("-1E+9")),
        arguments(
            LocalDate.of(2024, 2, 29),
            "date",
            "datetime.date(2024, 2, 29)",
            LocalDate.of(2024, 2, 29)),
        arguments(LocalTime.NOON, "time", "datetime.time(12, 0)", LocalTime.NOON),
        arguments(
            OffsetTime.parse("01:02Z"),
            "time",
            "datetime.time(1, 2, tzinfo=datetime.timezone.utc)",
            OffsetTime.parse("01:02Z")),
        arguments(
            LocalDateTime.of(1, 1, 1, 0, 0),
            "datetime",
            "datetime.datetime(1, 1, 1, 0, 0)",
            LocalDateTime.of(1, 1, 1, 0, 0)),
        arguments(
            instant,
            "datetime",
            "datetime.datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=datetime.timezone.utc)",
            OffsetDateTime.parse("2024-02-29T12:00:00.000001Z")),
        arguments(
            ZonedDateTime.ofInstant(instant, ZoneId.of("Asia/Kolkata")),
            "datetime",
            "datetime.datetime(2024, 2, 29, 17, 30, 0, 1,"
                + " tzinfo=ZoneInfo(key='Asia/Kolkata'))",
            ZonedDateTime.ofInstant(instant, ZoneId.of("Asia/Kolkata"))),
        arguments(
            ZonedDateTime.of(2024, 10, 27, 2, 30, 0, 0, ZoneId.of("Europe/Berlin"))
                .withLaterOffsetAtOverlap(),
            "datetime",
            "datetime.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo(key='Europe/Berlin'), fold=1)",
            ZonedDateTime.of(2024, 10, 27, 2, 30, 0, 0, ZoneId.of("Europe/Berlin"))
                .withLaterOffsetAtOverlap()),
        arguments( // a region that Python's data has not
            ZonedDateTime.ofInstant(instant, ZoneId.of("UTC+05:30")),
            "datetime",
            "datetime.datetime(2024, 2, 29, 17, 30, 0, 1,"
                + " tzinfo=datetime.timezone(datetime.timedelta(seconds=19800)))",
            OffsetDateTime.parse("2024-02-29T17:30:00.000001+05:30")),
        arguments(
            Duration.ofMillis(-1500),
            "timedelta",
            "datetime.timedelta(days=-1, seconds=86398, microseconds=500000)",
            Duration.ofMillis(-1500)),
        arguments(Year.of(-44), "int", "-44", -44L),
        arguments(YearMonth.of(2024, 2), "str", "'2024-02'", "2024-02"),
        arguments(Period.ofWeeks(1), "str", "'P7D'", "P7D"));
  }

  private static Map<String, @Nullable Object> point() {
    Map<String, @Nullable Object> point = new LinkedHashMap<>();
    point.put("x", 1L);
    point.put("label", null);
    point.put("moods", List.of("SAD"));
    return point;
  }

  @ParameterizedTest
  @MethodSource("fromJava")
  void javaValueIsAPythonValueAndComesBack(
      @Nullable Object value, String type, String repr, @Nullable Object back) {
    assertThat(terrarium.call("probe", "repr_of", Collections.singletonMap("v", value)))
        .isEqualTo(List.of(type, repr));
    assertThat(echo(value)).isEqualTo(back);
  }

  @Test
  void bytesAreBytes() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }

    assertThat(terrarium.call("probe", "repr_of", Map.of("v", new byte[] {0, -1, 'a'})))
        .isEqualTo(List.of("bytes", "b'\\x00\\xffa'"));
    assertThat(echo(all)).isEqualTo(all);
    assertThat(echo(new byte[0])).isEqualTo(new byte[0]);
  }

  @Test
  void orderOfKeysIsKept() {
    Map<String, Integer> map = new LinkedHashMap<>();
    for (String key : List.of("z", "a", "m", "1")) {
      map.put(key, map.size());
    }

    assertThat((Map<?, ?>) echo(map))
        .satisfies(
            back ->
                assertThat(new ArrayList<Object>(back.keySet()))
                    .isEqualTo(List.of("z", "a", "m", "1")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "__import__('collections').OrderedDict(a=1) | {a=1}",
        "__import__('collections').Counter('aab') | {a=2, b=1}",
        "__import__('collections').defaultdict(list, x=[1]) | {x=[1]}",
        "__import__('collections').namedtuple('P', 'x y')(1, 2) | [1, 2]",
        "(1, (2, 3), ()) | [1, [2, 3], []]",
        "type('Text', (str,), {})('sub') | sub",
        "type('Whole', (int,), {})(5) | 5",
        "type('Real', (float,), {})(0.5) | 0.5",
        "type('Rows', (list,), {})([1]) | [1]",
        "{1, 'a'} - {1} | [a]",
        "frozenset({(1, 2)}) | [[1, 2]]",
        "set() | []",
        "__import__('uuid').UUID(int=1) | 00000000-0000-0000-0000-000000000001",
        "__import__('enum').Enum('Mood', {'SAD': 'sad'}).SAD | SAD",
        "__import__('enum').IntEnum('Level', 'LOW HIGH').HIGH | 2",
        "__import__('enum').StrEnum('Mood', {'SAD': 'sad'}).SAD | sad",
        "type('Whole', (int,), {})(2**70) | 1180591620717411303424",
        "2**63 | 9223372036854775808",
        "-2**63 | -9223372036854775808",
        "1e16 | 1.0E16",
        "float(2**53) | 9.007199254740992E15",
        "{1: 'a', True: 'b'} | {1=b}",
        "datetime.time(1, 2, tzinfo=datetime.timezone.utc) | 01:02Z"
      })
  void pythonValueIsTheJavaValueOfItsKind(String expression, String expected) {
    assertThat(evaluate(expression)).hasToString(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytearray(b'acd')",
        "type('Raw', (bytes,), {})(b'acd')",
        "memoryview(b'acd')",
        "memoryview(b'--acd-')[2:5]",
        "memoryview(b'a-c-d-')[::2]",
        "memoryview(b'dca')[::-1]",
        "memoryview(bytearray(b'acd')).toreadonly()",
        "array.array('b', b'acd')",
        "array.array('B', b'acd')"
      })
  void whatIsLikeBytesIsBytesToo(String expression) {
    assertThat(evaluate(expression)).isEqualTo(new byte[] {'a', 'c', 'd'});
  }

  @Test
  void memoryviewOfNumbersIsItsBytes() {
    assertThat(evaluate("memoryview(array.array('h', [1, 2, 3]))[::2]"))
        .isEqualTo(new byte[] {1, 0, 3, 0});
    assertThatThrownBy(() -> evaluate("(m := memoryview(b'a'), m.release(), m)[2]"))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("released");
  }

  @Test
  void arraysOfOtherNumbersAreRefused() {
    for (String typecode : List.of("H", "I", "L", "Q")) {
      refusedFromPython(
          "{'a': [array.array('" + typecode + "', [1])]}",
          "result.a[0]",
          "an array.array of typecode '" + typecode + "' has no Java form; return its tolist()");
    }
    refusedFromPython("array.array('u', 'ab')", "result", "typecode 'u'");
    assertThat(evaluate("array.array('l', [-1])")).isEqualTo(new long[] {-1});
    assertThat(evaluate("type('Row', (array.array,), {})('d', [1])")).isEqualTo(new double[] {1});
  }

  @Test
  void arraysOfArraysAreListsOfThem() {
    assertThat(terrarium.call("probe", "repr_of", Map.of("v", new int[][] {{1}, {}})))
        .isEqualTo(List.of("list", "[array('i', [1]), array('i')]"));
    assertThat(
            terrarium
                .adapter("probe")
                .call(Command.of("echo", Map.of("v", new int[][] {{1}, {}})).as(int[][].class)))
        .isEqualTo(new int[][] {{1}, {}});
  }

  @Test
  void whatPythonWritesDoesNotChangeTheJavaArray() {
    double[] numbers = {1, 2};
    byte[] bytes = {1, 2};

    assertThat(terrarium.call("probe", "overwrite", Map.of("v", numbers)))
        .isEqualTo(new double[] {7, 2});
    assertThat(numbers).containsExactly(1, 2);
    assertThat(echo(numbers)).isEqualTo(numbers).isNotSameAs(numbers);
    assertThat(echo(bytes)).isEqualTo(bytes).isNotSameAs(bytes);
  }

  @Test
  void whatRemainsInABufferIsBytesAndTheBufferStaysAsItWas() {
    ByteBuffer heap = ByteBuffer.wrap(new byte[] {0, 1, 2, 3, 4}, 1, 3).slice();
    ByteBuffer direct = ByteBuffer.allocateDirect(3).put(new byte[] {1, 2, 3}).flip();

    for (ByteBuffer buffer : List.of(heap, direct, heap.asReadOnlyBuffer())) {
      buffer.position(1);
      assertThat(terrarium.call("probe", "repr_of", Map.of("v", buffer)))
          .isEqualTo(List.of("bytes", "b'\\x02\\x03'"));
      assertThat(buffer.position()).isEqualTo(1);
      assertThat(buffer.remaining()).isEqualTo(2);
    }
    assertThat(echo(ByteBuffer.allocate(0))).isEqualTo(new byte[0]);
  }

  @Test
  void kindOfEachNumberInAListIsKept() {
    assertThat(
            evaluate(
                "[1.0, 1, True, 2**31, 2**63, -0.0, type('Real', (float,), {})(1.0),"
                    + " type('Whole', (int,), {})(1), None, 'x', 1e300, 2**53 + 1]"))
        .isEqualTo(
            Arrays.asList(
                1.0,
                1L,
                true,
                1L << 31,
                BigInteger.TWO.pow(63),
                -0.0,
                1.0,
                1L,
                null,
                "x",
                1e300,
                (1L << 53) + 1));
  }

  @Test
  void timedeltasOfAllLengthsCross() {
    assertThat(evaluate("datetime.timedelta.max"))
        .isEqualTo(Duration.ofDays(1_000_000_000).minusNanos(1_000));
    assertThat(evaluate("datetime.timedelta.min")).isEqualTo(Duration.ofDays(-999_999_999));
    assertThat(echo(Duration.ofDays(999_999_999))).isEqualTo(Duration.ofDays(999_999_999));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "object() | object",
        "len | builtin_function_or_method",
        "lambda: 1 | function",
        "(i for i in [1]) | generator",
        "1j | complex",
        "range(3) | range",
        "int | type",
        "ValueError('x') | ValueError",
        "sys | module",
        "ProbeError | type",
        "ProbeError('x') | terrarium_user_probe.ProbeError",
        "__import__('enum').Flag('F', 'A B', module='m')(0) | m.F",
        "__import__('collections').deque([1]) | collections.deque",
        "__import__('fractions').Fraction(1, 3) | fractions.Fraction"
      })
  void pythonValueThatIsNoPlainDataIsRefusedWithPathAndType(String expression, String type) {
    refusedFromPython(expression, "result", "of type " + type + " is not plain data");
    refusedFromPython(
        "{'a': [0, " + expression + "]}", "result.a[1]", "of type " + type + " is not plain data");
  }

  @Test
  void generatorAndDataclassAreRefusedWithAdvice() {
    refusedFromPython("(i for i in [1])", "result", "Call the command by `stream`, or return a");
    refusedFromPython(
        "__import__('dataclasses').make_dataclass('Item', ['name'])('x')",
        "result",
        "Return `dataclasses.asdict(x)`.");
  }

  private void refusedFromPython(String expression, String path, String message) {
    assertThatThrownBy(() -> evaluate(expression))
        .as(expression)
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo(path))
        .hasMessageContaining(message);
  }

  @Test
  void pythonValuesWithoutAJavaFormAreRefused() {
    refusedFromPython("['a', '\\ud800']", "result[1]", "lone surrogate");
    refusedFromPython("'\\udc00\\ud800'", "result", "lone surrogate");
    refusedFromPython("{'\\ud800': 1}", "result.<key>", "lone surrogate");
    refusedFromPython("{'a': {1.5: 1}}", "result.a", "keys that can cross are str, int and bool");
    refusedFromPython("{None: 1}", "result", "a dict key is of type NoneType; keys that can");
    refusedFromPython("{(1, 2): 1}", "result", "a dict key is of type tuple; keys that can");
    refusedFromPython("{b'a': 1}", "result", "a dict key is of type bytes; keys that can cross");
    refusedFromPython("{2**64: 1}", "result", "a dict key is of type int, beyond 64 bits; keys");
    refusedFromPython("[decimal.Decimal('NaN')]", "result[0]", "no BigDecimal form");
    refusedFromPython("decimal.Decimal('-Infinity')", "result", "no BigDecimal form");
    refusedFromPython("decimal.Decimal('1E+9999999999')", "result", "no BigDecimal form");
    refusedFromPython(
        "datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=23)))",
        "result",
        "no java.time form");
  }

  @Test
  void pythonValueThatContainsItselfIsRefused() {
    assertThatThrownBy(() -> evaluate("(l := [], l.append(l), l)[2]"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At result[0][0]")
        .hasMessageContaining("nested deeper than 500 levels, or contains itself");
    assertThatThrownBy(() -> evaluate("(d := {}, d.update(d=d), d)[2]"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At result.d.d.d");
  }

  static Stream<Arguments> withoutPythonForm() {
    return Stream.of(
        arguments(new Thread(), "args.v", "java.lang.Thread has no Python form"),
        arguments(new Object(), "args.v", "java.lang.Object has no Python form"),
        arguments(List.of(1, new Object()), "args.v[1]", "java.lang.Object has no Python form"),
        arguments(Map.of("a", List.of(new Object())), "args.v.a[0]", "has no Python form"),
        arguments(new Object[] {1, new Thread()}, "args.v[1]", "has no Python form"),
        arguments(Path.of("/a/b"), "args.v", "has no Python form"),
        arguments(Map.of(1.5, "a"), "args.v", "a key is of java.lang.Double"),
        arguments(Collections.singletonMap(null, "a"), "args.v", "a key is null"),
        arguments("a\ud800", "args.v", "lone surrogate"),
        arguments("\udc00\ud800", "args.v", "lone surrogate"),
        arguments('\ud800', "args.v", "lone surrogate"),
        arguments(Map.of("a\udc00", 1), "args.v.a\udc00", "lone surrogate"),
        arguments(LocalTime.of(1, 1, 1, 1), "args.v", "has nanoseconds"),
        arguments(Instant.MAX, "args.v", "Python's years are 1 to 9999"),
        arguments(LocalDate.of(0, 1, 1), "args.v", "Python's years are 1 to 9999"),
        arguments(Duration.ofSeconds(Long.MAX_VALUE), "args.v", "does not fit in a timedelta"));
  }

  @ParameterizedTest
  @MethodSource("withoutPythonForm")
  void javaValueWithoutPythonFormIsRefusedWithThePath(Object value, String path, String message) {
    assertThatThrownBy(() -> echo(value))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo(path))
        .hasMessageContaining(message);
  }

  @Test
  void collectionThatCannotBeReadToItsEndIsNamedWithItsPlace() {
    ConcurrentModificationException changed = new ConcurrentModificationException();
    Iterator<Object> breaking =
        new Iterator<>() {
          private int left = 2;

          @Override
          public boolean hasNext() {
            return true;
          }

          @Override
          public Object next() {
            if (left-- == 0) {
              throw changed;
            }
            return 1;
          }
        };
    Iterable<Object> list = () -> breaking;
    Map<Object, Object> map =
        new AbstractMap<>() {
          @Override
          public Set<Entry<Object, Object>> entrySet() {
            throw changed;
          }
        };

    for (Object value : List.of(list, map)) {
      assertThatThrownBy(() -> echo(Map.of("a", Arrays.asList(0, value))))
          .isInstanceOfSatisfying(
              ConversionException.class, e -> assertThat(e.path()).isEqualTo("args.v.a[1]"))
          .hasMessageContaining("could not be read: java.util.ConcurrentModificationException")
          .hasCause(changed);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void mapThatHasAnotherSizeThanItSaysCrossesAsItIs(int size) {
    Map<String, Object> entries = Map.of("a", 1L, "b", 2L, "c", 3L);
    Map<String, Object> map =
        new AbstractMap<>() { // such as one that other threads change meanwhile
          @Override
          public int size() {
            return size;
          }

          @Override
          public Set<Entry<String, Object>> entrySet() {
            return entries.entrySet();
          }
        };

    assertThat(echo(map)).isEqualTo(entries);
  }

  record Kinds(
      UUID id,
      URI place,
      Set<Mood> moods,
      OptionalInt count,
      OptionalLong size,
      OptionalDouble share,
      Year since,
      YearMonth due,
      Period every) {}

  @Test
  void recordsOfRarerKindsComeBackAsTheirType() {
    Kinds some =
        new Kinds(
            new UUID(1, 2),
            URI.create("urn:a"),
            Set.of(Mood.SAD),
            OptionalInt.of(1),
            OptionalLong.empty(),
            OptionalDouble.of(0.5),
            Year.of(2024),
            YearMonth.of(2024, 12),
            Period.ofMonths(3));

    assertThat(
            terrarium.adapter("probe").call(Command.of("echo", Map.of("v", some)).as(Kinds.class)))
        .isEqualTo(some);
  }

  @Test
  void javaValueThatContainsItselfIsRefused() {
    List<Object> list = new ArrayList<>();
    list.add(list);
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("me", map);

    for (Object value : List.of(list, map)) {
      assertThatThrownBy(() -> echo(value))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("nested deeper than 500 levels, or contains itself");
    }
  }

  @Test
  void keysThatPythonHoldsForTheSameAreRefused() {
    Map<Object, String> map = new LinkedHashMap<>();
    map.put(1, "int");
    map.put(true, "bool");

    assertThatThrownBy(() -> echo(map))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("args.v"))
        .hasMessageContaining("the same key in Python");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 490})
  void deepValuesCrossBothWays(int depth) {
    Object value = "core";
    for (int i = 0; i < depth; i++) {
      value = i % 2 == 0 ? List.of(value) : Map.of("k", value);
    }

    assertThat(echo(value)).isEqualTo(value);
  }

  @Test
  void numbersAreNotCountedAsLessDeepThanTexts() {
    Object texts = "core";
    Object numbers = 1.0;
    for (int i = 1; i < Marshaller.MAX_DEPTH; i++) {
      texts = List.of(texts);
      numbers = List.of(numbers);
    }

    assertThat(echo(numbers)).isEqualTo(numbers);
    assertThat(echo(texts)).isEqualTo(texts);
    for (Object tooDeep : List.of(List.of(numbers), List.of(texts))) {
      assertThatThrownBy(() -> echo(tooDeep))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("nested deeper than 500 levels");
    }
  }

  @Test
  void tenThousandLevelsAreRefusedBothWays() {
    Object deep = "core";
    for (int i = 0; i < 10_000; i++) {
      deep = List.of(deep);
    }
    Object tooDeep = deep;

    assertThatThrownBy(() -> echo(tooDeep))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("nested deeper than 500 levels");
    assertThatThrownBy(
            () ->
                evaluate(
                    "__import__('functools').reduce(lambda inner, _: [inner], range(10000),"
                        + " 'core')"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("nested deeper than 500 levels");
  }

  @Test
  void longTextsAndListsCross() {
    String text = "é😀x".repeat(200_000);
    List<Long> numbers = Stream.iterate(0L, i -> i + 1).limit(20_000).toList();

    assertThat(echo(text)).isEqualTo(text);
    assertThat(echo(numbers)).isEqualTo(numbers);
    assertThat(echo(numbers.stream().mapToDouble(each -> each / 2.0).toArray()))
        .isEqualTo(numbers.stream().mapToDouble(each -> each / 2.0).toArray());
  }

  @Test
  void recordsComeBackAsTheirType() {
    Point point = new Point(4, Optional.of("here"), List.of(Mood.SAD, Mood.HAPPY));

    assertThat(
            terrarium.adapter("probe").call(Command.of("echo", Map.of("v", point)).as(Point.class)))
        .isEqualTo(point);
  }

  record Broken(int score) {
    @Override
    public int score() {
      throw new IllegalStateException("no score");
    }
  }

  @Test
  void recordThatCannotBeReadIsNamedWithItsPlace() {
    assertThatThrownBy(() -> echo(List.of(new Broken(1))))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("args.v[0].score"))
        .hasMessageContaining("the record's accessor failed: java.lang.IllegalStateException");
  }

  @SuppressWarnings("ArrayRecordComponent") // users have them
  record Table(double[] weights, List<Double> shares, int[] counts, ByteBuffer raw) {}

  @Test
  void recordsOfNumbersComeBackAsTheirType() {
    Table table =
        new Table(
            new double[] {1, 0.5},
            List.of(1.0, 2.0),
            new int[] {3},
            ByteBuffer.wrap(new byte[] {4}));

    Table back =
        terrarium.adapter("probe").call(Command.of("echo", Map.of("v", table)).as(Table.class));

    assertThat(back.weights()).containsExactly(1, 0.5);
    assertThat(back.shares()).containsExactly(1.0, 2.0);
    assertThat(back.counts()).containsExactly(3);
    assertThat(back.raw()).isEqualTo(table.raw());
  }

  @Test
  void failuresLeaveTheContextAsItWas() {
    for (int i = 0; i < 4; i++) {
      assertThatThrownBy(() -> echo(new Object())).isInstanceOf(ConversionException.class);
      assertThat(SharedTerrarium.get().call("probe", "echo", Map.of("v", "fine")))
          .isEqualTo("fine");
    }
  }
}
