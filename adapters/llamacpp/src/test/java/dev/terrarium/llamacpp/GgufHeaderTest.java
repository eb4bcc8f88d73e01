package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ModelException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufHeaderTest {

  private final Path folder;

  GgufHeaderTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("model.gguf"), content);
  }

  private Path file(ByteBuffer content) throws IOException {
    byte[] bytes = new byte[content.capacity()];
    content.get(0, bytes);
    return file(bytes);
  }

  /** The first bytes of the real model, in a file of its full length or shorter. */
  private Path cut(long length) throws IOException {
    Path copy = folder.resolve("cut.gguf");
    int head = (int) Math.min(length, 8 << 20);
    try (var in = Files.newInputStream(TestModel.file());
        var out = new RandomAccessFile(copy.toFile(), "rw")) {
      out.write(in.readNBytes(head));
      out.setLength(length);
    }
    return copy;
  }

  private static void refuses(Path file, String message) {
    assertThatThrownBy(() -> GgufHeader.read(file))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message);
  }

  @Tag("model")
  @Test
  void readsTheRealModel() throws IOException {
    GgufHeader header = GgufHeader.read(TestModel.file());
    assertThat(header.version()).isEqualTo(3);
    assertThat(header.tensors()).hasSizeGreaterThan(100);
    assertThat(header.architecture()).isEqualTo("llama");
    assertThat(header.integer("llama.context_length")).isEqualTo(8192);
    assertThat(header.end()).isEqualTo(Files.size(TestModel.file()));
  }

  @Test
  void namesWhatIsNotThere() {
    refuses(folder.resolve("none.gguf"), "There is no model file");
    refuses(folder, "is a folder");
  }

  @Test
  void refusesAnEmptyFile() throws IOException {
    refuses(file(new byte[0]), "is empty");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "version https://git-lfs.github.com/spec/v1 | git lfs pull",
        "<!DOCTYPE html><html> | web page",
        "{\"error\": \"not found\"} | JSON text",
        "ggjt | older than GGUF",
        "GG | does not begin with the mark",
        "whatever this is | does not begin with the mark",
      })
  void saysWhatAForeignFileLooksLike(String content, String message) throws IOException {
    refuses(file(content.getBytes(StandardCharsets.UTF_8)), message);
  }

  @Test
  void saysThatAZipIsOne() throws IOException {
    refuses(file(new byte[] {'P', 'K', 3, 4, 0, 0}), "zip archive");
  }

  @Tag("model")
  @ParameterizedTest
  @CsvSource({"4", "10", "30", "1000", "100000", "1500000"})
  void refusesAFileCutOffInItsHeader(long length) throws IOException {
    refuses(cut(length), "is cut off: it ends after " + length + " bytes");
  }

  @Tag("model")
  @Test
  void refusesAFileCutOffInItsData() throws IOException {
    long size = Files.size(TestModel.file());
    refuses(cut(size - 1), "is cut off: it has " + (size - 1) + " bytes of " + size);
    refuses(cut(20_000_000), "is cut off: it has 20000000 bytes of " + size);
  }

  @Test
  void refusesOtherVersions() throws IOException {
    ByteBuffer header = header(99, 0, 0);
    refuses(file(header), "its GGUF version is 99");
    refuses(file(header(1, 0, 0)), "its GGUF version is 1");
  }

  @Test
  void refusesNonsenseInTheHeader() throws IOException {
    refuses(file(header(3, -1, 0)), "damaged");
    refuses(file(header(3, Long.MAX_VALUE, Long.MAX_VALUE)), "the key '' twice or empty");
    refuses(file(header(3, Long.MAX_VALUE, 0)), "cut off");
    ByteBuffer key = header(3, 0, 1);
    key.putLong(1).put((byte) 'k').putInt(77);
    refuses(file(key), "unknown type 77");
    ByteBuffer list = header(3, 0, 1);
    list.putLong(1).put((byte) 'k').putInt(9).putInt(12).putLong(Long.MAX_VALUE / 2);
    refuses(file(list), "damaged");
  }

  private static ByteBuffer header(int version, long tensors, long keys) {
    ByteBuffer bytes = ByteBuffer.allocate(80).order(ByteOrder.LITTLE_ENDIAN);
    return bytes
        .put("GGUF".getBytes(StandardCharsets.US_ASCII))
        .putInt(version)
        .putLong(tensors)
        .putLong(keys);
  }
}
