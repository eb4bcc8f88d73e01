package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What annotations of handlers do for callers in Java; test_annotations.py has the rest. */
@GraalPyTest
class AnnotationsTest {

  private static final String NAME = "annotated";

  private static final String SOURCE =
      """
      from __future__ import annotations

      import datetime, decimal, enum, typing, uuid
      from collections.abc import Callable
      from dataclasses import dataclass
      from terrarium.bridge import BaseBridge, handler


      class Mood(enum.Enum):
          HAPPY = 1
          SAD = 2


      @dataclass
      class Review:
          text: str
          mood: Mood
          stars: int | None
          tags: set[str]
          price: decimal.Decimal


      class Annotated(BaseBridge):
          framework = "annotated"

          @handler
          def number(self, n: int):
              return n

          @handler
          def review(self, review: Review):
              return [repr(review), review.mood, review.tags]

          @handler
          def many(self, reviews: dict[str, list[Review]]):
              return len(reviews)

          @handler
          def kinds(
              self,
              id: uuid.UUID,
              at: datetime.datetime,
              time: datetime.timedelta,
              score: Callable[[str], float],
              shares: list[float],
              word: typing.Literal["a", "b"],
          ):
              return [type(id).__name__, at.year, time.seconds, score("x"), type(shares).__name__, word]
      """;

  private final Terrarium terrarium;

  AnnotationsTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  enum Mood {
    HAPPY,
    SAD
  }

  record Review(String text, Mood mood, OptionalInt stars, Set<String> tags, BigDecimal price) {}

  @BeforeEach
  void registered() {
    if (!terrarium.stats().frameworks().contains(NAME)) {
      terrarium.register(Framework.fromSource(NAME, SOURCE, "annotated.py"));
    }
  }

  private @Nullable Object call(String command, String argument, @Nullable Object value) {
    return terrarium.call(NAME, command, Collections.singletonMap(argument, value));
  }

  @Test
  void recordsBecomeDataclassesOfSetsAndEnums() {
    Review review =
        new Review("fine", Mood.SAD, OptionalInt.of(4), Set.of("a"), new BigDecimal("1.50"));

    assertThat(call("review", "review", review))
        .isEqualTo(
            List.of(
                "Review(text='fine', mood=<Mood.SAD: 2>, stars=4, tags={'a'},"
                    + " price=Decimal('1.50'))",
                "SAD",
                List.of("a")));
  }

  @Test
  void valuesOfManyKindsArriveAsTheyAreAnnotated() {
    Map<String, Object> arguments =
        Map.of(
            "id", UUID.randomUUID(),
            "at", Instant.parse("2024-02-29T12:00:00Z").truncatedTo(ChronoUnit.MICROS),
            "time", Duration.ofSeconds(90),
            "score", Callback.of(String.class, String::length),
            "shares", new double[] {1, 0.5},
            "word", "b");

    assertThat(terrarium.call(NAME, "kinds", arguments))
        .isEqualTo(Arrays.asList("UUID", 2024L, 90L, 1L, "list", "b"));
  }

  @Test
  void messagesAreConvertedToo() {
    byte[] message = "{\"n\": 5.0}".getBytes(StandardCharsets.UTF_8);

    assertThat(terrarium.adapter(NAME).call(Command.of("number", message, MessageFormat.JSON)))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("5");
  }

  static Stream<Arguments> wrong() {
    Map<String, Object> unfinished = Map.of("text", "a", "mood", "SAD", "tags", List.of());
    return Stream.of(
        arguments("number", "n", "x", "number: argument 'n': expected int, found str 'x'"),
        arguments("number", "n", null, "number: argument 'n': expected int, found None"),
        arguments("number", "n", List.of(1), "number: argument 'n': expected int, found list"),
        arguments("number", "n", true, "number: argument 'n': expected int, found bool True"),
        arguments("number", "n", 1.5, "number: argument 'n': expected int, found float 1.5"),
        arguments(
            "many",
            "reviews",
            Map.of("a", List.of(unfinished)),
            "many: argument 'reviews' at reviews.a[0]: Review needs 'stars', found only: "),
        arguments(
            "review",
            "review",
            Map.of("text", 1, "mood", "SAD", "stars", 1, "tags", List.of(), "price", 1),
            "review: argument 'review' at review.text: expected str, found int 1"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatDoesNotFitIsNamedWithItsPlace(
      String command, String argument, @Nullable Object value, String message) {
    assertThatThrownBy(() -> call(command, argument, value))
        .isInstanceOf(ArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void asyncHandlersAreRefusedWhenTheirFrameworkIsLoaded() {
    String source =
        """
        from terrarium.bridge import BaseBridge, handler

        class Later(BaseBridge):
            framework = "later"

            @handler
            async def run(self):
                return 1
        """;
    terrarium.register(Framework.fromSource("later", source, "later.py"));

    assertThatThrownBy(() -> terrarium.call("later", "run", Map.of()))
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("handler run is async")
        .hasMessageContaining("asyncio.run(...)");
  }

  @Test
  void adapterIsShownByItsName() {
    assertThat(terrarium.adapter(NAME)).hasToString("Adapter[annotated]");
  }

  @Test
  void settingsOfFrameworksThatAreNotThereAreLogged() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(0, 1)
            .set("frameworks.wordcuont.limits-models", "2")
            .set("frameworks.words.limits-models", "2")
            .build();
    try (LogRecords records = LogRecords.of("terrarium.config");
        Terrarium other = Terrarium.start(config)) {
      other.register(Framework.fromResource("/frameworks/wordcount.py"));
      other.register(Framework.fromSource("words", "", "words.py"));
      for (int i = 0; i < 2; i++) {
        assertThat(other.adapter("wordcount")).isNotNull();
        assertThat(other.adapter("words")).isNotNull();
      }
      assertThat(records.lines())
          .containsExactly(
              "terrarium.config WARNING The configuration has settings for a framework"
                  + " 'wordcuont', which is not there; did you mean 'wordcount'? Known frameworks:"
                  + " wordcount, words.");
    }
  }
}
