package dev.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The packages that the pom names, locked and packed by the goals of terrarium-maven-plugin. */
class ReportsTest {

  @Test
  void theGuideShowsThisPom() throws IOException {
    String guide = Files.readString(Path.of("../../docs/guides/packages.md"));
    int start = guide.indexOf("```xml\n") + "```xml\n".length();
    String plugin = guide.substring(start, guide.indexOf("```", start));
    String pom = Files.readString(Path.of("pom.xml")).replace("\n      ", "\n");
    assertTrue(pom.contains(plugin), plugin);
  }

  @Test
  void frameworkImportsTheThreePackagesThatThePomNames() {
    try (var terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
      assertEquals("model.gguf: 93.0 MB\n&lt;notes&gt;.txt: 1.2 kB\n", Reports.render(terrarium));
    }
  }
}
