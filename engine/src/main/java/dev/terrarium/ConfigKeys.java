package dev.terrarium;

import static dev.terrarium.ConfigKey.ABOVE_ZERO;
import static dev.terrarium.ConfigKey.NOT_BELOW_ZERO;

import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.AdmissionConfig.Retry;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.spi.ModelCache;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The table of all configuration keys that can be given as text. */
final class ConfigKeys {

  private static final String OFF = "off";
  private static final String LAZY = "lazy";
  private static final String EAGER = "eager";
  private static final Duration BUDGET_PERIOD = Duration.ofHours(1);
  private static final Pattern VARIABLES = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*\\*?");

  /** All keys, in the order in which they are set. */
  static final List<ConfigKey> ALL =
      List.of(
          ConfigKey.number(
              "contexts",
              "1 to 64",
              "contexts that serve at most, and without `min-contexts` are made at the start",
              TerrariumConfig::contexts,
              TerrariumConfig.Builder::contexts),
          ConfigKey.number(
              "min-contexts",
              "0 to `contexts`",
              "contexts that are made at the start and kept; as many as `contexts` when left out",
              TerrariumConfig::minContexts,
              TerrariumConfig.Builder::minContexts),
          ConfigKey.time(
              "borrow-timeout",
              ABOVE_ZERO,
              "how long a call waits for a free context, and behind a turn of its session that"
                  + " runs",
              TerrariumConfig::borrowTimeout,
              TerrariumConfig.Builder::borrowTimeout),
          ConfigKey.time(
              "load-timeout",
              ABOVE_ZERO,
              "how long a call waits for the first context, and for a framework to load",
              TerrariumConfig::loadTimeout,
              TerrariumConfig.Builder::loadTimeout),
          ConfigKey.time(
              "drain-timeout",
              NOT_BELOW_ZERO,
              "how long closing waits for running calls before it stops them",
              TerrariumConfig::drainTimeout,
              TerrariumConfig.Builder::drainTimeout),
          ConfigKey.number(
              "check-every",
              ABOVE_ZERO,
              "calls without a fault after which a context is looked through",
              config -> config.pool().checkEvery(),
              TerrariumConfig.Builder::checkEvery),
          ConfigKey.text(
              "recycle-after-calls",
              NOT_BELOW_ZERO,
              "calls after which a context drops all its frameworks; 0 for never",
              config -> config.pool().recycleAfterCalls(),
              (config, calls) -> config.recycleAfterCalls(Long.parseLong(calls))),
          ConfigKey.time(
              "recycle-after",
              NOT_BELOW_ZERO,
              "age at which a context drops all its frameworks; zero for never",
              config -> config.pool().recycleAfter(),
              TerrariumConfig.Builder::recycleAfter),
          ConfigKey.time(
              "leak-threshold",
              NOT_BELOW_ZERO,
              "how long a call may hold a context before it is reported; zero for never",
              config -> config.pool().leakThreshold(),
              TerrariumConfig.Builder::leakThreshold),
          ConfigKey.number(
              "max-batch",
              ABOVE_ZERO,
              "commands that one batch may hold",
              TerrariumConfig::maxBatch,
              TerrariumConfig.Builder::maxBatch),
          ConfigKey.number(
              "stream-buffer",
              ABOVE_ZERO,
              "pieces of a stream that may wait for its subscriber",
              TerrariumConfig::streamBuffer,
              TerrariumConfig.Builder::streamBuffer),
          ConfigKey.time(
              "stream-idle-timeout",
              ABOVE_ZERO,
              "how long a full stream waits for its subscriber",
              TerrariumConfig::streamIdleTimeout,
              TerrariumConfig.Builder::streamIdleTimeout),
          ConfigKey.size(
              "max-message",
              "size of a message of JSON or MessagePack, or of a body of HTTP; below 2GB",
              config -> (long) config.maxMessage(),
              (config, bytes) -> config.maxMessage(ConfigKey.below2Gb(bytes))),
          ConfigKey.number(
              "code-sessions",
              ABOVE_ZERO,
              "contexts at a time for code that language models wrote",
              TerrariumConfig::codeSessions,
              TerrariumConfig.Builder::codeSessions),
          ConfigKey.time(
              "code-timeout",
              ABOVE_ZERO,
              "how long one piece of such code may run",
              TerrariumConfig::codeTimeout,
              TerrariumConfig.Builder::codeTimeout),
          ConfigKey.text(
              "access",
              "restricted, trusted, trusted-native",
              "the most that any framework is granted",
              config -> config.access().word(),
              (config, word) -> config.access(profile(word))),
          ConfigKey.text(
              "imports",
              "lazy, eager",
              "when modules of frameworks make their imports: at the first use, or at once",
              config -> config.lazyImports() ? LAZY : EAGER,
              (config, word) -> config.lazyImports(lazy(word))),
          ConfigKey.text(
              "spans",
              "off, times, content",
              "what observers receive of the parts of each call, such as modules and tools",
              config -> wordOf(config.spans()),
              (config, word) -> config.spans(spans(word))),
          ConfigKey.text(
              "environment",
              "names with commas between, `LANGSMITH_*` for all that begin so",
              "variables of the process that Python code sees",
              config -> config.environment().isEmpty() ? "none" : config.environment().keySet(),
              (config, names) -> config.environment(variables(names, System.getenv()))),
          ConfigKey.text(
              "cache",
              "a folder",
              "where Python packages are unpacked; as a variable or property it moves models, too",
              config -> "the user's cache folder",
              (config, folder) -> {
                if (!folder.isEmpty()) {
                  config.cacheFolder(Path.of(folder));
                }
              }),
          ConfigKey.text(
              "language-model",
              "a name or a spec",
              "the default language model",
              config -> config.defaultModel().orElse("that of the class path"),
              TerrariumConfig.Builder::languageModel),
          ConfigKey.number(
              "program-cache",
              ABOVE_ZERO,
              "built programs that each context keeps of each framework",
              TerrariumConfig::programCache,
              TerrariumConfig.Builder::programCache),
          ConfigKey.number(
              "model-cache-models",
              ABOVE_ZERO,
              "models that are loaded at once",
              config -> config.modelCache().models(),
              (config, models) -> changeCache(config, cache -> cache.models(models))),
          ConfigKey.size(
              "model-cache-bytes",
              "size of all loaded models together",
              config -> config.modelCache().bytes(),
              (config, bytes) -> changeCache(config, cache -> cache.bytes(bytes))),
          ConfigKey.time(
              "model-cache-expire-after-load",
              NOT_BELOW_ZERO,
              "age at which a model is dropped that nobody uses; zero for never",
              config -> config.modelCache().expireAfterLoad(),
              (config, time) -> changeCache(config, cache -> cache.expireAfterLoad(time))),
          ConfigKey.time(
              "model-cache-expire-after-use",
              NOT_BELOW_ZERO,
              "how long after its last use a model is dropped; zero for never",
              config -> config.modelCache().expireAfterUse(),
              (config, time) -> changeCache(config, cache -> cache.expireAfterUse(time))),
          ConfigKey.size(
              "embedding-cache",
              "size of all vectors that are kept",
              TerrariumConfig::embeddingCache,
              TerrariumConfig.Builder::embeddingCache),
          ConfigKey.time(
              "embedding-ttl",
              NOT_BELOW_ZERO,
              "how long a vector is kept after it was made; zero for ever",
              TerrariumConfig::embeddingTtl,
              TerrariumConfig.Builder::embeddingTtl),
          ConfigKey.text(
              "answer-cache",
              "off, or a size",
              "size of all answers of language models that are kept in memory",
              config -> config.answerCache() == 0 ? OFF : ConfigKey.sizeText(config.answerCache()),
              (config, size) -> config.answerCache(size.equals(OFF) ? 0 : ConfigKey.size(size))),
          ConfigKey.time(
              "answer-ttl",
              NOT_BELOW_ZERO,
              "how long an answer is kept after it was made; zero for ever",
              TerrariumConfig::answerTtl,
              TerrariumConfig.Builder::answerTtl),
          ConfigKey.text(
              "answer-folder",
              "a folder",
              "where answers are kept beyond this process; only with `answer-cache`",
              config -> config.answerFolder().map(Path::toString).orElse("no folder"),
              (config, folder) -> {
                if (!folder.isEmpty()) {
                  config.answerFolder(Path.of(folder));
                }
              }),
          ConfigKey.time(
              "session-ttl",
              ABOVE_ZERO,
              "how long a session may lie idle before it is forgotten",
              TerrariumConfig::sessionTtl,
              TerrariumConfig.Builder::sessionTtl),
          ConfigKey.number(
              "max-sessions",
              ABOVE_ZERO,
              "sessions that may have a state at a time",
              TerrariumConfig::maxSessions,
              TerrariumConfig.Builder::maxSessions),
          ConfigKey.size(
              "max-session-bytes",
              "size of one session's state; below 2GB",
              config -> (long) config.maxSessionBytes(),
              (config, bytes) -> config.maxSessionBytes(ConfigKey.below2Gb(bytes))),
          limit(
              "limits-memory",
              "size of the models that a framework's calls use and of its share of contexts",
              limits -> ConfigKey.sizeText(limits.memory()),
              (limits, text) -> limits.memory(ConfigKey.size(text))),
          limit(
              "limits-models",
              "models that a framework's calls use",
              ResourceLimits::models,
              (limits, text) -> limits.models(Integer.parseInt(text))),
          limit(
              "limits-connections",
              "resources that a framework's calls have for themselves",
              ResourceLimits::connections,
              (limits, text) -> limits.connections(Integer.parseInt(text))),
          breaker(
              "circuit-breaker-failures",
              "1 to 10000",
              "failures in a row after which a framework is left alone; with another of these, 5",
              (breaker, text) -> breaker.withFailures(Integer.parseInt(text))),
          breaker(
              "circuit-breaker-open-for",
              "1ms to 365d",
              "how long it is left alone then; with another of these, 30s",
              (breaker, text) -> breaker.withOpenFor(ConfigKey.time(text))),
          breaker(
              "circuit-breaker-trial-calls",
              "1 to 1000",
              "calls that are let in after that; with another of these, 1",
              (breaker, text) -> breaker.withTrialCalls(Integer.parseInt(text))),
          admission(
              "bulkhead-concurrency",
              "1 to 1000000",
              "calls of a framework that run at once",
              (admission, text) -> {
                int calls = Integer.parseInt(text);
                Bulkhead bulkhead =
                    admission
                        .bulkhead()
                        .map(given -> new Bulkhead(calls, given.queue(), given.maxWait()))
                        .orElseGet(() -> Bulkhead.of(calls));
                return AdmissionConfig.from(admission).bulkhead(bulkhead).build();
              }),
          bulkhead(
              "bulkhead-queue",
              "0 to 1000000",
              "callers that may wait before it; only with `bulkhead-concurrency`, then 100",
              (bulkhead, text) -> bulkhead.withQueue(Integer.parseInt(text), bulkhead.maxWait())),
          bulkhead(
              "bulkhead-max-wait",
              "above zero to 365d",
              "how long one of them waits; only with `bulkhead-concurrency`, then 10s",
              (bulkhead, text) -> bulkhead.withQueue(bulkhead.queue(), ConfigKey.time(text))),
          retry(
              "retry-attempts",
              "1 to 100",
              "attempts at a call of a command that says it is safe; with `retry-pause` 3",
              (retry, text) -> retry.withAttempts(Integer.parseInt(text))),
          retry(
              "retry-pause",
              "0s to 365d",
              "pause before a further attempt; with `retry-attempts` 100ms",
              (retry, text) -> retry.withPause(ConfigKey.time(text))),
          budget(
              "budget-calls",
              ABOVE_ZERO,
              "calls of one caller's key in a period",
              (budget, text) -> new Budget(Long.parseLong(text), budget.tokens(), budget.period())),
          budget(
              "budget-tokens",
              ABOVE_ZERO,
              "tokens of one caller's key in a period",
              (budget, text) -> budget.withTokens(Long.parseLong(text))),
          budget(
              "budget-period",
              "above zero to 365d",
              "that period; with another of these, 1h",
              (budget, text) -> new Budget(budget.calls(), budget.tokens(), ConfigKey.time(text))));

