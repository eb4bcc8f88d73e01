package dev.terrarium.dspy.internal.frozen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests whose expected values are those of Python. */
class PythonTextTest {

  @ParameterizedTest
  @CsvSource({
    "0.0, 0.0",
    "-0.0, -0.0",
    "1, 1.0",
    "-2.5, -2.5",
    "0.1, 0.1",
    "1e15, 1000000000000000.0",
    "9007199254740993, 9007199254740992.0",
    "1e16, 1e+16",
    "1.5e300, 1.5e+300",
    "2e23, 2e+23",
    "0.0001, 0.0001",
    "0.00012, 0.00012",
    "0.00001, 1e-05",
    "-1.25e-7, -1.25e-07",
    "2.2250738585072014e-308, 2.2250738585072014e-308",
    "1.7976931348623157e308, 1.7976931348623157e+308"
  })
  void numbersAreWrittenAsPythonDoes(double number, String text) throws Exception {
    assertThat(PythonText.repr(number)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.MIN_VALUE})
  void numbersThatJavaWritesDifferentlyAreRefused(double number) {
    assertThatThrownBy(() -> PythonText.repr(number)).isInstanceOf(NotExactException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "2024-02-29T00:00, 2024-02-29T00:00:00",
    "0001-01-02T03:04:05, 0001-01-02T03:04:05",
    "9999-12-31T23:59:59.12, 9999-12-31T23:59:59.120000"
  })
  void timesAreWrittenAsPythonDoes(LocalDateTime time, String text) throws Exception {
    assertThat(PythonText.isoformat(time)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0000-01-01T00:00", "+10000-01-01T00:00", "2024-01-01T00:00:00.0000001"})
  void timesBeyondPythonsRangeAreRefused(LocalDateTime time) {
    assertThatThrownBy(() -> PythonText.isoformat(time)).isInstanceOf(NotExactException.class);
  }

  @Test
  void linesEndWherePythonEndsThem() {
    assertThat(PythonText.splitLines("a\r\nb\rc\n\nd\n")).containsExactly("a", "b", "c", "", "d");
    assertThat(PythonText.splitLines("")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u000b", "\f", "\u001c", "\u001e", "\u0085", "\u2028", "\u2029"})
  void rareLineEndsAreThoseOfCPython(String end) {
    assertThat(PythonText.splitLines("a" + end + "b\u001fc")).containsExactly("a", "b\u001fc");
  }

  @Test
  void whiteSpaceIsThatOfPython() {
    assertThat(PythonText.strip("\u00a0\u001f\u3000 a b\u0085\n")).isEqualTo("a b");
    assertThat(PythonText.strip("\u200b")).as("no space to Python").isEqualTo("\u200b");
    assertThat(PythonText.strip(" \n ")).isEmpty();
  }

  @Test
  void textsAreQuotedAsPythonDoes() {
    StringBuilder out = new StringBuilder();
    PythonText.quote(out, "a\"\\\n\r\t\f\b\u0001\u001f\u007f/é😀\u2028");
    assertThat(out).hasToString("\"a\\\"\\\\\\n\\r\\t\\f\\b\\u0001\\u001f\u007f/é😀\u2028\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\ud800", "\ud800a", "\udc00", "\udc00\ud800"})
  void unpairedSurrogateIsRefused(String text) {
    assertThatThrownBy(() -> PythonText.checked(text)).isInstanceOf(NotExactException.class);
  }
}
