package dev.terrarium.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.maven.plugin.MojoFailureException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WantsTest {

  @Test
  void pomAndFileAreOneList(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("requirements.txt"), "# ours\n\negg>=2  # for tests\nnest[a]\n");

    assertThat(
            Wants.lines(
                List.of(" snake==1.* "),
                file.toFile(),
                Map.of("z", " python=z ", "a", "python=a"),
                List.of("orjson")))
        .containsExactly(
            "snake==1.*",
            "egg>=2",
            "nest[a]",
            "recipe: a python=a",
            "recipe: z python=z",
            "exclude: orjson");
  }

  @Test
  void fileThatIsNotThereIsNamed() {
    File missing = new File("no-such-requirements.txt");

    assertThatThrownBy(() -> Wants.lines(List.of(), missing, Map.of(), List.of()))
        .isInstanceOf(MojoFailureException.class)
        .hasMessageContaining("no-such-requirements.txt");
  }
}