  private ConfigKeys() {}

  private static ConfigKey limit(
      String name,
      String meaning,
      Function<ResourceLimits, Object> value,
      BiFunction<ResourceLimits.Builder, String, ResourceLimits.Builder> set) {
    return ConfigKey.ofFramework(
        name,
        ABOVE_ZERO,
        meaning,
        config -> value.apply(config.limits()),
        (config, framework, text) ->
            config.changeLimits(
                framework, limits -> set.apply(ResourceLimits.from(limits), text).build()));
  }

  private static ConfigKey admission(
      String name,
      String range,
      String meaning,
      BiFunction<AdmissionConfig, String, AdmissionConfig> set) {
    return ConfigKey.ofFramework(
        name,
        range,
        meaning,
        config -> OFF,
        (config, framework, text) ->
            config.changeAdmission(framework, admission -> set.apply(admission, text)));
  }

  private static ConfigKey breaker(
      String name,
      String range,
      String meaning,
      BiFunction<CircuitBreaker, String, CircuitBreaker> set) {
    return admission(
        name,
        range,
        meaning,
        (admission, text) -> {
          CircuitBreaker breaker = admission.circuitBreaker().orElseGet(CircuitBreaker::ofDefaults);
          return AdmissionConfig.from(admission).circuitBreaker(set.apply(breaker, text)).build();
        });
  }

