package dev.terrarium.hostmodules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.spi.HostFunction;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The texts and values are those of orjson 3.13.0 on CPython. */
class OrjsonTest {

  private static HostFunction function(String name) {
    return Objects.requireNonNull(new Orjson().functions().get(name));
  }

  private static @Nullable Object loads(String text) {
    return function("orjson.loads").call(List.of(text));
  }

  private static @Nullable Object dumps(@Nullable Object value, long flags) {
    return function("orjson.dumps").call(Arrays.asList(value, flags));
  }

  @ParameterizedTest
  @CsvSource({
    "1e16,1e+16",
    "1.5e16,1.5e+16",
    "1e15,1000000000000000.0",
    "12345678.9,12345678.9",
    "1e7,10000000.0",
    "0.0005,0.0005",
    "1e-5,0.00001",
    "1.5e-5,0.000015",
    "9.9e-6,9.9e-6",
    "1e-7,1e-7",
    "1e300,1e+300",
    "4.9e-324,4.9e-324",
    "-0.0,-0.0",
    "0,0.0",
    "NaN,null",
    "-Infinity,null",
  })
  void doublesAreWrittenAsOrjsonDoes(double value, String expected) {
    assertThat(dumps(List.of(value), 0)).isEqualTo("[" + expected + "]");
  }

  @Test
  void layoutFollowsTheFlags() {
    Map<String, Object> value = Map.of("b", List.of(1L), "a", List.of());

    assertThat(dumps(value, 1 | 1 << 5)).isEqualTo("{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}");
  }

  @Test
  void integersOfSixtyFourBitsStayAndLargerOnesBecomeDoubles() {
    assertThat(loads("[18446744073709551615, -9223372036854775808, 7]"))
        .isEqualTo(List.of(new BigInteger("18446744073709551615"), Long.MIN_VALUE, 7));
    assertThat(loads("{\"a\": [18446744073709551616, -9223372036854775809]}"))
        .isEqualTo(Map.of("a", List.of(1.8446744073709552e19, (double) Long.MIN_VALUE)));
    assertThatThrownBy(() -> loads("[1e400]"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("infinity");
  }

  @Test
  void longNamesAreRead() {
    String name = "k".repeat(60_000);

    assertThat(loads("{\"" + name + "\": 1}")).isEqualTo(Map.of(name, 1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {"[1 2] ~ 3", "[\"\ud83d\ude00\ud83d\ude00\ud83d\ude00\" 2] ~ 7", "{\"a\":} ~ 5"})
  void errorPositionsCountCharacters(String text, int place) {
    assertThatThrownBy(() -> loads(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("(char " + place + ")");
  }
}
