package dev.terrarium.internal.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.AccessProfile;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes of all sizes, which cross in two ways, in contexts of all profiles. */
@GraalPyTest
class BulkBytesTest {

  private static final int BULK = 16 << 10;

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static @Nullable Object echo(Terrarium terrarium, Object value) {
    return terrarium.call("probe", "echo", Map.of("v", value));
  }

  private static @Nullable Object evaluate(Terrarium terrarium, String expression) {
    return terrarium.call("probe", "evaluate", Map.of("expression", expression));
  }

  @ParameterizedTest
  @EnumSource
  void bytesOfAllSizesCross(AccessProfile profile) {
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).build();
    try (Terrarium terrarium = Terrarium.start(config)) {
      terrarium.register(SharedTerrarium.probe().withAccess(profile));
      for (int size : new int[] {0, 1, BULK - 1, BULK, BULK + 1, 100_000, 5_000_000}) {
        byte[] bytes = random(size);
        assertThat((byte[]) echo(terrarium, bytes)).isEqualTo(bytes);
      }
      byte[] bytes = random(8 * BULK);
      double[] numbers = new double[BULK];
      numbers[BULK - 1] = 1;
      List<Object> several = List.of(ByteBuffer.wrap(bytes), numbers, "x", bytes);
      assertThat(PlainValues.comparable(echo(terrarium, several)))
          .isEqualTo(PlainValues.comparable(List.of(bytes, numbers, "x", bytes)));

      assertThat(evaluate(terrarium, "[sys.stdin.read(), len(os.read(0, 5))]"))
          .isEqualTo(List.of("", 0L));
      if (profile == AccessProfile.TRUSTED) { // whose context is not used again
        evaluate(terrarium, "os.close(0)");
        assertThat((byte[]) echo(terrarium, bytes)).as("without an input").isEqualTo(bytes);
        evaluate(terrarium, "os.open(os.__file__, os.O_RDONLY)");
        assertThat((byte[]) echo(terrarium, bytes)).as("with another input").isEqualTo(bytes);
      }
    }
  }
}