  private static ConfigKey bulkhead(
      String name, String range, String meaning, BiFunction<Bulkhead, String, Bulkhead> set) {
    return admission(
        name,
        range,
        meaning,
        (admission, text) -> {
          Optional<Bulkhead> given = admission.bulkhead();
          Bulkhead bulkhead =
              given.orElseThrow(
                  () -> new ConfigurationException("bulkhead-concurrency must be given with it"));
          return AdmissionConfig.from(admission).bulkhead(set.apply(bulkhead, text)).build();
        });
  }

  private static ConfigKey retry(
      String name, String range, String meaning, BiFunction<Retry, String, Retry> set) {
    return admission(
        name,
        range,
        meaning,
        (admission, text) -> {
          Retry retry = admission.retry().orElseGet(Retry::ofDefaults);
          return AdmissionConfig.from(admission).retry(set.apply(retry, text)).build();
        });
  }

  private static ConfigKey budget(
      String name, String range, String meaning, BiFunction<Budget, String, Budget> set) {
    return admission(
        name,
        range,
        meaning,
        (admission, text) -> {
          Budget budget =
              admission
                  .budget()
                  .orElseGet(() -> new Budget(Long.MAX_VALUE, Long.MAX_VALUE, BUDGET_PERIOD));
          return AdmissionConfig.from(admission).budget(set.apply(budget, text)).build();
        });
  }

