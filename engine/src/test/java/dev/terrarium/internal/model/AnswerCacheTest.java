package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Stats;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerCacheTest {

  private static final ChatRequest WHERE = ChatRequest.of("Where?");
  private static final int LARGE = 1 << 20;

  private final Path folder;
  private final List<TerrariumEvent> events = new CopyOnWriteArrayList<>();
  private final ManualTime time = new ManualTime();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final AtomicInteger asked = new AtomicInteger();
  private final AnswerCache cache = cache(LARGE, Duration.ZERO, null);

  AnswerCacheTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private AnswerCache cache(long bytes, Duration ttl, @Nullable Path where) {
    return new AnswerCache(
        bytes, ttl, where, Events.to(List.of(events::add)), time, () -> now, time, Runnable::run);
  }

  private void advance(Duration passed) {
    now = now.plus(passed);
    time.pass(passed);
  }

  private ChatResponse made(String text) {
    asked.incrementAndGet();
    return new ChatResponse(
        text, FinishReason.LENGTH, new TokenUsage(11, 7), Duration.ofMillis(250));
  }

  private String ask(AnswerCache where, String model, ChatRequest request) {
    return where.answer(model, request, () -> made("answer " + (asked.get() + 1))).text();
  }

  @Test
  void equalRequestToTheSameModelIsAnsweredOnce() {
    ChatRequest equal = ChatRequest.builder().message(ChatMessage.user("Where?")).build();

    assertThat(ask(cache, "one", WHERE)).isEqualTo("answer 1");
    assertThat(ask(cache, "one", equal)).isEqualTo("answer 1");
    assertThat(ask(cache, "two", WHERE)).isEqualTo("answer 2");
    assertThat(ask(cache, "one", ChatRequest.of("When?"))).isEqualTo("answer 3");

    Stats.Answers stats = cache.stats();
    assertThat(stats.hits()).isEqualTo(1);
    assertThat(stats.misses()).isEqualTo(3);
    assertThat(stats.answers()).isEqualTo(3);
    assertThat(stats.bytes()).isBetween(900L, 3000L);
    assertThat(events).filteredOn(TerrariumEvent.CacheLoaded.class::isInstance).hasSize(3);
    assertThat(events)
        .filteredOn(TerrariumEvent.CacheHit.class::isInstance)
        .containsExactly(
            new TerrariumEvent.CacheHit(
                "answers", String.valueOf(AnswerCache.key("one", WHERE, null)).substring(0, 16)));
  }

  @Test
  void answerFromTheCacheCostsNothingAndIsElseTheSame() {
    ChatResponse first = cache.answer("one", WHERE, () -> made("a"));
    ChatResponse second = cache.answer("one", WHERE, () -> made("b"));

    assertThat(first)
        .isEqualTo(new ChatResponse("a", FinishReason.LENGTH, first.usage(), first.time()));
    assertThat(first.usage()).isEqualTo(new TokenUsage(11, 7));
    assertThat(second)
        .isEqualTo(new ChatResponse("a", FinishReason.LENGTH, new TokenUsage(0, 0), Duration.ZERO));
  }

  @Test
  void failureIsNotKept() {
    ModelException failure = new ModelException("down");

    assertThatThrownBy(
            () ->
                cache.answer(
                    "one",
                    WHERE,
                    () -> {
                      throw failure;
                    }))
        .isSameAs(failure);
    assertThat(ask(cache, "one", WHERE)).isEqualTo("answer 1");
    assertThat(events.getFirst())
        .isInstanceOfSatisfying(
            TerrariumEvent.CacheLoaded.class,
            loaded -> assertThat(loaded.failure()).isEqualTo("ModelException"));
  }

  private String ask(Map<String, Object> use) {
    return AnswerUse.of(use).call(() -> ask(cache, "one", WHERE));
  }

  @Test
  void requestCanPassTheCacheBy() {
    assertThat(ask(cache, "one", WHERE)).isEqualTo("answer 1");
    assertThat(ask(Map.of("cache", false))).isEqualTo("answer 2");
    assertThat(ask(Map.of("cache", true))).isEqualTo("answer 1");
    assertThat(cache.stats().misses()).isEqualTo(1);
  }

  @Test
  void rolloutsHaveAnswersOfTheirOwn() {
    assertThat(ask(Map.of())).isEqualTo("answer 1");
    assertThat(ask(Map.of("rollout", 1))).isEqualTo("answer 2");
    assertThat(ask(Map.of("rollout", 2))).isEqualTo("answer 3");
    assertThat(ask(Map.of("rollout", 1))).isEqualTo("answer 2");
  }

  @Test
  void answerExpires() {
    AnswerCache aging = cache(LARGE, Duration.ofMinutes(1), folder);
    assertThat(ask(aging, "one", WHERE)).isEqualTo("answer 1");
    advance(Duration.ofSeconds(59));
    assertThat(ask(aging, "one", WHERE)).isEqualTo("answer 1");
    assertThat(ask(cache(LARGE, Duration.ofMinutes(1), folder), "one", WHERE))
        .isEqualTo("answer 1");

    advance(Duration.ofSeconds(1));

    assertThat(ask(aging, "one", WHERE)).isEqualTo("answer 2");
    assertThat(ask(cache(LARGE, Duration.ofMinutes(1), folder), "one", WHERE))
        .isEqualTo("answer 2");
  }

  @Test
  void answerOfTheFolderIsAsOldAsItsFile() {
    ask(cache(LARGE, Duration.ofMinutes(1), folder), "one", WHERE);
    advance(Duration.ofSeconds(40));
    AnswerCache later = cache(LARGE, Duration.ofMinutes(1), folder);
    assertThat(ask(later, "one", WHERE)).isEqualTo("answer 1");

    advance(Duration.ofSeconds(30));

    assertThat(ask(later, "one", WHERE)).isEqualTo("answer 2");
  }

  @Test
  void sizeIsBounded() {
    AnswerCache small = cache(2_000, Duration.ZERO, null);
    for (int i = 0; i < 50; i++) {
      ask(small, "one", ChatRequest.of("question " + i));
    }

    assertThat(small.stats().bytes()).isBetween(300L, 2_000L);
    assertThat(small.stats().evictions()).isPositive();
    assertThat(events).hasAtLeastOneElementOfType(TerrariumEvent.CacheEvicted.class);
  }

  @Test
  void folderKeepsAnswersBeyondTheProcess() {
    ask(cache(LARGE, Duration.ZERO, folder), "one", WHERE);
    AnswerCache next = cache(LARGE, Duration.ZERO, folder);

    assertThat(next.answer("one", WHERE, () -> made("other")))
        .isEqualTo(
            new ChatResponse("answer 1", FinishReason.LENGTH, new TokenUsage(0, 0), Duration.ZERO));
    assertThat(ask(next, "one", WHERE)).isEqualTo("answer 1");
    assertThat(next.stats().fromFolder()).isEqualTo(1);
    assertThat(next.stats().hits()).isEqualTo(2);
  }

  @Test
  void eachAnswerComesBackFromTheFolderAsItWas() {
    AnswerFolder answers = AnswerFolder.at(folder);
    int number = 0;
    for (ChatResponse answer : Samples.ofAnswers()) {
      String key = "%08d".formatted(number++);
      AnswerFolder.Stored stored = new AnswerFolder.Stored(answer, Instant.ofEpochMilli(5));

      answers.write(key, stored);

      assertThat(answers.read(key)).isEqualTo(stored);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void damagedFileIsPassedOverAndReplaced() throws IOException {
    ask(cache(LARGE, Duration.ZERO, folder), "one", WHERE);
    Path file = files().getFirst();
    byte[] whole = Files.readAllBytes(file);
    byte[] flipped = whole.clone();
    flipped[whole.length - 20] ^= 1;
    List<byte[]> damages = new ArrayList<>(List.of(new byte[0], new byte[40], flipped));
    damages.add(java.util.Arrays.copyOf(whole, whole.length / 2));
    int made = 1;
    for (byte[] damage : damages) {
      Files.write(file, damage);
      try (LogRecords log = LogRecords.of("terrarium.model")) {
        made++;
        AnswerCache next = cache(LARGE, Duration.ZERO, folder);
        assertThat(ask(next, "one", WHERE)).isEqualTo("answer " + made);
        assertThat(log.lines())
            .singleElement()
            .asString()
            .startsWith("terrarium.model WARNING The kept answer in " + file)
            .doesNotContain("answer " + (made - 1));
      }
      assertThat(ask(cache(LARGE, Duration.ZERO, folder), "one", WHERE))
          .isEqualTo("answer " + made);
    }
  }

  @Test
  void folderThatCannotBeWrittenToIsLoggedOnce() throws IOException {
    AnswerCache writing = cache(LARGE, Duration.ZERO, folder);
    for (int i = 0; i < 256; i++) {
      Files.createFile(folder.resolve("%02x".formatted(i)));
    }
    try (LogRecords log = LogRecords.of("terrarium.model")) {
      assertThat(ask(writing, "one", WHERE)).isEqualTo("answer 1");
      assertThat(ask(writing, "one", ChatRequest.of("When?"))).isEqualTo("answer 2");
      assertThat(ask(writing, "one", WHERE)).isEqualTo("answer 1");

      assertThat(log.lines()).filteredOn(line -> line.contains("is not kept")).hasSize(1);
    }
  }

  @Test
  void folderIsItsOwnersAlone() throws IOException {
    Path own = folder.resolve("a/b");
    ask(cache(LARGE, Duration.ZERO, own), "one", WHERE);

    assertThat(Files.getPosixFilePermissions(own)).hasSize(3);
  }

  @Test
  void folderThatCannotBeMadeIsRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> cache(LARGE, Duration.ZERO, file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("answerFolder: cannot write to " + file);
  }

  @Test
  void sharersOfAFolderSeeWholeAnswersOnly() throws Exception {
    String text = "long ".repeat(20_000);
    AnswerFolder one = AnswerFolder.at(folder);
    AnswerFolder two = AnswerFolder.at(folder);
    AnswerFolder.Stored stored = new AnswerFolder.Stored(made(text), Instant.ofEpochMilli(1));
    one.write("0123456789", stored);
    try (ExecutorService threads = Executors.newFixedThreadPool(4);
        LogRecords log = LogRecords.of("terrarium.model")) {
      List<Future<?>> work = new ArrayList<>();
      for (AnswerFolder each : List.of(one, two)) {
        work.add(threads.submit(() -> times(200, () -> each.write("0123456789", stored))));
        work.add(
            threads.submit(
                () -> times(200, () -> assertThat(each.read("0123456789")).isEqualTo(stored))));
      }
      for (Future<?> each : work) {
        each.get();
      }
      assertThat(log.lines()).isEmpty();
    }
    assertThat(files()).hasSize(1);
  }

  private static void times(int count, Runnable work) {
    for (int i = 0; i < count; i++) {
      work.run();
    }
  }
}
