package dev.terrarium.python.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Callback;
import dev.terrarium.Command;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.spi.HostFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The numpy of this module's jar, in a framework of a user's own. One Terrarium serves all. */
@Tag("graalpy")
class NumpyTest {

  private static final Terrarium TERRARIUM = start();

  private static Terrarium start() {
    Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(2).build());
    // guide: scaling
    terrarium.register(Framework.fromResource("/figures.py").withPackages("numpy"));
    double[] numbers = {1, 2, 3};
    double[] scaled =
        terrarium
            .adapter("figures")
            .call(Command.of("scaled", Map.of("numbers", numbers, "by", 2)).as(double[].class));
    // end
    assertThat(scaled).containsExactly(2, 4, 6);
    return terrarium;
  }

  @AfterAll
  static void close() {
    TERRARIUM.close();
  }

  private static @Nullable Object call(String command, Map<String, ?> arguments) {
    return TERRARIUM.call("figures", command, arguments);
  }

  @Test
  void arraysAreIndexedSortedMultipliedAndCounted() {
    assertThat(call("arrays", Map.of()))
        .isEqualTo(
            List.of(
                "2.2.6",
                List.of(38.0, 126.0, 214.0),
                List.of(0.0, 3.0, 6.0, 9.0),
                List.of(6.0, 7.0, 15.0, 17.0),
                List.of("a", "b", "c"),
                9.9,
                List.of(1L, 2L),
                "2026-02-01",
                List.of(2.5)));
  }

  @Test
  void linearAlgebraIsExactWithoutBlas() {
    assertThat(call("algebra", Map.of()))
        .isEqualTo(
            Map.of(
                "solved",
                List.of(1.0, 2.0, 3.0),
                "determinant",
                43.0,
                "eigenvalues",
                List.of(1.854897, 3.476024, 6.669079),
                "svd",
                true,
                "qr",
                true,
                "inverse",
                true,
                "fft",
                List.of(0.0, 2.0, 0.0, 2.0),
                "blas",
                false));
  }

  /** The first numbers that CPython gives for these seeds. */
  @Test
  void randomNumbersAreThoseOfTheSeed() {
    assertThat(call("random", Map.of()))
        .isEqualTo(List.of(0.22733602246716966, List.of(51L, 92L, 14L)));
  }

  @Test
  void scalarsThatAreFloatsTextsOrBytesArePlainData() {
    Map<?, ?> scalars = (Map<?, ?>) Objects.requireNonNull(call("scalars", Map.of()));

    assertThat((byte[]) scalars.remove("raw")).containsExactly('a', 'b');
    assertThat(scalars)
        .isEqualTo(Map.of("one", 1.5, "more", List.of(2.0, Double.NaN), "key", "text"));
  }

  @ParameterizedTest
  @CsvSource({"array, numpy.ndarray", "integer, numpy.int64", "boolean, numpy.bool"})
  void whatIsNoPlainDataIsNamed(String what, String type) {
    assertThatThrownBy(() -> call("not_plain", Map.of("what", what)))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("a Python value of type " + type + " is not plain data");
  }

  @Test
  void arraysAreSavedAndLoaded(@TempDir Path folder) {
    List<?> one = List.of(List.of(0L, 1L, 2L), List.of(3L, 4L, 5L));
    List<?> two = List.of(List.of(1.5, 2.0), List.of(2.5, 3.0));

    assertThat(call("saved", Map.of("folder", folder.toString())))
        .isEqualTo(
            Map.of(
                "one",
                one,
                "two",
                two,
                "packed",
                List.of(one, two),
                "text",
                List.of(List.of(0.0, 1.0, 2.0), List.of(3.0, 4.0, 5.0))));
    assertThat(folder.resolve("one.npy")).hasSize(128 + 6 * 4);
  }

  /** They need file descriptors of the process, and Python's files are Java's. */
  @ParameterizedTest
  @ValueSource(strings = {"to_file", "from_file", "mapped"})
  void whatGoesBelowPythonsFilesIsRefusedByName(String command, @TempDir Path folder)
      throws Exception {
    call("saved", Map.of("folder", folder.toString()));
    Path file = folder.resolve("one.npy");
    byte[] before = Files.readAllBytes(file);

    assertThatThrownBy(() -> call(command, Map.of("file", file.toString())))
        .isInstanceOf(PythonException.class)
        .hasMessageMatching("(?s).*(NotImplementedError|UnsupportedOperation).*'java' (?i)posix.*");
    if (!command.equals("to_file")) {
      assertThat(file).hasBinaryContent(before);
    }
  }

  @Test
  void twoContextsWorkAtOnce() throws Exception {
    Phaser meeting = new Phaser(2);
    HostFunction together = Callback.of(() -> meeting.arriveAndAwaitAdvance());
    List<Object> contexts = new ArrayList<>();
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      calls.add(
          TERRARIUM.adapter("figures").callAsync(Command.of("work", Map.of("together", together))));
    }
    for (Future<?> each : calls) {
      List<?> result = (List<?>) each.get(120, TimeUnit.SECONDS);
      contexts.add(result.getFirst());
      assertThat(result.get(1)).isEqualTo(1580.0);
    }

    assertThat(contexts).doesNotHaveDuplicates();
  }
}