  private static void changeCache(
      TerrariumConfig.Builder config, UnaryOperator<ModelCache.Limits.Builder> change) {
    config.modelCache(change.apply(ModelCache.Limits.from(config.modelCache())).build());
  }

  /**
   * Returns those of the named environment variables that exist.
   *
   * @throws IllegalArgumentException for a name that a variable cannot have
   */
  static Map<String, String> variables(String names, Map<String, String> all) {
    Map<String, String> chosen = new TreeMap<>();
    for (String name : names.split(",", -1)) {
      String wanted = name.strip();
      if (!VARIABLES.matcher(wanted).matches()) {
        throw new IllegalArgumentException(wanted);
      }
      String prefix = wanted.endsWith("*") ? wanted.substring(0, wanted.length() - 1) : null;
      all.forEach(
          (variable, value) -> {
            if (prefix == null ? variable.equals(wanted) : variable.startsWith(prefix)) {
              chosen.put(variable, value);
            }
          });
    }
    return chosen;
  }

  private static boolean lazy(String word) {
    if (!word.equals(LAZY) && !word.equals(EAGER)) {
      throw new IllegalArgumentException(word);
    }
    return word.equals(LAZY);
  }

  private static SpanDetail spans(String word) {
    for (SpanDetail detail : SpanDetail.values()) {
      if (wordOf(detail).equals(word)) {
        return detail;
      }
    }
    throw new IllegalArgumentException(word);
  }

  private static String wordOf(SpanDetail detail) {
    return detail.name().toLowerCase(Locale.ROOT);
  }

  private static AccessProfile profile(String word) {
    for (AccessProfile profile : AccessProfile.values()) {
      if (profile.word().equals(word)) {
        return profile;
      }
    }
    throw new IllegalArgumentException(word);
  }
}
