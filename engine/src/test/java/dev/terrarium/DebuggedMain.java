package dev.terrarium;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A program that calls a framework once, waits for a byte, and calls it again. */
final class DebuggedMain {

  private DebuggedMain() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
      terrarium.register(Framework.fromPath(file));
      terrarium.call("greet", "hello", Map.of("name", "Bo"));
      System.out.println("ready");
      if (System.in.read() >= 0) {
        System.out.println(terrarium.call("greet", "hello", Map.of("name", "Ann")));
      }
    }
    System.exit(0); // the server of the debugger would keep the JVM
  }
}
