package dev.terrarium.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitedModelTest {

  private static final ChatRequest REQUEST = ChatRequest.of("Where?");

  /** A model that answers when it may, and counts the requests that it has at a time. */
  private static final class Gated implements LanguageModel {
    final Semaphore may = new Semaphore(0);
    final Semaphore asked = new Semaphore(0);
    final AtomicInteger running = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();

    @Override
    public String name() {
      return "gated";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      most.accumulateAndGet(running.incrementAndGet(), Math::max);
      asked.release();
      try {
        may.acquire();
        return new ChatResponse("yes", FinishReason.STOP, new TokenUsage(0, 0), Duration.ZERO);
      } catch (InterruptedException e) {
        throw new CallInterruptedException("stopped", e);
      } finally {
        running.decrementAndGet();
      }
    }

    @Override
    public void close() {}
  }

  private final Gated gated = new Gated();
  private final LanguageModel limited = new LimitedModel(gated, 2);

  @Test
  void noMoreRequestsThanPlacesReachTheModel() throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<ChatResponse>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        boolean streamed = i % 2 == 0;
        answers.add(
            callers.submit(
                () -> streamed ? limited.stream(REQUEST, chunk -> {}) : limited.chat(REQUEST)));
      }
      gated.asked.acquire(2);
      gated.may.release(20);
      for (Future<ChatResponse> each : answers) {
        assertThat(each.get().text()).isEqualTo("yes");
      }
    }
    assertThat(gated.most).hasValue(2);
  }

  @Test
  void waiterThatIsInterruptedGivesUp() throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<ChatResponse>> running =
          List.of(
              callers.submit(() -> limited.chat(REQUEST)),
              callers.submit(() -> limited.chat(REQUEST)));
      gated.asked.acquire(2);
      AtomicBoolean interrupted = new AtomicBoolean();
      CountDownLatch ended = new CountDownLatch(1);
      Thread waiter =
          Thread.ofVirtual()
              .start(
                  () -> {
                    assertThatThrownBy(() -> limited.chat(REQUEST))
                        .isInstanceOf(CallInterruptedException.class)
                        .hasMessageContaining("waiting for other requests");
                    interrupted.set(Thread.currentThread().isInterrupted());
                    ended.countDown();
                  });
      waiter.interrupt();
      ended.await();
      assertThat(interrupted).isTrue();

      gated.may.release(3);
      for (Future<ChatResponse> each : running) {
        each.get();
      }
      assertThat(limited.chat(REQUEST).text()).isEqualTo("yes");
    }
  }

  @Test
  void failureFreesThePlace() {
    LanguageModel failing =
        new LimitedModel(
            new LanguageModel() {
              @Override
              public String name() {
                return "failing";
              }

              @Override
              public ChatResponse chat(ChatRequest request) {
                throw new ModelException("down");
              }

              @Override
              public void close() {}
            },
            1);

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> failing.chat(REQUEST)).isInstanceOf(ModelException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 100_001})
  void numberOutOfRangeIsRefused(int places) {
    assertThatThrownBy(() -> LangChain4jModels.custom("ollama:qwen3").maxConcurrent(places))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("maxConcurrent: " + places + " is not in 1 to 100000");
  }

  @Test
  void limitIsAnOptionOfAModel() {
    try (LanguageModel model = LangChain4jModels.custom("ollama:qwen3").maxConcurrent(3).build()) {
      assertThat(model).isInstanceOf(LimitedModel.class);
      assertThat(model.name()).isEqualTo("ollama:qwen3");
      assertThat(model).hasToString("LangChain4j[ollama:qwen3]");
    }
  }
}
