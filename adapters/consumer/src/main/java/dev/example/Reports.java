package dev.example;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import java.util.Map;

/** A framework that imports three packages from PyPI, which the build has packed. */
public final class Reports {

  static final String TEMPLATE =
      "{% for file in files %}{{ file.name }}: {{ file.bytes | size }}\n{% endfor %}";

  static final String DATA =
      """
      files:
        - {name: model.gguf, bytes: 93000000}
        - {name: <notes>.txt, bytes: 1200}
      """;

  private Reports() {}

  public static void main(String[] args) {
    try (var terrarium = Terrarium.start()) {
      System.out.println(render(terrarium));
    }
  }

  static Object render(Terrarium terrarium) {
    // guide: withPackages
    terrarium.register(Framework.fromResource("/report.py").withPackages("report"));
    return terrarium.call("report", "render", Map.of("template", TEMPLATE, "data", DATA));
    // end
  }
}
