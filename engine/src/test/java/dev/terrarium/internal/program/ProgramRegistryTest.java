package dev.terrarium.internal.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.HostFunction;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramRegistryTest {

  private Instant now = Instant.parse("2026-01-01T00:00:00.123456789Z");
  private final ProgramRegistry registry = new ProgramRegistry(8, () -> now);

  private Object answer(String function, @Nullable Object... arguments) {
    return Objects.requireNonNull(call(function, arguments));
  }

  private @Nullable Object call(String function, @Nullable Object... arguments) {
    HostFunction service = Objects.requireNonNull(registry.functions().get("program." + function));
    return service.call(Arrays.asList(arguments));
  }

  private long put(String id, Map<String, ?> spec) {
    return (Long) answer("put", "one", id, spec);
  }

  private Map<?, ?> get(String id) {
    return (Map<?, ?>) answer("get", "one", id);
  }

  private Map<?, ?> info(String id) {
    return (Map<?, ?>) answer("info", "one", id);
  }

  private long version(String id) {
    return (Long) answer("version", "one", id);
  }

  @Test
  void storedProgramCanBeRead() {
    long version = put("id", Map.of("kind", "a"));

    assertThat(get("id").get("spec")).isEqualTo(Map.of("kind", "a"));
    assertThat(get("id").get("state")).isNull();
    assertThat(get("id").get("version")).isEqualTo(version).isEqualTo(version("id"));
  }

  @Test
  void frameworksDoNotShareIds() {
    put("id", Map.of("kind", "a"));

    assertThat(call("get", "two", "id")).isNull();
    assertThat(call("version", "two", "id")).isNull();
    assertThat(call("info", "two", "id")).isNull();
    assertThat(call("delete", "two", "id")).isEqualTo(false);
    assertThat(call("list", "two")).isEqualTo(List.of());
  }

  @Test
  void specOfTheSameIdIsReplacedWithItsState() {
    long first = put("id", Map.of("kind", "a"));
    call("put_state", "one", "id", Map.of("demos", List.of()), first);
    long last = put("id", Map.of("kind", "b"));

    assertThat(get("id").get("spec")).isEqualTo(Map.of("kind", "b"));
    assertThat(get("id").get("state")).isNull();
    assertThat(last).isGreaterThan(first);
  }

  @Test
  void equalSpecChangesNothing() {
    long first = put("id", Map.of("kind", "a"));
    Object version = call("put_state", "one", "id", Map.of("demos", List.of()), first);

    assertThat(call("put", "one", "id", Map.of("kind", "a"))).isNull();
    assertThat(call("version", "one", "id")).isEqualTo(version);
    assertThat(get("id").get("state")).isEqualTo(Map.of("demos", List.of()));
  }

  @Test
  void versionRisesWithEachChangeOfThatProgramAlone() {
    long first = put("id", Map.of("kind", "a"));
    put("other", Map.of("kind", "a"));
    assertThat(version("id")).isEqualTo(first);

    Object second = answer("put_state", "one", "id", Map.of("n", 1L), first);
    assertThat(second).isEqualTo(version("id"));
    assertThat(version("id")).isGreaterThan(first);
    Object third = call("put_state", "one", "id", null, second);
    assertThat(third).isEqualTo(version("id"));
    assertThat(version("id")).isGreaterThan((Long) second);
    assertThat(get("id").get("state")).isNull();
  }

  @Test
  void versionRisesAlsoOverADeletion() {
    long first = put("id", Map.of("kind", "a"));
    assertThat(call("delete", "one", "id")).isEqualTo(true);
    assertThat(call("delete", "one", "id")).isEqualTo(false);
    assertThat(call("version", "one", "id")).isNull();

    assertThat(put("id", Map.of("kind", "a"))).isGreaterThan(first);
  }

  @Test
  void stateOfAnotherVersionIsRefused() {
    long first = put("id", Map.of("kind", "a"));
    long second = put("id", Map.of("kind", "b"));

    assertThat(call("put_state", "one", "id", Map.of("n", 1L), first)).isNull();
    assertThat(call("put_state", "one", "other", Map.of("n", 1L), first)).isNull();
    assertThat(get("id").get("state")).isNull();
    assertThat(version("id")).isEqualTo(second);
  }

  @Test
  void infoHasTheTimesOfCreationAndChange() {
    Instant created = Instant.parse("2026-01-01T00:00:00.123456Z");
    long first = put("id", Map.of("kind", "a"));
    assertThat(info("id"))
        .isEqualTo(
            Map.of(
                "program",
                "id",
                "version",
                first,
                "created",
                created,
                "updated",
                created,
                "compiled",
                false,
                "spec",
                Map.of("kind", "a")));

    now = now.plus(Duration.ofHours(1));
    call("put_state", "one", "id", Map.of(), first);
    assertThat(info("id").get("created")).isEqualTo(created);
    assertThat(info("id").get("updated")).isEqualTo(created.plus(Duration.ofHours(1)));
    assertThat(info("id").get("compiled")).isEqualTo(true);

    now = now.plus(Duration.ofHours(1));
    put("id", Map.of("kind", "b"));
    assertThat(info("id").get("created")).isEqualTo(created);
    assertThat(info("id").get("updated")).isEqualTo(created.plus(Duration.ofHours(2)));
    assertThat(info("id").get("compiled")).isEqualTo(false);
  }

  @Test
  void idsAreListedInOrderWithoutThoseOfTerrariumItself() {
    for (String id : List.of("b", "@defaults", "c", "a")) {
      put(id, Map.of("kind", "a"));
    }

    assertThat(call("list", "one")).isEqualTo(List.of("a", "b", "c"));
  }

  @Test
  void capacityIsTheOneThatWasConfigured() {
    assertThat(call("capacity")).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"put", "put_state", "get", "version", "info", "delete", "list"})
  void missingArgumentsAreRefused(String function) {
    assertThatThrownBy(() -> call(function))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("argument 1 must be a str, found null");
  }

  @Test
  void wrongArgumentsAreRefused() {
    assertThatThrownBy(() -> call("put", "one", "id")).isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> call("put", "one", "id", "spec"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("argument 3 must be a dict, found spec");
    assertThatThrownBy(() -> call("get", "one", 1L))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("argument 2 must be a str, found 1");
    long version = put("id", Map.of());
    assertThatThrownBy(() -> call("put_state", "one", "id", "state", version))
        .hasMessageContaining("argument 3 must be a dict");
    assertThatThrownBy(() -> call("put_state", "one", "id", Map.of(), "1"))
        .hasMessageContaining("argument 4 must be an int");
  }

  /** Writers change one program; whatever readers see belongs together and is never older. */
  @Test
  void readersSeeSpecStateAndVersionOfOneMoment() throws Exception {
    int rounds = 2_000;
    put("id", Map.of("n", 0L));
    CountDownLatch done = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<List<Map<?, ?>>>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        readers.add(
            threads.submit(
                () -> {
                  List<Map<?, ?>> seen = new ArrayList<>();
                  do {
                    seen.add(get("id"));
                  } while (done.getCount() > 0);
                  return seen;
                }));
      }
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        long first = i;
        writers.add(
            threads.submit(
                () -> {
                  for (long n = 1 + first; n < rounds; n += 2) {
                    Object version = call("put", "one", "id", Map.of("n", n));
                    call("put_state", "one", "id", Map.of("n", n), version);
                  }
                }));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
      done.countDown();
      for (Future<List<Map<?, ?>>> reader : readers) {
        List<Map<?, ?>> seen = reader.get();
        assertThat(seen.stream().map(each -> (Long) each.get("version"))).isSorted();
        assertThat(seen)
            .allSatisfy(each -> assertThat(each.get("state")).isIn(null, each.get("spec")));
      }
    } finally {
      done.countDown();
    }
  }
}
