package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Stats;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.resource.KeyedResourcePool;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.LanguageModelProvider;
import dev.terrarium.testing.CountingModel;
import dev.terrarium.testing.FakeModel;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LanguageModelsTest {

  private static final ClassLoader EMPTY = new ClassLoader(null) {};

  private final LruModelCache cache = ModelCacheTest.cache();

  private final List<TerrariumEvent> events = new CopyOnWriteArrayList<>();
  private final KeyedResourcePool resources =
      new KeyedResourcePool(framework -> 4, Events.to(List.of(events::add)));

  @AfterEach
  void closeCache() {
    cache.close();
    resources.close();
  }

  private LanguageModels models(Map<String, LanguageModel> given, @Nullable String defaultSpec) {
    return new LanguageModels(
        given, defaultSpec, UnaryOperator.identity(), EMPTY, cache, resources, Events.none());
  }

  @Nested
  class WithoutProviders {

    @Test
    void missingModelIsExplained() {
      LanguageModels models = models(Map.of(), null);

      assertThatThrownBy(() -> models.get(null))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("There is no language model")
          .hasMessageContaining("as dependencies");
    }

    @Test
    void givenModelIsFoundByNameAndAsDefault() {
      FakeModel one = new FakeModel("one");
      FakeModel two = new FakeModel("two");
      LanguageModels models = models(Map.of("one", one, "two", two), "two");

      assertThat(models.get("one")).isSameAs(one);
      assertThat(models.get(null)).isSameAs(two);
      cache.close();
      assertThat(one.closings).as("closings of a model that was given").hasValue(0);
    }

    @Test
    void requestsToModelsAreCounted() {
      FakeModel one = new FakeModel("one");
      LanguageModels models = models(Map.of("one", one), "one");
      assertThat(models.stats()).isEmpty();
      models.chat(one, ChatRequest.of("a"));
      models.chat(one, ChatRequest.of("b"));

      assertThat(models.stats())
          .isEqualTo(
              Map.of("one", new Stats.Model(Duration.ZERO, 2, 22, 14, Duration.ofMillis(500))));
    }
  }

  /** A provider that {@link java.util.ServiceLoader} finds, and whose behaviour each test sets. */
  public static final class TestProvider implements LanguageModelProvider {

    static final List<String> OPENED = new CopyOnWriteArrayList<>();
    static volatile Function<String, LanguageModel> opener = FakeModel::new;
    static volatile boolean hasDefault = true;

    @Override
    public String name() {
      return "test";
    }

    @Override
    public boolean supports(String spec) {
      return spec.startsWith("test:");
    }

    @Override
    public boolean hasDefault() {
      return hasDefault;
    }

    @Override
    public @Nullable String canonical(@Nullable String spec) {
      return spec == null ? null : spec.strip();
    }

    @Override
    public Optional<Tokenizer> tokenizer(@Nullable String spec) {
      if (String.valueOf(spec).contains("mute")) {
        return Optional.empty();
      }
      OPENED.add("tokenizer of " + spec);
      return Optional.of(FakeModel.CODE_POINTS);
    }

    @Override
    public LanguageModel open(@Nullable String spec) {
      String opened = String.valueOf(spec);
      OPENED.add(opened);
      return opener.apply(opened);
    }
  }

  @Nested
  class WithAProvider {

    private final List<FakeModel> made = new ArrayList<>();
    private final FakeModel given = new FakeModel("given");
    private final LanguageModels models =
        new LanguageModels(
            Map.of("given", given),
            null,
            UnaryOperator.identity(),
            LanguageModelsTest.class.getClassLoader(),
            cache,
            resources,
            Events.none());

    @BeforeEach
    void provide() {
      TestProvider.OPENED.clear();
      TestProvider.opener = this::open;
      TestProvider.hasDefault = true;
    }

    private FakeModel open(String spec) {
      FakeModel model = new FakeModel(spec);
      synchronized (made) {
        made.add(model);
      }
      return model;
    }

    @AfterEach
    void close() {
      TestProvider.opener = FakeModel::new;
    }

    @Test
    void absentSpecMeansTheProvidersDefault() {
      assertThat(models.get(null).name()).isEqualTo("null");
      assertThat(TestProvider.OPENED).containsExactly("null");
    }

    @Test
    void modelsPassThroughTheWrapper() {
      List<String> asked = new ArrayList<>();
      LanguageModels wrapped =
          new LanguageModels(
              Map.of("given", given),
              "given",
              model ->
                  new FakeModel(
                      model.name(),
                      request -> {
                        asked.add(model.name());
                        return model.chat(request).text();
                      }),
              LanguageModelsTest.class.getClassLoader(),
              cache,
              resources,
              Events.none());

      LanguageModel opened = wrapped.get("test:a");

      assertThat(wrapped.chat(wrapped.get(null), ChatRequest.of("a")).text())
          .isEqualTo("answer of given");
      assertThat(wrapped.chat(opened, ChatRequest.of("a")).text()).isEqualTo("answer of test:a");
      assertThat(asked).containsExactly("given", "test:a");
      assertThat(wrapped.stats()).containsOnlyKeys("given", "test:a");
    }

    @Test
    void chainIsNamedByTheSpecsOfItsModels() {
      TestProvider.opener =
          spec -> {
            if (spec.equals("test:broken")) {
              throw new ModelException("cannot be opened");
            }
            return open(spec);
          };
      LanguageModel chain = models.get("first:test:broken, test:b,given");

      assertThat(chain.name()).isEqualTo("first:test:broken,test:b,given");
      assertThat(models.chat(chain, ChatRequest.of("a")).text()).isEqualTo("answer of test:b");
      assertThat(models.stats().get("test:b"))
          .isNotNull()
          .extracting(Stats.Model::requests)
          .isEqualTo(1L);
      assertThat(models.stats()).doesNotContainKey(chain.name());
      assertThat(given.requests).isEmpty();
    }

    @Test
    void chainKeepsWhatItHasSeen() {
      TestProvider.opener =
          spec -> {
            throw new ModelException("cannot be opened");
          };
      for (int i = 0; i < 7; i++) {
        models.chat(models.get("first:test:broken,given"), ChatRequest.of("a"));
      }

      assertThat(TestProvider.OPENED).as("attempts to open").hasSize(5);
    }

    @Test
    void tokenizerOfAChainIsThatOfItsFirstModel() {
      models.tokenizer("first:test:a,given").count("abc");

      assertThat(TestProvider.OPENED).containsExactly("tokenizer of test:a");
    }

    @Test
    void malformedSpecOfAChainIsExplained() {
      for (String spec : List.of("first:", "first:given,", "first:first:given")) {
        assertThatThrownBy(() -> models.get(spec))
            .isInstanceOf(ModelException.class)
            .hasMessageContaining("must name models with commas between");
      }
      assertThatThrownBy(() -> models.get("first:given,unknown"))
          .hasMessageContaining("There is no language model 'unknown'");
    }

    private LanguageModels remembering() {
      return new LanguageModels(
          Map.of("given", given),
          "given",
          UnaryOperator.identity(),
          LanguageModelsTest.class.getClassLoader(),
          cache,
          resources,
          new AnswerCache(1 << 20, Duration.ZERO, null, Events.none()),
          Events.to(List.of(events::add)));
    }

    @Test
    void keptAnswerIsNotCounted() {
      LanguageModels kept = remembering();
      for (int i = 0; i < 3; i++) {
        assertThat(kept.chat(kept.get(null), ChatRequest.of("a")).text())
            .isEqualTo("answer of given");
      }
      assertThat(kept.get("given").chat(ChatRequest.of("a")).text()).isEqualTo("answer of given");

      assertThat(given.requests).hasSize(1);
      assertThat(kept.stats().get("given"))
          .isNotNull()
          .extracting(Stats.Model::requests)
          .isEqualTo(1L);
      assertThat(events).hasSize(1).hasOnlyElementsOfType(TerrariumEvent.ModelCalled.class);
      assertThat(kept.answers().hits()).isEqualTo(3);
    }

    @Test
    void keptAnswerIsStreamedAsOnePiece() {
      LanguageModels kept = remembering();
      kept.chat(kept.get(null), ChatRequest.of("a"));
      List<String> pieces = new ArrayList<>();

      kept.stream(kept.get(null), ChatRequest.of("a"), piece -> pieces.add(piece.text()));
      kept.get(null).stream(ChatRequest.of("a"), piece -> pieces.add(piece.text()));

      assertThat(pieces).containsExactly("answer of given", "answer of given");
      assertThat(given.requests).hasSize(1);
    }

    @Test
    void modelsOfTheSameNameHaveAnswersOfTheirOwn() {
      TestProvider.opener = spec -> new FakeModel("same", request -> "answer of " + spec);
      LanguageModels kept = remembering();

      assertThat(kept.get("test:a").chat(ChatRequest.of("a")).text()).isEqualTo("answer of test:a");
      assertThat(kept.get("test:b").chat(ChatRequest.of("a")).text()).isEqualTo("answer of test:b");
    }

    @Test
    void answersInAChainAreKeptForTheModelThatGaveThem() {
      TestProvider.opener =
          spec -> {
            throw new ModelException("cannot be opened");
          };
      LanguageModels kept = remembering();
      LanguageModel chain = kept.get("first:test:broken,given");
      kept.chat(chain, ChatRequest.of("a"));
      TestProvider.opener = this::open;

      assertThat(kept.chat(chain, ChatRequest.of("a")).text()).isEqualTo("answer of test:broken");
      assertThat(kept.chat(kept.get("given"), ChatRequest.of("a")).text())
          .isEqualTo("answer of given");
      assertThat(given.requests).hasSize(1);
    }

    @Test
    void modelIsOpenedOnceForEachSpec() {
      LanguageModel model = models.get("test:a");

      assertThat(models.get("test:a")).isEqualTo(model);
      assertThat(models.get("test:b")).isNotEqualTo(model);
      assertThat(TestProvider.OPENED).containsExactly("test:a", "test:b");
      assertThat(models.stats()).containsOnlyKeys("test:a", "test:b");
    }

    @Test
    void differentSpecsOfOneModelOpenItOnce() {
      LanguageModel model = models.get("test:a");

      assertThat(models.get("test:a  ")).isEqualTo(model);
      assertThat(models.get("test:a\n").chat(ChatRequest.of("a")).text())
          .isEqualTo("answer of test:a");
      assertThat(TestProvider.OPENED).containsExactly("test:a");
    }

    @Test
    void tokenizerIsOpenedOnceForAllSpecsAndWithoutTheModel() {
      Tokenizer tokenizer = models.tokenizer("test:a");

      assertThat(tokenizer.encode("ab")).containsExactly('a', 'b');
      assertThat(tokenizer.decode(new int[] {'a', 'b'})).isEqualTo("ab");
      tokenizer.close();
      assertThat(models.tokenizer("test:a ").count("abc")).isEqualTo(3);
      assertThat(TestProvider.OPENED).containsExactly("tokenizer of test:a");
      assertThat(events)
          .contains(new TerrariumEvent.CacheHit("resources", "tokenizer:test:test:a"));
      assertThat(resources.stats())
          .isEqualTo(Map.of("tokenizer", new Stats.Resource(1, 0, 2, 1, 0, 0)));
    }

    @Test
    void tokenizerOfTheDefaultIsTheProvidersDefault() {
      assertThat(models.tokenizer(null).count("abc")).isEqualTo(3);
      assertThat(TestProvider.OPENED).containsExactly("tokenizer of null");
    }

    @Test
    void providerWithoutADefaultIsNotAskedForOne() {
      TestProvider.hasDefault = false;

      assertThatThrownBy(() -> models.get(null))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("There is no default language model: name one by")
          .hasMessageContaining("(providers that are there: test)");
      assertThat(TestProvider.OPENED).isEmpty();
      assertThat(models.get("test:a").name()).isEqualTo("test:a");
    }

    @Test
    void tokenizerOfAnOpenedModelIsThatOfThePool() {
      assertThat(models.get("test:a").tokenizer().orElseThrow().count("abc")).isEqualTo(3);
      assertThat(TestProvider.OPENED).containsExactly("test:a", "tokenizer of test:a");
    }

    @Test
    void tokenizerOfAGivenModelIsItsOwn() {
      assertThat(models.tokenizer("given")).isSameAs(FakeModel.CODE_POINTS);
    }

    @Test
    void modelWithoutATokenizerIsReportedByName() {
      LanguageModels mute = models(Map.of("counting", new CountingModel()), "counting");

      assertThatThrownBy(() -> mute.tokenizer(null))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith(
              "The language model 'counting' does not tell how it splits texts into tokens.");
      assertThatThrownBy(() -> models.tokenizer("test:mute").count("a"))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("The language model 'test:mute' does not tell");
      assertThat(resources.size()).isZero();
      assertThatThrownBy(() -> models.tokenizer("gpt-9")).isInstanceOf(ModelException.class);
      ClassLoader loader = LanguageModelsTest.class.getClassLoader();
      LanguageModels none =
          new LanguageModels(
              Map.of(), null, UnaryOperator.identity(), loader, cache, resources, Events.none());
      assertThatThrownBy(() -> none.get("gpt-9"))
          .hasMessageContaining("given to TerrariumConfig.languageModel (none was given)");
    }

    @Test
    void pythonCountsReadsAndWritesTokens() {
      Map<String, HostFunction> functions = new TokenizerService(models).functions();
      HostFunction count = Objects.requireNonNull(functions.get("tokenizer.count"));
      HostFunction encode = Objects.requireNonNull(functions.get("tokenizer.encode"));
      HostFunction decode = Objects.requireNonNull(functions.get("tokenizer.decode"));

      List<@Nullable Object> byDefault = new ArrayList<>();
      byDefault.add(null);
      byDefault.add("abc");
      assertThat(count.call(byDefault)).isEqualTo(3);
      assertThat(encode.call(List.of("given", "ab"))).isEqualTo(new int[] {'a', 'b'});
      assertThat(decode.call(List.of("test:a", List.of(97L, 98L)))).isEqualTo("ab");
      assertThatThrownBy(() -> count.call(List.of("given")))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("tokenizer.count");
      assertThatThrownBy(() -> count.call(List.of("given", 5L)))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("text");
      assertThatThrownBy(() -> decode.call(List.of("given", List.of("a"))))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("tokens");
      assertThatThrownBy(() -> count.call(List.of(7L, "abc")))
          .isInstanceOf(ConversionException.class)
          .hasMessageContaining("model");
    }

    @Test
    void modelIsOpenedOnceForConcurrentThreads() throws Exception {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      TestProvider.opener =
          spec -> {
            gate.join();
            return open(spec);
          };
      List<Task<LanguageModel>> tasks = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        tasks.add(Task.of(() -> models.get("test:a")));
      }
      gate.complete(null);
      for (Task<LanguageModel> task : tasks) {
        assertThat(task.result()).isEqualTo(models.get("test:a"));
      }
      assertThat(TestProvider.OPENED).hasSize(1);
    }

    @Test
    void openingAModelDoesNotBlockCallersOfAnother() throws Exception {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      TestProvider.opener =
          spec -> {
            gate.join();
            return open(spec);
          };
      Task<LanguageModel> opening = Task.of(() -> models.get("test:slow"));
      Task.until("it is being opened", () -> TestProvider.OPENED.contains("test:slow"));
      Task<LanguageModel> other = Task.of(() -> models.get("given"));
      Task<Map<String, Stats.Model>> stats = Task.of(models::stats);
      try {
        Task.until("others go on", () -> other.isDone() && stats.isDone());
      } finally {
        gate.complete(null);
      }

      assertThat(other.result()).isSameAs(given);
      assertThat(opening.result().name()).isEqualTo("test:slow");
    }

    @Test
    void unknownSpecIsReportedWithTheKnownModels() {
      assertThatThrownBy(() -> models.get("gpt-9"))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("'gpt-9'")
          .hasMessageContaining("(given)")
          .hasMessageContaining("(those that are there: test;");
    }

    @Test
    void failedOpeningIsRetried() {
      TestProvider.opener =
          spec -> {
            throw new ModelException("truncated");
          };
      assertThatThrownBy(() -> models.get("test:a"))
          .isInstanceOf(ModelException.class)
          .hasMessage("truncated");
      TestProvider.opener = this::open;

      assertThat(models.get("test:a").name()).isEqualTo("test:a");
    }

    @Test
    void closeFreesTheOpenedModelsAndRefusesFurtherOnes() {
      models.get("test:a");
      models.get("test:b");
      cache.close();
      cache.close();

      assertThat(made).hasSize(2).allSatisfy(model -> assertThat(model.closings).hasValue(1));
      assertThat(given.closings).hasValue(0);
      assertThatThrownBy(() -> models.get("test:a"))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("closed");
    }

    @Test
    void modelThatIsBeingOpenedAtTheCloseIsFreedToo() throws Exception {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      TestProvider.opener =
          spec -> {
            gate.join();
            return open(spec);
          };
      Task<LanguageModel> opening = Task.of(() -> models.get("test:slow"));
      Task.until("it is being opened", () -> TestProvider.OPENED.contains("test:slow"));
      Task<@Nullable Void> closing = Task.running(cache::close);
      gate.complete(null);
      opening.result();
      closing.result();

      assertThat(made).hasSize(1).allSatisfy(model -> assertThat(model.closings).hasValue(1));
    }

    @Test
    void modelIsUsableAfterTheCacheEvictedIt() {
      LanguageModel model = models.get("test:a");
      assertThat(cache.evict("test", "test:a")).isTrue();

      assertThat(model.name()).isEqualTo("test:a");
      assertThat(model.chat(ChatRequest.of("a")).text()).isEqualTo("answer of test:a");
      assertThat(TestProvider.OPENED).containsExactly("test:a", "test:a");
      assertThat(made.getFirst().closings).hasValue(1);
      assertThat(made.getLast().closings).hasValue(0);
      assertThat(models.stats()).containsOnlyKeys("test:a");
    }

    @Test
    void modelIsHeldForAsLongAsItAnswers() {
      List<Boolean> evicted = new ArrayList<>();
      TestProvider.opener =
          spec ->
              new FakeModel(
                  spec,
                  request -> {
                    evicted.add(cache.evict("test", "test:a"));
                    return "answer";
                  });
      LanguageModel model = models.get("test:a");
      model.chat(ChatRequest.of("a"));
      model.stream(ChatRequest.of("a"), chunk -> evicted.add(cache.evict("test", "test:a")));

      assertThat(evicted).containsExactly(false, false, false);
      assertThat(cache.stats().inUse()).isZero();
    }

    @Test
    void closingTheHandleClosesNothing() {
      models.get("test:a").close();

      assertThat(made).hasSize(1).allSatisfy(model -> assertThat(model.closings).hasValue(0));
    }
  }
}
