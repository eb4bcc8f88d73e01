package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.AccessException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.AdapterFactory;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests of the most access that a Terrarium grants. Their class path has no Python, so that no
 * context is made.
 */
@Tag("graalpy")
class CeilingTest {

  private static final String DESCRIPTOR =
      """
      name=words
      archive=words.zip
      sha256=%s
      framework=words
      bridge=words:Words
      """
          .formatted("0".repeat(64));

  private final Path temp;

  CeilingTest(@TempDir Path temp) {
    this.temp = temp;
  }

  private Terrarium start(AccessProfile ceiling) throws IOException {
    Path descriptor = temp.resolve("META-INF/terrarium/python-packages.properties");
    Files.createDirectories(descriptor.getParent());
    Files.writeString(descriptor, DESCRIPTOR);
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader jar = new URLClassLoader(new URL[] {temp.toUri().toURL()}, null)) {
      thread.setContextClassLoader(jar);
      return Terrarium.start(
          TerrariumConfig.custom()
              .contexts(1)
              .access(ceiling)
              .cacheFolder(temp.resolve("cache"))
              .build());
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static Framework mine() {
    return Framework.fromSource("mine", "", "mine.py");
  }

  @Test
  void frameworkThatDeclaresMoreIsRefused() throws IOException {
    try (Terrarium terrarium = start(AccessProfile.RESTRICTED)) {
      assertThatThrownBy(() -> terrarium.register(mine().withAccess(AccessProfile.TRUSTED)))
          .isInstanceOf(AccessException.class)
          .hasMessage(
              "Framework 'mine' declares the access profile trusted, and this Terrarium grants no"
                  + " more than restricted. Raise it by"
                  + " TerrariumConfig.custom().access(AccessProfile.TRUSTED), or use a framework"
                  + " that needs less.");
      assertThat(terrarium.stats().frameworks()).doesNotContain("mine");
    }
  }

  @Test
  void frameworkThatDeclaresNothingOrLessIsAccepted() throws IOException {
    try (Terrarium terrarium = start(AccessProfile.TRUSTED)) {
      terrarium.register(mine());
      terrarium.register(
          Framework.fromSource("less", "", "less.py").withAccess(AccessProfile.RESTRICTED));

      assertThat(terrarium.stats().frameworks()).contains("mine", "less");
      assertThat(terrarium.adapter("less").framework()).isEqualTo("less");
    }
  }

  /** The factory of a facade whose framework is one Python file. */
  private record Factory<A>(Class<A> type, String framework, Optional<String> resource)
      implements AdapterFactory<A> {

    @Override
    public A create(Adapter adapter) {
      throw new AssertionError("nobody asks for the facade");
    }
  }

  @Test
  void frameworkThatAnAdapterBringsIsAccepted() throws IOException {
    Optional<String> file = Optional.of("/frameworks/wordcount.py");
    try (Terrarium terrarium = start(AccessProfile.TRUSTED)) {
      terrarium.register(new Factory<>(String.class, "wordcount", file));
      terrarium.register(new Factory<>(Integer.class, "wordcount", file));

      assertThat(terrarium.stats().frameworks()).containsExactly("wordcount", "words");
      assertThat(terrarium.adapter("wordcount").framework()).isEqualTo("wordcount");
      assertThatThrownBy(() -> terrarium.register(new Factory<>(Long.class, "words", file)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("java.lang.Long brings a framework named 'words', and there is");
      assertThatThrownBy(
              () -> terrarium.register(new Factory<>(Long.class, "other", Optional.of("/none.py"))))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageStartingWith("There is no resource '/none.py' on the class path: ");
    }
  }

  @Test
  void oneNameWithTwoProfilesIsADuplicate() throws IOException {
    try (Terrarium terrarium = start(AccessProfile.TRUSTED)) {
      terrarium.register(mine());

      assertThatThrownBy(() -> terrarium.register(mine().withAccess(AccessProfile.RESTRICTED)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'mine' is registered already");
    }
  }

  @Test
  void packagedFrameworkIsRefusedWhenItIsUsed() throws IOException {
    try (Terrarium terrarium = start(AccessProfile.TRUSTED)) {
      assertThatThrownBy(() -> terrarium.adapter("words"))
          .isInstanceOf(AccessException.class)
          .hasMessageContaining("'words' declares the access profile trusted-native")
          .hasMessageContaining("no more than trusted.");
      assertThatThrownBy(() -> terrarium.call("words", "ping", Map.of()))
          .isInstanceOf(AccessException.class);
    }
  }
}
