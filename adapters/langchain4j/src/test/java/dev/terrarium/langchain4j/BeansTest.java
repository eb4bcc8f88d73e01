package dev.terrarium.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Media;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.model.LanguageModel;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Models of beans of LangChain4j, which may stream on threads of their own. */
@Timeout(30)
class BeansTest {

  private static final dev.terrarium.model.ChatRequest WHERE =
      dev.terrarium.model.ChatRequest.of("Where?");

  private static ChatResponse response(String text) {
    return ChatResponse.builder()
        .aiMessage(AiMessage.from(text))
        .finishReason(FinishReason.STOP)
        .tokenUsage(new TokenUsage(3, 1))
        .build();
  }

  /** A bean that gives one answer, and records its requests. */
  private static final class Bean implements ChatModel {
    private final List<ChatRequest> requests = new ArrayList<>();
    private final String answer;
    private final Set<Capability> capabilities;

    Bean(String answer, Capability... capabilities) {
      this.answer = answer;
      this.capabilities = Set.of(capabilities);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
      requests.add(request);
      return response(answer);
    }

    @Override
    public Set<Capability> supportedCapabilities() {
      return capabilities;
    }
  }

  /** A bean that streams numbers on a thread of its own, until it is cancelled or at its end. */
  private static final class Counter implements StreamingChatModel, StreamingHandle {
    private final int end;
    private final AtomicInteger given = new AtomicInteger();
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean cancelled;

    Counter(int end) {
      this.end = end;
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
      Thread.ofVirtual()
          .start(
              () -> {
                while (!cancelled && given.get() < end) {
                  handler.onPartialResponse(
                      new PartialResponse(given.incrementAndGet() + " "),
                      new PartialResponseContext(this));
                }
                if (!cancelled) {
                  handler.onCompleteResponse(response("all"));
                }
                done.countDown();
              });
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }
  }

