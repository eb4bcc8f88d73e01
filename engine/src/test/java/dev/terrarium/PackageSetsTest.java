package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.PythonException;
import dev.terrarium.internal.resource.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of frameworks that have packages of their own: who sees which, in which contexts. */
@Tag("graalpy")
class PackageSetsTest {

  private final Path jar;

  PackageSetsTest(@TempDir Path temp) {
    this.jar = temp;
  }

  /** Packs modules, of which each has a version, as the goal "package" of the plugin does. */
  private void pack(String set, Map<String, String> versions) throws Exception {
    Map<String, String> files = new TreeMap<>();
    versions.forEach((module, version) -> files.put("site/" + module + ".py", version));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      StringBuilder manifest = new StringBuilder();
      files.replaceAll((name, version) -> "version = '" + version + "'\n");
      for (Map.Entry<String, String> file : files.entrySet()) {
        manifest
            .append(file.getValue().length())
            .append(' ')
            .append(Sha256.hex(file.getValue().getBytes(StandardCharsets.UTF_8)))
            .append(' ')
            .append(file.getKey())
            .append('\n');
      }
      write(zip, "MANIFEST", manifest.toString());
      for (Map.Entry<String, String> file : files.entrySet()) {
        write(zip, file.getKey(), file.getValue());
      }
    }
    Path folder = Files.createDirectories(jar.resolve("META-INF/terrarium/python"));
    Files.write(folder.resolve(set + ".zip"), bytes.toByteArray());
    StringBuilder distributions = new StringBuilder();
    versions.forEach(
        (name, version) -> distributions.append(name).append("==").append(version).append(','));
    Files.writeString(
        folder.resolve(set + ".properties"),
        """
        name=%s
        archive=META-INF/terrarium/python/%s.zip
        sha256=%s
        distributions=%s
        """
            .formatted(set, set, Sha256.hex(bytes.toByteArray()), distributions));
  }

  private static void write(ZipOutputStream zip, String name, String text) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTime(0); // so that equal content has an equal hash
    zip.putNextEntry(entry);
    zip.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private Terrarium start(int contexts) throws Exception {
    return start(contexts, AccessProfile.RESTRICTED);
  }

  private Terrarium start(int contexts, AccessProfile access) throws Exception {
    pack("old", Map.of("shade", "1", "onlyold", "1"));
    pack("new", Map.of("shade", "2", "onlynew", "1"));
    Files.writeString(
        jar.resolve("META-INF/terrarium/python-packages.properties"), "sets=new,old\n");
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      Terrarium terrarium =
          Terrarium.start(TerrariumConfig.custom().contexts(contexts).access(access).build());
      terrarium.ready().join(); // otherwise a call gives up a context while others come
      return terrarium;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static Framework framework(String name, String imports) {
    return Framework.fromSource(
        name,
        """
        import importlib
        from terrarium.bridge import BaseBridge, handler
        %s

        class Bridge(BaseBridge):
            framework = "%s"

            @handler
            def version(self, module: str) -> str:
                return importlib.import_module(module).version
        """
            .formatted(imports, name),
        name + ".py");
  }

  private static @Nullable Object version(Terrarium terrarium, String framework, String module) {
    return terrarium.call(framework, "version", Map.of("module", module));
  }

  private static void assertMissing(Terrarium terrarium, String framework, String module) {
    assertThatThrownBy(() -> version(terrarium, framework, module))
        .isInstanceOfSatisfying(
            PythonException.class,
            missing -> assertThat(missing.type()).isEqualTo("ModuleNotFoundError"));
  }

  @Test
  void eachFrameworkSeesExactlyItsOwnPackages() throws Exception {
    try (Terrarium terrarium = start(2)) {
      terrarium.register(framework("first", "import shade").withPackages("old"));
      terrarium.register(framework("second", "import shade").withPackages("new"));
      terrarium.register(framework("third", "import onlyold").withPackages("old"));
      terrarium.register(framework("plain", ""));
      for (int round = 0; round < 2; round++) {
        assertThat(version(terrarium, "first", "shade")).isEqualTo("1");
        assertThat(version(terrarium, "second", "shade")).isEqualTo("2");
        assertThat(version(terrarium, "third", "shade")).isEqualTo("1");
        assertMissing(terrarium, "first", "onlynew");
        assertMissing(terrarium, "second", "onlyold");
        assertMissing(terrarium, "plain", "shade");
      }
    }
  }

  @Test
  void frameworksOfOneSetShareAContextAndOthersDoNot() throws Exception {
    try (Terrarium terrarium = start(2)) {
      terrarium.register(framework("first", "").withPackages("old"));
      terrarium.register(framework("second", "").withPackages("new"));
      terrarium.register(framework("third", "").withPackages("old"));
      version(terrarium, "first", "shade");
      version(terrarium, "second", "shade");
      version(terrarium, "third", "shade");

      assertThat(terrarium.stats().pool().contexts())
          .extracting(context -> String.join(" ", context.frameworks()))
          .containsExactlyInAnyOrder("first third", "second");
    }
  }

  /**
   * Contexts with native code are parked when a Terrarium is closed, and keep what they imported.
   */
  @Test
  void nextTerrariumGetsNoContextOfAnotherSet() throws Exception {
    try (Terrarium terrarium = start(1, AccessProfile.TRUSTED_NATIVE)) {
      terrarium.register(framework("first", "import shade").withPackages("old"));
      assertThat(version(terrarium, "first", "shade")).isEqualTo("1");
    }
    try (Terrarium terrarium = start(1, AccessProfile.TRUSTED_NATIVE)) {
      terrarium.register(framework("second", "import shade").withPackages("new"));
      terrarium.register(framework("plain", ""));
      assertThat(version(terrarium, "second", "shade")).isEqualTo("2");
      assertMissing(terrarium, "plain", "shade");
    }
    int slots;
    try (Terrarium terrarium = start(1, AccessProfile.TRUSTED_NATIVE)) {
      slots = terrarium.stats().nativeSlotsTaken();
      terrarium.register(framework("third", "").withPackages("old"));
      assertThat(version(terrarium, "third", "shade")).isEqualTo("1");
      assertThat(terrarium.stats().nativeSlotsTaken()).isEqualTo(slots);
    }
  }

  @Test
  void clashWithinOneFrameworkIsRefusedWhenItIsRegistered() throws Exception {
    try (Terrarium terrarium = start(1)) {
      assertThatThrownBy(() -> terrarium.register(framework("both", "").withPackages("old", "new")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'old' has shade==1, and 'new' has shade==2");
      assertThatThrownBy(() -> terrarium.register(framework("none", "").withPackages("other")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'other'")
          .hasMessageContaining("[bridge, new, old]");
    }
  }
}
