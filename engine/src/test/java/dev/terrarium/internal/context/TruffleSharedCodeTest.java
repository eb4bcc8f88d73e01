package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import com.oracle.truffle.api.source.Source;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the code of a module is found in what GraalPy's marshal wrote. */
class TruffleSharedCodeTest {

  private static final int HEADER = 16;
  private static final byte[] CODE = {'U', 29, 8, 0};
  private static final String NAME = "a/b.py";

  /** A file: header, type, name, flags, code, and what comes after it. */
  private static byte[] file(int type, int sizeOfCode) {
    byte[] name = NAME.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(HEADER + 1 + 4 + name.length + 4 + 4 + CODE.length + 8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .position(HEADER)
        .put((byte) type)
        .putInt(name.length)
        .put(name)
        .putInt(4_099)
        .putInt(sizeOfCode)
        .put(CODE)
        .putLong(1)
        .array();
  }

  @ParameterizedTest
  @ValueSource(ints = {'C', 'C' | 0x80})
  void codeIsFoundWithAndWithoutTheFlagForReferences(int type) {
    Source source = TruffleSharedCode.source(file(type, CODE.length), HEADER).orElseThrow();

    assertThat(source.getName()).isEqualTo(NAME);
    assertThat(source.getBytes().toByteArray())
        .as("the code, and that it is the first of that file")
        .isEqualTo(new byte[] {'U', 29, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  }

  @Test
  void filesWithoutModuleCodeAreIgnored() {
    assertThat(TruffleSharedCode.source(file('(', CODE.length), HEADER)).isEmpty();
    assertThat(TruffleSharedCode.source(file('C', 1_000), HEADER)).isEmpty();
    assertThat(TruffleSharedCode.source(file('C', -1), HEADER)).isEmpty();
    byte[] whole = file('C', CODE.length);
    for (int length = HEADER; length < whole.length - 8; length++) {
      assertThat(TruffleSharedCode.source(Arrays.copyOf(whole, length), HEADER)).isEmpty();
    }
  }
}
