package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tests that start the real GraalPy. */
@Tag("graalpy")
final class EmbeddedGraalPyTest {

  private static final EmbeddedGraalPy graalPy = new EmbeddedGraalPy();
  private static Path folder;
  private static Path home;
  private static Path root;

  @BeforeAll
  static void unpack(@TempDir Path given) throws IOException {
    folder = given;
    home = folder.resolve("home");
    graalPy.unpackHome(home);
    root = folder.resolve("site");
    Files.createDirectories(root.resolve("pack"));
  }

  @Test
  void compiledFilesHoldNoPathOfThisMachine() throws IOException {
    Files.writeString(root.resolve("pack/good.py"), "def f(x):\n    return {x, 'a', 'b'}\n");
    Files.writeString(root.resolve("pack/bad.py"), "def f(:\n");

    List<String> failures = graalPy.compile(home, root, List.of("pack/good.py", "pack/bad.py"));

    assertThat(failures).hasSize(1).allMatch(line -> line.startsWith("pack/bad.py: "));
    Path compiled = root.resolve("pack/__pycache__/good.graalpy250-312.pyc");
    String content = Files.readString(compiled, StandardCharsets.ISO_8859_1);
    assertThat(content).contains("pack/good.py").doesNotContain(folder.toString());
    assertThat(Files.readAllBytes(compiled)).startsWith(headerOfUncheckedHash(compiled));
  }

  /** As a text, that is: GraalPy 25.0.3 leaves {@code __classdictcell__} in classes of trees. */
  @Test
  void classesOfModulesThatDeferImportsAreCompiledAsOrdinaryOnes() throws IOException {
    Files.writeString(
        root.resolve("pack/lazy.py"),
        """
        import json
        from string import (
            Template,
            capwords,
        )

        class Reader:
            base = Template

            async def read(self, text: str) -> dict:
                def titled(value: str) -> str:
                    return f"é {capwords(value)}"

                return json.loads(titled(text))
        """);

    int deferring = graalPy.compileLazily(home, root, List.of("pack/lazy.py"));

    assertThat(deferring).isEqualTo(1);
    String content =
        Files.readString(
            root.resolve("pack/__pycache__/lazy.graalpy250-312.opt-lazy.pyc"),
            StandardCharsets.ISO_8859_1);
    assertThat(content)
        .contains("__terrarium_module__", "pack/lazy.py")
        .doesNotContain("__classdictcell__", folder.toString());
  }

  /** Magic number, then the flags 1: hash-based, and never checked against the source. */
  private static byte[] headerOfUncheckedHash(Path compiled) throws IOException {
    byte[] header = Arrays.copyOf(Files.readAllBytes(compiled), 8);
    System.arraycopy(new byte[] {1, 0, 0, 0}, 0, header, 4, 4);
    return header;
  }
}
