package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.testing.CountingModel;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that are pulled from models that push: order, back-pressure and every way to end. */
class ModelStreamTest {

  private final CountingModel model = new CountingModel();

  private ModelStream ask(String what, int count) {
    ChatRequest request =
        ChatRequest.builder().message(ChatMessage.user(what)).maxTokens(count).build();
    return ModelStream.start(sink -> model.stream(request, sink));
  }

  private ModelStream endless() {
    return ask("count", Integer.MAX_VALUE);
  }

  private static List<String> pull(ModelStream stream, int count) {
    List<String> pieces = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pieces.add(((ModelStream.Piece) stream.next()).chunk().text());
    }
    return pieces;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, ModelStream.CAPACITY, 100})
  void piecesComeInOrderAndThenTheWhole(int count) {
    ModelStream stream = ask("count", count);
    String joined = String.join("", pull(stream, count));

    for (int i = 0; i < 2; i++) { // and no other end after that
      assertThat(stream.next())
          .isInstanceOfSatisfying(
              ModelStream.Whole.class,
              whole -> assertThat(whole.response().text()).isEqualTo(joined));
    }
  }

  @Test
  void modelWaitsForItsReader() {
    ModelStream stream = endless();
    assertThat(pull(stream, 3)).containsExactly("0 ", "1 ", "2 ");

    Task.until("it is ahead", () -> model.given.get() == 3 + ModelStream.CAPACITY);
    pull(stream, 1);
    Task.until("one more", () -> model.given.get() == 4 + ModelStream.CAPACITY);
    stream.close();
  }

  @Test
  void closingStopsTheModelThatWaits() throws Exception {
    ModelStream stream = endless();
    Task.until("it is ahead", () -> model.given.get() == ModelStream.CAPACITY);
    stream.close();
    stream.close();

    assertThat(model.stopped()).isInstanceOf(CallInterruptedException.class);
    assertThat(model.given).hasValue(ModelStream.CAPACITY);
  }

  @Test
  void closingInterruptsTheModelThatWorks() throws Exception {
    ModelStream stream = ask("hang", 1);
    pull(stream, 1);
    stream.close();

    assertThat(model.stopped()).isInstanceOf(InterruptedException.class);
    assertThatThrownBy(stream::next)
        .isInstanceOf(CallInterruptedException.class)
        .hasMessageContaining("given up");
  }

  @Test
  void modelThatSwallowsInterruptionsIsStoppedByItsNextPiece() throws Exception {
    CountDownLatch refused = new CountDownLatch(1);
    ModelStream stream =
        ModelStream.start(
            sink -> {
              while (true) {
                try {
                  sink.accept(new ChatResponse.Chunk("x"));
                } catch (CallInterruptedException e) {
                  boolean cleared = Thread.interrupted();
                  if (!cleared) {
                    refused.countDown();
                    throw e;
                  }
                }
              }
            });
    pull(stream, 1);
    stream.close();

    Task.await(refused);
  }

  @Test
  void failureFollowsThePieces() throws Exception {
    ModelStream stream = ask("fail", 2);

    assertThat(pull(stream, 2)).containsExactly("0 ", "1 ");
    Throwable own = model.stopped();
    assertThat(own).isInstanceOf(ModelException.class);
    assertThatThrownBy(stream::next).isSameAs(own);
    assertThatThrownBy(stream::next).isSameAs(own);
  }

  @Test
  void errorOfTheModelIsThrown() {
    StackOverflowError own = new StackOverflowError();
    ModelStream stream =
        ModelStream.start(
            sink -> {
              throw own;
            });

    assertThatThrownBy(stream::next).isSameAs(own);
  }

  @Test
  void readerThatWaitsCanBeInterrupted() throws Exception {
    ModelStream stream = ask("hang", 1);
    pull(stream, 1);
    Task<?> reader =
        Task.of(
            () -> {
              try {
                return stream.next();
              } catch (CallInterruptedException e) {
                return Thread.currentThread().isInterrupted();
              }
            });
    reader.untilItWaits();
    reader.interrupt();

    assertThat(reader.result()).isEqualTo(true);
    stream.close();
  }

  @Test
  void readerThatWaitsSeesTheStreamClosed() throws Exception {
    ModelStream stream = ask("hang", 1);
    pull(stream, 1);
    Task<?> reader = Task.of(stream::next);
    reader.untilItWaits();
    stream.close();

    assertThat(reader.failure()).isInstanceOf(CallInterruptedException.class);
  }

  @Test
  void streamIsPartOfItsCallAndEndsWithIt() throws Exception {
    new CallScope("any", "acme").run(() -> pull(endless(), 1));

    assertThat(model.stopped()).isInstanceOf(CallInterruptedException.class);
    assertThat(model.account()).isEqualTo("acme");
  }

  @Test
  void modelThatCannotStreamGivesOnePiece() {
    ChatResponse response =
        new ChatResponse("all", FinishReason.STOP, new TokenUsage(1, 1), Duration.ZERO);
    LanguageModel whole =
        new LanguageModel() {
          @Override
          public String name() {
            return "whole";
          }

          @Override
          public ChatResponse chat(ChatRequest request) {
            return response;
          }

          @Override
          public void close() {}
        };
    ModelStream stream = ModelStream.start(sink -> whole.stream(ChatRequest.of("?"), sink));

    assertThat(pull(stream, 1)).containsExactly("all");
    assertThat(stream.next()).isEqualTo(new ModelStream.Whole(response));
  }
}