  @Test
  void beanAnswersUnderAName() {
    Bean bean = new Bean("Paris");
    try (LanguageModel model = LangChain4jModels.of("mine", bean, null)) {
      List<String> pieces = new ArrayList<>();

      assertThat(model.name()).isEqualTo("mine");
      assertThat(model.chat(WHERE).text()).isEqualTo("Paris");
      assertThat(model.stream(WHERE, chunk -> pieces.add(chunk.text())).usage().total())
          .isEqualTo(4);
      assertThat(pieces).containsExactly("Paris");
      assertThat(bean.requests).hasSize(2);
    }
    assertThatThrownBy(() -> LangChain4jModels.of(" ", bean, null))
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void fileOfThisMachineIsNoMedium() {
    Bean bean = new Bean("A cat.");
    dev.terrarium.model.ChatRequest look =
        dev.terrarium.model.ChatRequest.builder()
            .message(
                ChatMessage.user(
                    "What is this?", List.of(Media.at("image/png", URI.create("FILE:///marked")))))
            .build();

    assertThatThrownBy(() -> LangChain4jModels.of("bean", bean, null).chat(look))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("takes no media of type image/png by this URL");
    assertThat(bean.requests).isEmpty();
  }

  @Test
  void schemaGoesToABeanThatCanHoldToIt() {
    dev.terrarium.model.ChatRequest request =
        dev.terrarium.model.ChatRequest.builder()
            .message(ChatMessage.system("Be brief."))
            .message(ChatMessage.user("Where?"))
            .responseSchema("{\"type\": \"object\", \"required\": [\"answer\"]}")
            .build();
    Bean able = new Bean("{\"answer\": 1}", Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    Bean unable = new Bean("{\"answer\": 1}");

    LangChain4jModels.of("able", able, null).chat(request);
    LangChain4jModels.of("unable", unable, null).chat(request);

    assertThat(able.requests.getFirst().responseFormat().jsonSchema()).isNotNull();
    assertThat(able.requests.getFirst().messages().getFirst())
        .isEqualTo(SystemMessage.from("Be brief."));
    assertThat(unable.requests.getFirst().responseFormat()).isNull();
    assertThat(unable.requests.getFirst().messages()).hasSize(2);
    assertThat(((SystemMessage) unable.requests.getFirst().messages().getFirst()).text())
        .startsWith("Be brief.\n\nAnswer with JSON alone");
  }

  @Test
  void piecesOfAnotherThreadComeOnTheCallersThread() {
    Counter counter = new Counter(500);
    List<String> pieces = new ArrayList<>();
    Thread caller = Thread.currentThread();
    LanguageModel model = LangChain4jModels.of("counter", counter);

    String text =
        model.stream(
                WHERE,
                chunk -> {
                  assertThat(Thread.currentThread()).isSameAs(caller);
                  pieces.add(chunk.text());
                })
            .text();

    assertThat(pieces).hasSize(500).startsWith("1 ", "2 ").endsWith("500 ");
    assertThat(text).isEqualTo(String.join("", pieces));
    assertThat(model.chat(WHERE).text()).isEqualTo("all");
  }

  @Test
  void streamWaitsForASlowReader() throws Exception {
    Counter counter = new Counter(100_000);
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    LanguageModel model = LangChain4jModels.of("counter", counter);
    Thread reader =
        Thread.ofVirtual()
            .start(
                () ->
                    thrown.complete(
                        catchThrowable(
                            () ->
                                model.stream(
                                    WHERE,
                                    chunk -> {
                                      first.countDown();
                                      await(go);
                                      throw new IllegalStateException("enough");
                                    }))));
    assertThat(first.await(30, TimeUnit.SECONDS)).isTrue();
    Thread.sleep(100);

    assertThat(counter.given.get()).isBetween(2, AnswerStream.CAPACITY + 3);
    go.countDown();
    assertThat(counter.done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(counter.cancelled).isTrue();
    assertThat(thrown.get(30, TimeUnit.SECONDS)).hasMessage("enough");
    reader.join();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void interruptionCancelsTheBeansStream() throws Exception {
    Counter counter = new Counter(Integer.MAX_VALUE);
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread reader =
        Thread.ofVirtual()
            .start(
                () ->
                    thrown.complete(
                        catchThrowable(
                            () ->
                                LangChain4jModels.of("counter", counter).stream(
                                    WHERE, chunk -> {}))));
    while (counter.given.get() < 100) {
      Thread.sleep(1);
    }

    reader.interrupt();

    assertThat(thrown.get(30, TimeUnit.SECONDS)).isInstanceOf(CallInterruptedException.class);
    assertThat(counter.done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(counter.cancelled).isTrue();
  }

  @Test
  void exceptionsOfLangChain4jKeepTheirMeaning() {
    assertThat(kindOf(new AuthenticationException("no"))).isEqualTo(Kind.AUTHENTICATION);
    assertThat(kindOf(new RateLimitException("no"))).isEqualTo(Kind.RATE_LIMITED);
    assertThat(kindOf(new RuntimeException(new HttpException(404, "no model"))))
        .isEqualTo(Kind.UNKNOWN_MODEL);
    assertThat(kindOf(new dev.langchain4j.exception.TimeoutException("late")))
        .isEqualTo(Kind.TIMED_OUT);
    assertThat(kindOf(new IllegalStateException("odd"))).isEqualTo(Kind.OTHER);
  }

  private static Kind kindOf(RuntimeException thrown) {
    ChatModel failing =
        new ChatModel() {
          @Override
          public ChatResponse doChat(ChatRequest request) {
            throw thrown;
          }
        };
    ModelException e =
        (ModelException)
            catchThrowable(() -> LangChain4jModels.of("failing", failing, null).chat(WHERE));
    return e.kind();
  }

  @Test
  void beanOfEmbeddings() {
    EmbeddingModel model =
        LangChain4jModels.embedding(
            "vectors",
            segments ->
                Response.from(
                    segments.stream()
                        .map(each -> Embedding.from(new float[] {each.text().length(), 1}))
                        .toList()));

    assertThat(model.name()).isEqualTo("vectors");
    assertThat(model.embed(List.of("a", "bc")))
        .containsExactly(new float[] {1, 1}, new float[] {2, 1});
    assertThat(model.dimensions()).isEqualTo(2);
  }
}
