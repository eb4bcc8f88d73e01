package dev.terrarium.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.testing.FakeModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelChainTest {

  private static final Set<Kind> ENDING = EnumSet.of(Kind.INVALID_REQUEST, Kind.CONTENT_FILTERED);
  private static final Set<Kind> HARMLESS =
      EnumSet.of(Kind.BAD_RESPONSE, Kind.CONTEXT_LENGTH_EXCEEDED);
  private static final ChatRequest REQUEST = ChatRequest.of("Where?");

  private final AtomicLong now = new AtomicLong();
  private @Nullable Supplier<RuntimeException> failing;
  private final FakeModel main =
      new FakeModel(
          "main",
          request -> {
            if (failing != null) {
              throw failing.get();
            }
            return "answer of main";
          });
  private final FakeModel spare = new FakeModel("spare");

  private LanguageModel chain(LanguageModel... models) {
    return new ModelChain(List.of(models), CircuitBreaker.ofDefaults(), now::get);
  }

  private static ModelException failure(Kind kind) {
    return new ModelException(kind, "no answer", null);
  }

  private static FakeModel failing(String name, RuntimeException failure) {
    return new FakeModel(
        name,
        request -> {
          throw failure;
        });
  }

  @Test
  void firstModelAnswersWhileItCan() {
    LanguageModel chain = chain(main, spare);

    assertThat(chain.chat(REQUEST).text()).isEqualTo("answer of main");
    assertThat(spare.requests).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void nextModelIsAskedAfterAFailureThatItMayNotHave(Kind kind) {
    failing = () -> failure(kind);
    LanguageModel chain = chain(main, spare);

    if (ENDING.contains(kind)) {
      assertThatThrownBy(() -> chain.chat(REQUEST))
          .isInstanceOfSatisfying(ModelException.class, e -> assertThat(e.kind()).isEqualTo(kind));
      assertThat(spare.requests).isEmpty();
    } else {
      assertThat(chain.chat(REQUEST).text()).isEqualTo("answer of spare");
      assertThat(spare.requests).containsExactly(REQUEST);
    }
  }

  @ParameterizedTest
  @EnumSource
  void modelThatIsDownIsPassedOver(Kind kind) {
    failing = () -> failure(kind);
    LanguageModel chain = chain(main, spare);
    for (int i = 0; i < 7; i++) {
      try {
        chain.chat(REQUEST);
      } catch (ModelException e) {
        assertThat(ENDING).contains(e.kind());
      }
    }

    boolean passedOver = !ENDING.contains(kind) && !HARMLESS.contains(kind);
    assertThat(main.requests).hasSize(passedOver ? 5 : 7);
  }

  @Test
  void modelThatWasPassedOverIsTriedAgain() {
    failing = () -> failure(Kind.UNAVAILABLE);
    LanguageModel chain = chain(main, spare);
    for (int i = 0; i < 6; i++) {
      chain.chat(REQUEST);
    }
    failing = null;
    assertThat(chain.chat(REQUEST).text()).isEqualTo("answer of spare");

    now.addAndGet(Duration.ofSeconds(31).toNanos());

    assertThat(chain.chat(REQUEST).text()).isEqualTo("answer of main");
    assertThat(chain.chat(REQUEST).text()).isEqualTo("answer of main");
  }

  @Test
  void modelWithoutRoomIsPassedOver() {
    failing = () -> new LimitExceededException("no room");

    assertThat(chain(main, spare).chat(REQUEST).text()).isEqualTo("answer of spare");
  }

  @Test
  void interruptionAndErrorsOfProgramsEndTheRequest() {
    for (RuntimeException thrown :
        List.of(new CallInterruptedException("stopped"), new IllegalStateException("a bug"))) {
      failing = () -> thrown;

      assertThatThrownBy(() -> chain(main, spare).chat(REQUEST)).isSameAs(thrown);
    }
    assertThat(spare.requests).isEmpty();
  }

  @Test
  void failureOfAllModelsHasEachCause() {
    ModelException key = failure(Kind.AUTHENTICATION);
    ModelException rate =
        new ModelException(Kind.RATE_LIMITED, "slow down", Duration.ofSeconds(9), null);
    ModelException down = new ModelException(Kind.UNAVAILABLE, "down", Duration.ofSeconds(4), null);

    ModelException all =
        catchThrowableOfType(
            ModelException.class,
            () -> chain(failing("a", key), failing("b", rate), failing("c", down)).chat(REQUEST));

    assertThat(all)
        .hasMessage(
            "No model of first:a,b,c answered. a, AUTHENTICATION: no answer;"
                + " b, RATE_LIMITED: slow down; c, UNAVAILABLE: down")
        .hasCause(key)
        .hasSuppressedException(rate)
        .hasSuppressedException(down);
    assertThat(all.kind()).isEqualTo(Kind.RATE_LIMITED);
    assertThat(all.retryAfter()).contains(Duration.ofSeconds(4));
  }

  @Test
  void failureThatNoModelMayOutliveHasTheKindOfTheFirst() {
    LanguageModel chain =
        chain(
            failing("a", failure(Kind.CONTEXT_LENGTH_EXCEEDED)),
            failing("b", failure(Kind.AUTHENTICATION)));

    assertThatThrownBy(() -> chain.chat(REQUEST))
        .isInstanceOfSatisfying(
            ModelException.class,
            e -> assertThat(e.kind()).isEqualTo(Kind.CONTEXT_LENGTH_EXCEEDED));
  }

  @Test
  void chainWhoseModelsAreAllPassedOverSaysWhenToAskAgain() {
    LanguageModel chain =
        chain(failing("a", failure(Kind.UNAVAILABLE)), failing("b", failure(Kind.AUTHENTICATION)));
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> chain.chat(REQUEST)).isInstanceOf(ModelException.class);
    }
    now.addAndGet(Duration.ofSeconds(10).toNanos());

    assertThatThrownBy(() -> chain.chat(REQUEST))
        .hasMessageContaining(
            "a, UNAVAILABLE: Language model 'a' is not called: 5 calls in a row failed, the last"
                + " one by UNAVAILABLE. It is tried again in PT20S.")
        .isInstanceOfSatisfying(
            ModelException.class,
            e -> {
              assertThat(e.retryable()).isTrue();
              assertThat(e.retryAfter()).contains(Duration.ofSeconds(20));
            });
  }

  @Test
  void failureThatEndsTheRequestHasTheEarlierOnes() {
    ModelException down = failure(Kind.UNAVAILABLE);
    ModelException wrong = failure(Kind.INVALID_REQUEST);

    assertThatThrownBy(() -> chain(failing("a", down), failing("b", wrong)).chat(REQUEST))
        .isSameAs(wrong)
        .hasSuppressedException(down);
  }

  @Test
  void chainOfOneModelThrowsItsFailure() {
    ModelException down = failure(Kind.UNAVAILABLE);

    assertThatThrownBy(() -> chain(failing("a", down)).chat(REQUEST)).isSameAs(down);
  }

  /** A model whose stream ends after some pieces. */
  private record Breaking(int pieces) implements LanguageModel {

    @Override
    public String name() {
      return "breaking";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      throw failure(Kind.CUT_OFF_STREAM);
    }

    @Override
    public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
      for (int i = 0; i < pieces; i++) {
        sink.accept(new ChatResponse.Chunk("piece "));
      }
      throw failure(Kind.CUT_OFF_STREAM);
    }

    @Override
    public void close() {}
  }

  @Test
  void nextModelStreamsWhenNoPieceWasDelivered() {
    List<String> pieces = new ArrayList<>();

    ChatResponse answer =
        chain(new Breaking(0), spare).stream(REQUEST, piece -> pieces.add(piece.text()));

    assertThat(answer.text()).isEqualTo("answer of spare");
    assertThat(pieces).containsExactly("answer of spare");
  }

  @Test
  void noOtherModelIsAskedOnceAPieceWasDelivered() {
    List<String> pieces = new ArrayList<>();
    LanguageModel chain = chain(new Breaking(1), spare);

    assertThatThrownBy(() -> chain.stream(REQUEST, piece -> pieces.add(piece.text())))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CUT_OFF_STREAM));
    assertThat(pieces).containsExactly("piece ");
    assertThat(spare.requests).isEmpty();
  }

  @Test
  void chainIsNamedAfterItsModelsAndClosesThem() {
    LanguageModel chain = LanguageModels.firstOf(main, spare);

    assertThat(chain.name()).isEqualTo("first:main,spare");
    assertThat(chain.tokenizer()).contains(FakeModel.CODE_POINTS);
    chain.close();
    assertThat(Arrays.asList(main.closings.get(), spare.closings.get())).containsExactly(1, 1);
  }

  @Test
  void chainNeedsAModel() {
    assertThatThrownBy(LanguageModels::firstOf)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("at least one model is needed");
  }
}
