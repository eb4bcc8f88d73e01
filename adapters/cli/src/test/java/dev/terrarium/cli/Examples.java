package dev.terrarium.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The program of the documentation's example and its input. */
final class Examples {

  private static final Path FOLDER = Launcher.ROOT.resolve("docs/examples");

  static final String SENTIMENT = FOLDER.resolve("sentiment.yaml").toString();

  private Examples() {}

  /** Returns this many lines of {@code reviews.jsonl}. */
  static String reviews(int count) throws IOException {
    try (var lines = Files.lines(FOLDER.resolve("reviews.jsonl"))) {
      return lines.limit(count).collect(Collectors.joining("\n", "", "\n"));
    }
  }
}
