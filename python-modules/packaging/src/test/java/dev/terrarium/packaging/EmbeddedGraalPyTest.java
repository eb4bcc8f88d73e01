package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The one test that starts the real GraalPy. */
final class EmbeddedGraalPyTest {

  private final Path folder;

  EmbeddedGraalPyTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void compiledFilesHoldNoPathOfThisMachine() throws IOException {
    EmbeddedGraalPy graalPy = new EmbeddedGraalPy();
    Path home = folder.resolve("home");
    graalPy.unpackHome(home);
    Path root = folder.resolve("site");
    Files.createDirectories(root.resolve("pack"));
    Files.writeString(root.resolve("pack/good.py"), "def f(x):\n    return {x, 'a', 'b'}\n");
    Files.writeString(root.resolve("pack/bad.py"), "def f(:\n");

    List<String> failures = graalPy.compile(home, root, List.of("pack/good.py", "pack/bad.py"));

    assertThat(failures).hasSize(1).allMatch(line -> line.startsWith("pack/bad.py: "));
    Path compiled = root.resolve("pack/__pycache__/good.graalpy250-312.pyc");
    String content = Files.readString(compiled, StandardCharsets.ISO_8859_1);
    assertThat(content).contains("pack/good.py").doesNotContain(folder.toString());
    assertThat(Files.readAllBytes(compiled)).startsWith(headerOfUncheckedHash(compiled));
  }

  /** Magic number, then the flags 1: hash-based, and never checked against the source. */
  private static byte[] headerOfUncheckedHash(Path compiled) throws IOException {
    byte[] header = Arrays.copyOf(Files.readAllBytes(compiled), 8);
    System.arraycopy(new byte[] {1, 0, 0, 0}, 0, header, 4, 4);
    return header;
  }
}
