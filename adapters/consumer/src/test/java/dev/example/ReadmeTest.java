package dev.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The README shows the code that this project compiles and runs. */
class ReadmeTest {

  private static final Path README = Path.of("../../README.md");

  @Test
  void theJavaExampleIsCapitals() throws IOException {
    String program = Files.readString(Path.of("src/main/java/dev/example/Capitals.java"));
    for (String line : block("java").lines().toList()) {
      assertTrue(program.contains(line.strip()), line);
    }
  }

  @Test
  void thePythonExampleIsTheResource() throws IOException {
    assertTrue(
        Files.readString(Path.of("src/main/resources/wordcount.py")).equals(block("python")),
        "wordcount.py differs from the README");
  }

  /** The first code block of a language. */
  private static String block(String language) throws IOException {
    String text = Files.readString(README);
    int start = text.indexOf("```" + language + "\n") + language.length() + 4;
    return text.substring(start, text.indexOf("```", start));
  }
}
