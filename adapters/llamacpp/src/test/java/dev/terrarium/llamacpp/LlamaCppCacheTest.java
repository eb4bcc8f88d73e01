package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.event.Events;
import dev.terrarium.model.CacheLimits;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.LanguageModels;
import dev.terrarium.model.ModelCache;
import dev.terrarium.resource.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The real model in the engine's cache. */
@Timeout(300)
class LlamaCppCacheTest {

  @Test
  void evictionGivesTheModelsMemoryBackToTheSystem() throws IOException {
    String file = TestModel.file().toString();
    try (ModelCache cache =
        new ModelCache(
            CacheLimits.ofDefaults(),
            framework -> ResourceLimits.ofDefaults(),
            framework -> 0,
            Events.none())) {
      LanguageModels models =
          new LanguageModels(
              Map.of(), file, LlamaCppCacheTest.class.getClassLoader(), cache, Events.none());
      LanguageModel model = models.get(null);
      String answer = TestModel.answer(model, "Hi", 3);
      long size = Files.size(TestModel.file());
      assertThat(cache.stats().bytes()).isEqualTo(model.bytes()).isGreaterThan(size);

      long loaded = residentBytes();
      assertThat(cache.evict("llamacpp", file)).isTrue();
      long evicted = residentBytes();

      assertThat(loaded - evicted).as("of %d bytes", size).isGreaterThan(size * 3 / 4);
      assertThat(TestModel.answer(model, "Hi", 3)).isEqualTo(answer);
    }
  }

  private static long residentBytes() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(each -> each.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
  }
}
