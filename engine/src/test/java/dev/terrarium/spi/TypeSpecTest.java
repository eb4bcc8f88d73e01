package dev.terrarium.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.terrarium.Describe;
import dev.terrarium.error.ConversionException;
import dev.terrarium.tool.Tool;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TypeSpecTest {

  enum Mood {
    HAPPY,
    SAD
  }

  static Stream<Arguments> simple() {
    return Stream.of(
        arguments(String.class, "string"),
        arguments(boolean.class, "boolean"),
        arguments(Boolean.class, "boolean"),
        arguments(BigInteger.class, "integer"),
        arguments(double.class, "number"),
        arguments(Double.class, "number"),
        arguments(BigDecimal.class, "decimal"),
        arguments(LocalDate.class, "date"),
        arguments(LocalDateTime.class, "datetime"));
  }

  @NativeType("Picture")
  record Photo(String url) {}

  record Album(List<Photo> photos) {}

  @Test
  void typeOfAFrameworksOwnHasTheFrameworksName() {
    Map<String, Object> photo = Map.of("type", "native", "name", "Picture");

    assertThat(TypeSpec.of(Photo.class, "x")).isEqualTo(photo);
    assertThat(TypeSpec.fields(Album.class).getFirst().get("type"))
        .isEqualTo(Map.of("type", "list", "items", photo));
  }

  @Test
  void typeOfAFrameworksOwnIsNoParameterOfATool() {
    assertThatThrownBy(() -> Tool.of("show", "Shows photos.", Album.class, Album::photos))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("cannot be a Picture, a framework's own type");
  }

  @ParameterizedTest
  @MethodSource("simple")
  void simpleTypes(Class<?> type, String name) {
    assertThat(TypeSpec.of(type, "x")).isEqualTo(Map.of("type", name));
  }

  static Stream<Arguments> bounded() {
    double most = Float.MAX_VALUE;
    return Stream.of(
        arguments(byte.class, Byte.class, "integer", -128L, 127L),
        arguments(short.class, Short.class, "integer", -32768L, 32767L),
        arguments(int.class, Integer.class, "integer", -2147483648L, 2147483647L),
        arguments(long.class, Long.class, "integer", Long.MIN_VALUE, Long.MAX_VALUE),
        arguments(float.class, Float.class, "number", -most, most));
  }

  @ParameterizedTest
  @MethodSource("bounded")
  void numbersHaveTheBoundsOfTheirJavaType(
      Class<?> primitive, Class<?> boxed, String name, Number minimum, Number maximum) {
    Map<String, Object> expected = Map.of("type", name, "minimum", minimum, "maximum", maximum);
    assertThat(TypeSpec.of(primitive, "x")).isEqualTo(expected);
    assertThat(TypeSpec.of(boxed, "x")).isEqualTo(expected);
  }

  private static final Map<String, Object> INTEGER =
      Map.of("type", "integer", "minimum", -2147483648L, "maximum", 2147483647L);

  @Test
  void optionalsOfPrimitivesAreOptional() {
    assertThat(TypeSpec.of(OptionalInt.class, "x"))
        .isEqualTo(Map.of("type", "optional", "of", INTEGER));
    assertThat(TypeSpec.of(OptionalLong.class, "x"))
        .isEqualTo(Map.of("type", "optional", "of", TypeSpec.of(long.class, "x")));
    assertThat(TypeSpec.of(OptionalDouble.class, "x"))
        .isEqualTo(Map.of("type", "optional", "of", Map.of("type", "number")));
  }

  @Test
  void enumListsItsNames() {
    assertThat(TypeSpec.of(Mood.class, "x"))
        .isEqualTo(Map.of("type", "enum", "values", List.of("HAPPY", "SAD")));
  }

  @Describe("a part")
  record Part(@Describe("how many") int count, Mood mood) {}

  @SuppressWarnings("ArrayRecordComponent") // users have them
  record Whole(
      Part one,
      List<Part> list,
      Set<String> set,
      Map<String, Double> map,
      Optional<LocalDate> maybe,
      String[] array,
      List<List<Integer>> nested,
      Part twice) {}

  @Test
  void recordHasItsFieldsInOrderWithDescriptions() {
    Map<String, @Nullable Object> spec = TypeSpec.of(Part.class, "x");

    assertThat(spec)
        .containsEntry("type", "record")
        .containsEntry("name", "Part")
        .containsEntry("description", "a part");
    assertThat(TypeSpec.fields(Part.class)).isEqualTo(spec.get("fields"));
    assertThat(TypeSpec.fields(Part.class).getFirst())
        .isEqualTo(Map.of("name", "count", "type", INTEGER, "description", "how many"));
    assertThat(TypeSpec.fields(Part.class).getLast())
        .containsEntry("name", "mood")
        .containsEntry("description", null);
  }

  @Test
  void fieldsOfNestedTypes() {
    List<Map<String, @Nullable Object>> fields = TypeSpec.fields(Whole.class);

    assertThat(fields.stream().map(field -> String.valueOf(field.get("name"))))
        .containsExactly("one", "list", "set", "map", "maybe", "array", "nested", "twice");
    assertThat(String.valueOf(fields.get(1).get("type")))
        .contains("type=list")
        .contains("name=Part");
    assertThat(fields.get(2).get("type"))
        .isEqualTo(Map.of("type", "list", "items", Map.of("type", "string")));
    assertThat(fields.get(3).get("type"))
        .isEqualTo(Map.of("type", "map", "values", Map.of("type", "number")));
    assertThat(fields.get(4).get("type"))
        .isEqualTo(Map.of("type", "optional", "of", Map.of("type", "date")));
    assertThat(fields.get(5).get("type"))
        .isEqualTo(Map.of("type", "list", "items", Map.of("type", "string")));
    assertThat(fields.get(6).get("type"))
        .isEqualTo(Map.of("type", "list", "items", Map.of("type", "list", "items", INTEGER)));
  }

  @ParameterizedTest
  @ValueSource(classes = {Thread.class, Object.class, byte[].class, char.class, Duration.class})
  void unsupportedTypesAreNamed(Class<?> type) {
    assertThatThrownBy(() -> TypeSpec.of(type, "x.y"))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("x.y"))
        .hasMessageContaining("the type " + type.getTypeName() + " cannot be a field");
  }

  record Threads(Map<String, List<Thread>> threads) {}

  @Test
  void pathLeadsToTheUnsupportedType() {
    assertThatThrownBy(() -> TypeSpec.fields(Threads.class))
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo("Threads.threads.*[]"));
  }

  record Keys(Map<Integer, String> map) {}

  @Test
  void mapKeysMustBeTexts() {
    assertThatThrownBy(() -> TypeSpec.fields(Keys.class))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At Keys.map: a Map's keys must be String");
  }

  record Raw(@SuppressWarnings("rawtypes") List list) {}

  @Test
  void rawCollectionIsRefused() {
    assertThatThrownBy(() -> TypeSpec.fields(Raw.class)).isInstanceOf(ConversionException.class);
  }

  record Tree(String name, List<Tree> children) {}

  record Left(Optional<Right> right) {}

  record Right(Left left) {}

  @Test
  void recordsThatContainThemselvesAreRefused() {
    assertThatThrownBy(() -> TypeSpec.fields(Tree.class))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At Tree.children[]: ")
        .hasMessageContaining("contains itself; flatten it");
    assertThatThrownBy(() -> TypeSpec.fields(Left.class))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At Left.right.left: ");
  }
}
