package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests of answers that the real model makes in one batch. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
@Tag("model")
@Execution(ExecutionMode.CONCURRENT)
class SlotsTest {

  private static final int SLOTS = 4;

  private final Vocabulary vocabulary = TestModel.vocabulary();
  private MemorySegment model = MemorySegment.NULL;

  @BeforeAll
  void load() {
    model = Llama.modelLoad(TestModel.file().toString(), false);
  }

  @AfterAll
  void free() {
    Llama.modelFree(model);
  }

  private Slots slots() {
    return new Slots(model, vocabulary, 1, 2048, SLOTS);
  }

  /** Returns a prompt whose beginning no other kind has. */
  private static int[] prompt(int kind, int length) {
    return IntStream.range(0, length).map(i -> 1000 + kind * 100 + i % 90).toArray();
  }

  private static Generation generation(int[] prompt, int maxTokens) {
    return new Generation(prompt, maxTokens, Sampling.LIKELIEST, List.of(), null);
  }

  private static List<Generation> finish(Slots slots) {
    List<Generation> ended = new ArrayList<>();
    while (!slots.isIdle()) {
      ended.addAll(slots.step());
    }
    return ended;
  }

  @Test
  void everySlotHasRoomForTheLongestRequestSoFar() {
    try (Slots slots = slots()) {
      stepsToTheEnd(slots, generation(prompt(9, 20), 5));
      for (int i = 0; i < SLOTS; i++) {
        assertThat(slots.start(generation(prompt(i, 250), 20))).as("answer " + i).isTrue();
      }
      assertThat(finish(slots)).hasSize(SLOTS);
    }
  }

  private static int stepsToTheEnd(Slots slots, Generation generation) {
    assertThat(slots.start(generation)).isTrue();
    return stepsOfAll(slots);
  }

  private static int stepsOfAll(Slots slots) {
    int steps = 0;
    while (!slots.isIdle()) {
      slots.step();
      steps++;
    }
    return steps;
  }

  private static LlamaCppModel open() {
    return LlamaCppModel.load(
        "slots", TestModel.file(), LlamaCppOptions.custom().slots(SLOTS).build());
  }

  @Test
  void concurrentAnswersAreCorrect() throws Exception {
    String schema =
        """
        {"type": "object", "properties": {"capital": {"type": "string", "maxLength": 12},
         "old": {"type": "boolean"}}, "required": ["capital", "old"]}\
        """;
    ObjectMapper json = new ObjectMapper();
    try (LlamaCppModel model = open();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<ChatResponse>> answers = new ArrayList<>();
      for (int i = 0; i < 3 * SLOTS; i++) {
        boolean free = i % 2 == 0;
        answers.add(
            threads.submit(
                () ->
                    model.chat(
                        TestModel.ask("What is the capital of France?")
                            .maxTokens(40)
                            .responseSchema(free ? null : schema)
                            .build())));
      }
      for (int i = 0; i < answers.size(); i++) {
        ChatResponse answer = answers.get(i).get();
        assertThat(answer.text()).contains("Paris");
        assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
        if (i % 2 == 1) {
          JsonNode object = json.readTree(answer.text());
          assertThat(object.get("capital").isTextual()).isTrue();
          assertThat(object.get("old").isBoolean()).isTrue();
        }
      }
    }
  }

  @Test
  void oneAfterAnotherEachGetsTheSameAnswer() {
    try (LlamaCppModel model = open()) {
      String first = TestModel.answer(model, "Who are you?", 20);

      assertThat(first).isEqualTo(TestModel.answer(TestModel.get(), "Who are you?", 20));
    }
  }

  @Test
  void asManyTokensAreReadInOneStepAsThereAreAnswers() {
    try (Slots slots = slots()) {
      int alone = stepsToTheEnd(slots, generation(prompt(0, 40), 10));
      for (int i = 1; i <= SLOTS; i++) {
        assertThat(slots.start(generation(prompt(i, 40), 10))).isTrue();
      }

      assertThat(stepsOfAll(slots)).isLessThan(2 * alone);
    }
  }

