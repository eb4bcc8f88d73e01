package dev.terrarium.internal.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.MessageFormat;
import dev.terrarium.Terrarium;
import dev.terrarium.spi.TypeSpec;
import dev.terrarium.spi.TypedReader;
import dev.terrarium.testing.GraalPyTest;
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
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The rows of the table, and whether Python's side has the same. */
@GraalPyTest
class ScalarTest {

  /** One value for each row. */
  private static final Map<Scalar, Object> EXAMPLES =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(Scalar.BOOLEAN, true),
              Map.entry(Scalar.STRING, "é"),
              Map.entry(Scalar.CHARACTER, 'x'),
              Map.entry(Scalar.BYTE, (byte) -1),
              Map.entry(Scalar.SHORT, (short) 300),
              Map.entry(Scalar.INTEGER, 7),
              Map.entry(Scalar.LONG, 1L << 40),
              Map.entry(Scalar.BIG_INTEGER, BigInteger.TWO.pow(70)),
              Map.entry(Scalar.FLOAT, 0.5f),
              Map.entry(Scalar.DOUBLE, 0.1),
              Map.entry(Scalar.DECIMAL, new BigDecimal("1.50")),
              Map.entry(Scalar.BYTES, new byte[] {1, -1}),
              Map.entry(Scalar.BYTE_BUFFER, ByteBuffer.wrap(new byte[] {1, -1})),
              Map.entry(Scalar.DATE, LocalDate.of(2024, 2, 29)),
              Map.entry(Scalar.TIME, LocalTime.of(1, 2, 3)),
              Map.entry(Scalar.OFFSET_TIME, OffsetTime.parse("01:02:03+02:00")),
              Map.entry(Scalar.DATE_TIME, LocalDateTime.parse("2024-02-29T01:02:03")),
              Map.entry(Scalar.OFFSET_DATE_TIME, OffsetDateTime.parse("2024-02-29T01:02:03+02:00")),
              Map.entry(
                  Scalar.ZONED_DATE_TIME,
                  ZonedDateTime.parse("2024-02-29T01:02:03+01:00[Europe/Berlin]")),
              Map.entry(Scalar.INSTANT, Instant.parse("2024-02-29T01:02:03Z")),
              Map.entry(Scalar.DURATION, Duration.ofMillis(-1500)),
              Map.entry(Scalar.YEAR, Year.of(2024)),
              Map.entry(Scalar.YEAR_MONTH, YearMonth.of(2024, 2)),
              Map.entry(Scalar.PERIOD, Period.of(1, -2, 3)),
              Map.entry(Scalar.UUID, new UUID(1, 2)),
              Map.entry(Scalar.URI, URI.create("urn:a"))));

  private final Terrarium terrarium;

  ScalarTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  private static Object example(Scalar scalar) {
    return Objects.requireNonNull(EXAMPLES.get(scalar), scalar + " has no example");
  }

  /** Evaluates an expression of a module of the bridge, which is called {@code it}. */
  private @Nullable Object evaluate(String module, String expression) {
    String function = "(lambda it: " + expression + ")";
    String argument = "(__import__('terrarium.bridge." + module + "', fromlist=['it']))";
    return terrarium.call("probe", "evaluate", Map.of("expression", function + argument));
  }

  @ParameterizedTest
  @EnumSource(Scalar.class)
  void valueComesBackAsItsClass(Scalar scalar) {
    Object value = example(scalar);

    Object plain = terrarium.call("probe", "echo", Map.of("v", value));

    assertThat(TypedReader.read(plain, (Type) scalar.type(), "result")).isEqualTo(value);
    assertThat(scalar).isSameAs(Scalar.of(value)).isSameAs(Scalar.ofType(scalar.type()));
  }

  static Stream<Scalar> made() {
    return Arrays.stream(Scalar.values()).filter(each -> each.kind() != null);
  }

  @Test
  void pythonMakesTheKindsOfTheTableAndNoOthers() {
    assertThat(evaluate("embed", "list(it.MAKERS)"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .hasSameElementsAs(made().map(Scalar::kind).collect(Collectors.toSet()));
  }

  @ParameterizedTest
  @MethodSource("made")
  void pythonTellsTheKindOfWhatItMakes(Scalar scalar) {
    Object text = scalar.toPython(example(scalar), "value");

    Object described =
        evaluate("embed", "it.kind(it.MAKERS['" + scalar.kind() + "']('" + text + "'))");

    assertThat(described).asString().matches(scalar.kind() + "(:.*)?");
  }

  @ParameterizedTest
  @MethodSource("made")
  void handlersCanBeAnnotatedWithWhatPythonMakes(Scalar scalar) {
    Object typeAndRepr = terrarium.call("probe", "repr_of", Map.of("v", example(scalar)));

    assertThat(evaluate("annotations", "[name for module, name in it._SIMPLE]"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .contains(((List<?>) Objects.requireNonNull(typeAndRepr)).getFirst());
  }

  /** The kinds of the type language that are no row of the table. */
  private static final List<String> NO_SCALARS =
      List.of("enum", "list", "map", "native", "optional", "record");

  @Test
  void bridgesKnowTheSchemaTypesOfTheTableAndNoOthers() {
    assertThat(evaluate("types", "it.KINDS"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .filteredOn(each -> !NO_SCALARS.contains(each))
        .hasSameElementsAs(
            Arrays.stream(Scalar.values())
                .map(Scalar::schema)
                .filter(Objects::nonNull)
                .map(schema -> schema.get("type"))
                .collect(Collectors.toSet()));
  }

  @Test
  void fieldsHaveTheSchemasOfTheTable() {
    for (Scalar scalar : Scalar.values()) {
      if (scalar.schema() != null) {
        assertThat(TypeSpec.of(scalar.type(), "x")).isEqualTo(scalar.schema());
      }
    }
  }

  static Stream<Scalar> tagged() {
    return Arrays.stream(Scalar.values()).filter(each -> each.tag() != null);
  }

  @ParameterizedTest
  @MethodSource("tagged")
  void messagesCarryWhatHasATag(Scalar scalar) {
    for (MessageFormat format : MessageFormat.values()) {
      byte[] message = format.write(Map.of("v", example(scalar)));
      assertThat(format.read(message, message.length)).containsEntry("v", example(scalar));
    }
    assertThat(scalar.parse(example(scalar).toString())).isEqualTo(example(scalar));
  }

  @Test
  void tagsAndExtensionsStandForEachOther() {
    Map<String, Byte> extensions =
        tagged()
            .collect(
                Collectors.toMap(
                    each -> Objects.requireNonNull(each.tag()),
                    Scalar::extension,
                    (one, same) -> {
                      assertThat(one).isEqualTo(same);
                      return one;
                    }));
    assertThat(extensions.values()).doesNotHaveDuplicates();
    for (NumberArray each : NumberArray.values()) {
      assertThat(extensions).doesNotContainKey(each.tag()).doesNotContainValue(each.extension());
    }
  }
}
