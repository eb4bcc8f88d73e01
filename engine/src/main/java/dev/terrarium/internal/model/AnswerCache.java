package dev.terrarium.internal.model;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.Stats;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.config.ConfigCheck;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.resource.Sha256;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cache of the answers of language models, by the model and the whole request. The cache is
 * bounded by bytes, where the least useful answers are evicted first, and by age if configured. A
 * folder, if there is one, keeps the answers also beyond this process. Thread-safe: callers that
 * make the same request at the same time all ask the model.
 *
 * <p>An answer that was cut off is kept as such; a failure is not kept. An answer from the cache
 * has cost no tokens and no time.
 */
public final class AnswerCache {

  private static final System.Logger LOG = System.getLogger("terrarium.model");
  private static final String NAME = "answers";

  /** The bytes of a key, of objects and of the entry, in addition to the answer's own. */
  private static final int OVERHEAD_BYTES = 300;

  private static final int SHOWN_LENGTH = 16;

  private final Cache<String, Kept> answers;
  private final @Nullable AnswerFolder folder;
  private final Duration ttl;
  private final Events events;
  private final InstantSource clock;
  private final LongAdder hits = new LongAdder();
  private final LongAdder fromFolder = new LongAdder();
  private final LongAdder misses = new LongAdder();

  /** An answer with the time at which it was made, and its size. */
  private record Kept(ChatResponse answer, Instant made, int bytes) {}

  /**
   * Creates a cache.
   *
   * @param maxBytes maximum size of all answers in memory together, above zero
   * @param ttl how long an answer is kept after it was made, zero for ever
   * @param folder the folder that keeps the answers, too, which is made if it does not exist; null
   *     for none
   * @throws dev.terrarium.error.ConfigurationException when a value is below its minimum, or the
   *     folder cannot be written to
   */
  public AnswerCache(long maxBytes, Duration ttl, @Nullable Path folder, Events events) {
    this(
        maxBytes,
        ttl,
        folder,
        events,
        Ticker.systemTicker(),
        InstantSource.system(),
        Scheduler.systemScheduler(),
        ForkJoinPool.commonPool());
  }

  /** Creates a cache with a given time, and an executor of its upkeep, which never waits. */
  AnswerCache(
      long maxBytes,
      Duration ttl,
      @Nullable Path folder,
      Events events,
      Ticker ticker,
      InstantSource clock,
      Scheduler scheduler,
      Executor upkeep) {
    ConfigCheck.aboveZero("answerCache", maxBytes, " bytes");
    ConfigCheck.notBelowZero("answerTtl", ttl);
    this.ttl = ttl;
    this.events = events;
    this.clock = clock;
    this.folder = folder == null ? null : AnswerFolder.at(folder);
    Caffeine<String, Kept> settings =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .<String, Kept>weigher((key, kept) -> kept.bytes)
            .executor(upkeep)
            .removalListener(this::removed)
            .recordStats();
    if (ttl.isPositive()) {
      settings.expireAfter(Expiry.<String, Kept>creating((key, kept) -> left(kept))).ticker(ticker);
      settings.scheduler(scheduler);
    }
    this.answers = settings.build();
  }

  private Duration left(Kept kept) {
    Duration left = Duration.between(clock.instant(), kept.made.plus(ttl));
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Reports an eviction, outside of the cache's locks, since observers may ask for its figures. */
  private void removed(@Nullable String key, @Nullable Kept kept, RemovalCause cause) {
    if (cause.wasEvicted() && events.active()) {
      events.emit(new TerrariumEvent.CacheEvicted(NAME, shown(String.valueOf(key)), cause.name()));
    }
  }

  /**
   * Returns the answer to a request from the cache; otherwise the model's, which is then kept. What
   * {@link AnswerUse#current} says holds.
   *
   * @param model what tells the model from all others, in each process
   * @param question asks the model
   * @throws RuntimeException what the model threw, which is not kept
   */
  ChatResponse answer(String model, ChatRequest request, Supplier<ChatResponse> question) {
    AnswerUse use = AnswerUse.current();
    String key = use.cached() ? key(model, request, use.rollout()) : null;
    if (key == null) {
      return question.get();
    }
    Kept kept = find(key);
    if (kept != null) {
      hits.increment();
      if (events.active()) {
        events.emit(new TerrariumEvent.CacheHit(NAME, shown(key)));
      }
      return kept.answer;
    }
    misses.increment();
    long begin = events.now();
    ChatResponse answer;
    try {
      answer = question.get();
    } catch (RuntimeException | Error e) {
      tellLoaded(key, begin, e.getClass().getSimpleName());
      throw e;
    }
    keep(key, answer);
    tellLoaded(key, begin, null);
    return answer;
  }

  private void tellLoaded(String key, long begin, @Nullable String failure) {
    if (events.active()) {
      events.emit(new TerrariumEvent.CacheLoaded(NAME, shown(key), events.since(begin), failure));
    }
  }

  private @Nullable Kept find(String key) {
    Kept kept = answers.getIfPresent(key);
    if (kept != null || folder == null) {
      return kept;
    }
    AnswerFolder.Stored stored = folder.read(key);
    if (stored == null || (ttl.isPositive() && isOver(stored.made()))) {
      return null;
    }
    fromFolder.increment();
    return inMemory(key, stored.answer(), stored.made());
  }

  private boolean isOver(Instant made) {
    return !clock.instant().isBefore(made.plus(ttl));
  }

  private void keep(String key, ChatResponse answer) {
    Kept kept = inMemory(key, answer, clock.instant());
    if (kept != null && folder != null) {
      folder.write(key, new AnswerFolder.Stored(kept.answer, kept.made));
    }
  }

  /** Keeps an answer; returns null for one that cannot be kept. */
  private @Nullable Kept inMemory(String key, ChatResponse answer, Instant made) {
    try {
      ChatResponse free = free(answer);
      Kept kept = new Kept(free, made, OVERHEAD_BYTES + CanonicalForm.of(free).length);
      answers.put(key, kept);
      return kept;
    } catch (IllegalArgumentException e) {
      LOG.log(Level.WARNING, "An answer is not kept: " + e.getMessage());
      return null;
    }
  }

  /** Returns the answer as one that has cost nothing; all else in it stays. */
  private static ChatResponse free(ChatResponse answer) {
    return CanonicalForm.with(answer, Map.of("usage", new TokenUsage(0, 0), "time", Duration.ZERO));
  }

  /**
   * Returns the key of a request: the hash of all that it says, behind the model's name. A request
   * with something that has no canonical form has no key.
   */
  static @Nullable String key(String model, ChatRequest request, @Nullable String rollout) {
    try {
      return Sha256.hex(CanonicalForm.of(Arrays.asList(model, request, rollout)));
    } catch (IllegalArgumentException e) {
      LOG.log(Level.WARNING, "An answer of " + model + " is not kept: " + e.getMessage());
      return null;
    }
  }

  private static String shown(String key) {
    return key.substring(0, SHOWN_LENGTH);
  }

  /**
   * Returns the figures since the start; {@code bytes} and {@code answers} are those of this
   * moment, in memory.
   */
  public Stats.Answers stats() {
    return new Stats.Answers(
        answers.estimatedSize(),
        answers.policy().eviction().orElseThrow().weightedSize().orElse(0),
        hits.sum(),
        fromFolder.sum(),
        misses.sum(),
        answers.stats().evictionCount());
  }
}
