package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.testing.GraalPyTest;
import java.util.List;
import java.util.Map;
import org.graalvm.polyglot.Source;
import org.junit.jupiter.api.Test;

/** Tests that the engine keeps a module's code for as long as contexts may load it. */
@GraalPyTest
class SharedCodeTest {

  private static final String MODULE = "colorsys";

  private static final String SOURCE =
      """
      from importlib import import_module
      from terrarium.bridge import BaseBridge, handler


      class Sharing(BaseBridge):
          framework = "sharing"

          @handler
          def load(self, name: str):
              return import_module(name).__name__
      """;

  private final Terrarium terrarium;

  SharedCodeTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  private static List<String> cached() {
    System.gc(); // frees everything in the engine that nobody keeps
    return PolyglotRuntime.startEngine(CacheFolder.ofDefaults()).getCachedSources().stream()
        .map(Source::getName)
        .filter(name -> name.endsWith("/" + MODULE + ".py"))
        .toList();
  }

  @Test
  void codeOfAModuleIsKeptForContextsToCome() {
    terrarium.register(Framework.fromSource("sharing", SOURCE, "sharing.py"));
    assertThat(terrarium.call("sharing", "load", Map.of("name", MODULE))).isEqualTo(MODULE);

    assertThat(cached()).isNotEmpty();
  }
}