  @Test
  void whatASlotRemembersOfAPromptIsNotReadAgain() {
    try (Slots slots = slots()) {
      int first = stepsToTheEnd(slots, generation(prompt(0, 320), 2));
      int other = stepsToTheEnd(slots, generation(prompt(1, 320), 2));
      int again = stepsToTheEnd(slots, generation(prompt(0, 325), 2));

      assertThat(other).isEqualTo(first);
      assertThat(again).isLessThan(first - 5);
    }
  }

  @Test
  void whatAnotherSlotReadsOrHasReadOfAPromptIsSharedWithIt() {
    try (Slots slots = slots()) {
      int alone = stepsToTheEnd(slots, generation(prompt(0, 320), 20));
      for (int i = 0; i < SLOTS; i++) {
        assertThat(slots.start(generation(prompt(0, 320), 20))).isTrue();
      }

      assertThat(stepsOfAll(slots)).isLessThan(alone - 5);
    }
  }

  @Test
  void requestWithoutASlotOrRoomWaits() {
    try (Slots slots = slots()) {
      for (int i = 0; i < SLOTS; i++) {
        assertThat(slots.start(generation(prompt(i, 20), 5))).isTrue();
      }
      assertThat(slots.start(generation(prompt(5, 20), 5))).isFalse();
      slots.step();
      assertThat(finish(slots)).hasSize(SLOTS);

      assertThat(slots.start(generation(prompt(0, 20), 5))).isTrue();
      Generation large = generation(prompt(1, 1500), 5);
      assertThat(slots.start(large)).isFalse();
      finish(slots);
      assertThat(slots.start(large)).isTrue();
      assertThat(finish(slots)).containsExactly(large);
    }
  }

  @Test
  void answersOfAllLengthsGoOnWhenTheirMemoryIsInPieces() {
    Random random = new Random(7);
    try (Slots slots = new Slots(model, vocabulary, 1, 2048, 2)) {
      List<Generation> asked = new ArrayList<>();
      Generation next = generation(prompt(0, 40), 20);
      while (asked.size() < 80) {
        while (slots.start(next)) {
          asked.add(next);
          next =
              generation(
                  prompt(random.nextInt(9), 10 + random.nextInt(90)), 1 + random.nextInt(30));
        }
        slots.step();
      }
      finish(slots);
      for (Generation each : asked) {
        assertThat(each.await(chunk -> {}).usage().completionTokens()).isPositive();
      }
    }
  }

  @Test
  void cancelledAnswerEndsAndTheOthersContinue() {
    try (Slots slots = slots()) {
      Generation lost = generation(prompt(0, 300), 200);
      Generation kept = generation(prompt(1, 30), 5);
      slots.start(lost);
      slots.start(kept);
      slots.step();
      lost.cancel();

      assertThat(finish(slots)).containsExactly(lost, kept);
      assertThatThrownBy(() -> lost.await(chunk -> {}))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("given up");
      assertThat(kept.await(chunk -> {}).usage().completionTokens()).isPositive();
    }
  }

  @Test
  void interruptedCallersLoseTheirOwnAnswerOnly() throws Exception {
    try (LlamaCppModel model = open();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch begun = new CountDownLatch(1);
      Future<?> lost =
          threads.submit(
              () ->
                  model.stream(
                      TestModel.ask("Write a long story about a bee.").maxTokens(500).build(),
                      chunk -> {
                        begun.countDown();
                        Thread.currentThread().interrupt();
                      }));
      begun.await();
      assertThat(TestModel.answer(model, "What is the capital of France?", 20)).contains("Paris");
      assertThatThrownBy(lost::get).hasCauseInstanceOf(CallInterruptedException.class);
    }
  }

  @Test
  void slotsAreOneToSixtyFour() {
    assertThatThrownBy(() -> LlamaCppOptions.custom().slots(0).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("slots: 0");
    assertThatThrownBy(() -> LlamaCppOptions.custom().slots(65).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("slots: 65");
  }
}
