package dev.terrarium.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.LanguageModel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Exchanges that end before their answer is complete. */
@Timeout(120)
class InterruptionTest {

  /** The beginning of a whole answer. */
  private static final byte[] BEGIN = "{\"id\": ".getBytes(StandardCharsets.UTF_8);

  private static LanguageModel model(Wire wire, SlowService service) {
    return LangChain4jModels.custom(wire.spec(service.url()), Wire.ENVIRONMENT)
        .apiKey("key")
        .maxRetries(2)
        .build();
  }

  /** Interrupts a thread that asks, once it waits for the rest, and returns what it threw. */
  private static Throwable interrupted(
      SlowService service, LanguageModel model, Consumer<LanguageModel> asking) throws Exception {
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    CompletableFuture<Boolean> flag = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  thrown.complete(catchThrowable(() -> asking.accept(model)));
                  flag.complete(Thread.currentThread().isInterrupted());
                });
    service.awaitAnswered();
    Thread.sleep(50);
    thread.interrupt();
    Throwable result = thrown.get(30, TimeUnit.SECONDS);
    assertThat(flag.get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(service.clientLeaves()).as("the connection is closed").isTrue();
    return result;
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void interruptionEndsAStreamAtOnce(Wire wire) throws Exception {
    List<String> pieces = Collections.synchronizedList(new ArrayList<>());
    try (SlowService service =
            new SlowService(wire.streamType, wire.bytes(wire.begin("Pa")), false);
        LanguageModel model = model(wire, service)) {
      Throwable thrown =
          interrupted(
              service,
              model,
              asked -> asked.stream(ChatRequest.of("Where?"), chunk -> pieces.add(chunk.text())));

      assertThat(thrown).isInstanceOf(CallInterruptedException.class);
      assertThat(pieces).containsExactly("Pa");
    }
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void interruptionEndsAWholeAnswerAtOnce(Wire wire) throws Exception {
    try (SlowService service = new SlowService("application/json", BEGIN, false);
        LanguageModel model = model(wire, service)) {
      assertThat(interrupted(service, model, asked -> asked.chat(ChatRequest.of("Where?"))))
          .isInstanceOf(CallInterruptedException.class);
    }
  }

  @Test
  void interruptionEndsTheWaitForHeaders() throws Exception {
    try (SlowService service = new SlowService("application/json", null, false);
        LanguageModel model = model(Wire.OPENAI, service)) {
      assertThat(
              interrupted(
                  service, model, asked -> asked.stream(ChatRequest.of("Where?"), chunk -> {})))
          .isInstanceOf(CallInterruptedException.class);
    }
  }

  @Test
  void closingTheModelEndsItsAnswers() throws Exception {
    try (SlowService service = new SlowService("application/json", BEGIN, false)) {
      LanguageModel model = model(Wire.OPENAI, service);
      CompletableFuture<Throwable> thrown =
          CompletableFuture.supplyAsync(
              () -> catchThrowable(() -> model.chat(ChatRequest.of("Where?"))),
              task -> Thread.ofVirtual().start(task));
      service.awaitAnswered();

      model.close();

      assertThat(thrown.get(30, TimeUnit.SECONDS))
          .isInstanceOf(ModelException.class)
          .hasMessageEndingWith("was closed.");
    }
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void connectionThatBreaksWithinAStreamIsCutOff(Wire wire) throws Exception {
    List<String> pieces = new ArrayList<>();
    try (SlowService service =
            new SlowService(wire.streamType, wire.bytes(wire.begin("Pa")), true);
        LanguageModel model = model(wire, service)) {
      ModelException e =
          catchThrowableOfType(
              ModelException.class,
              () -> model.stream(ChatRequest.of("Where?"), chunk -> pieces.add(chunk.text())));

      assertThat(e.kind()).isEqualTo(Kind.CUT_OFF_STREAM);
      assertThat(pieces).containsExactly("Pa");
    }
  }

  @Test
  void connectionThatBreaksWithinAWholeAnswerIsCutOff() throws Exception {
    try (SlowService service = new SlowService("application/json", BEGIN, true);
        LanguageModel model =
            LangChain4jModels.custom(Wire.OPENAI.spec(service.url()), Wire.ENVIRONMENT)
                .apiKey("key")
                .maxRetries(0)
                .build()) {
      ModelException e =
          catchThrowableOfType(ModelException.class, () -> model.chat(ChatRequest.of("Where?")));

      assertThat(e.kind()).isEqualTo(Kind.CUT_OFF_STREAM);
    }
  }

  @Test
  void exceptionOfTheSinkClosesTheConnection() throws Exception {
    try (SlowService service =
            new SlowService(
                Wire.OPENAI.streamType, Wire.OPENAI.bytes(Wire.OPENAI.begin("Pa")), false);
        LanguageModel model = model(Wire.OPENAI, service)) {
      IllegalStateException thrown = new IllegalStateException("enough");

      assertThat(
              catchThrowable(
                  () ->
                      model.stream(
                          ChatRequest.of("Where?"),
                          chunk -> {
                            throw thrown;
                          })))
          .isSameAs(thrown);
      assertThat(service.clientLeaves()).isTrue();
    }
  }
}
