package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.ResourceLimits;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.model.LanguageModels;
import dev.terrarium.internal.model.LruModelCache;
import dev.terrarium.internal.resource.KeyedResourcePool;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.spi.ModelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The real model in the engine's cache. */
@Timeout(300)
@Tag("model")
class LlamaCppCacheTest {

  @Test
  void evictionGivesTheModelsMemoryBackToTheSystem() throws IOException {
    String file = TestModel.file().toString();
    try (LruModelCache cache = cache()) {
      LanguageModels models = models(cache, file);
      LanguageModel model = models.get(null);
      String answer = TestModel.answer(model, "Hi", 3);
      long size = Files.size(TestModel.file());
      assertThat(cache.stats().bytes()).isEqualTo(model.bytes()).isGreaterThan(size);

      long loaded = residentBytes();
      assertThat(cache.evict("llamacpp", "")).isTrue();
      long evicted = residentBytes();

      assertThat(loaded - evicted).as("of %d bytes", size).isGreaterThan(size * 3 / 4);
      assertThat(TestModel.answer(model, "Hi", 3)).isEqualTo(answer);
    }
  }

  @Test
  void defaultAndItsFileHoweverSpelledAreLoadedOnce() {
    Path file = TestModel.file();
    Path relative = Path.of("").toAbsolutePath().relativize(file);
    try (LruModelCache cache = cache()) {
      LanguageModels models = models(cache, null);
      LanguageModel model = models.get(null);

      assertThat(models.get(file.toString())).isEqualTo(model);
      assertThat(models.get(relative.toString())).isEqualTo(model);
      assertThat(cache.stats().loads()).isEqualTo(1);
      assertThat(model.name()).isEqualTo("smollm2-135m-instruct");
    }
  }

  private static LruModelCache cache() {
    return new LruModelCache(
        ModelCache.Limits.ofDefaults(),
        framework -> ResourceLimits.ofDefaults(),
        framework -> 0,
        Events.none());
  }

  private static LanguageModels models(LruModelCache cache, @Nullable String defaultSpec) {
    return new LanguageModels(
        Map.of(),
        defaultSpec,
        UnaryOperator.identity(),
        LlamaCppCacheTest.class.getClassLoader(),
        cache,
        new KeyedResourcePool(framework -> 4, Events.none()),
        Events.none());
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
