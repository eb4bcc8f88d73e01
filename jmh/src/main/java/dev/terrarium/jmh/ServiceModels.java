package dev.terrarium.jmh;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.dspy.FrozenDspyProgram;
import dev.terrarium.langchain4j.LangChain4jModels;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.LanguageModel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Models of a service on loopback: what the adapter costs beside LangChain4j's client alone, how
 * soon the first piece of a stream comes, and how many of 200 callers a service that takes half a
 * second can answer.
 */
public final class ServiceModels {

  private static final int ROUNDS = 10;
  private static final int WARM_UP = 3;
  private static final int CALLS = 1_000;
  private static final int CALLERS = 200;
  private static final int CONTEXTS = 4;
  private static final Duration LATENCY = Duration.ofMillis(500);
  private static final Duration WARM_TIME = Duration.ofSeconds(5);
  private static final Duration TIME = Duration.ofSeconds(20);
  private static final String QUESTION = "What is the capital of France?";
  private static final double MICROS = 1e3;

  record Question(String question) {}

  record Answer(@Describe("a single word") String answer) {}

  private ServiceModels() {}

  public static void main(String[] arguments) throws Exception {
    try (StubService service = new StubService(Duration.ZERO)) {
      overhead(service);
    }
    try (StubService service = new StubService(LATENCY)) {
      throughput(service);
    }
    System.exit(0);
  }

  private static LanguageModel adapter(StubService service) {
    return LangChain4jModels.custom("openai:stub").baseUrl(service.url()).apiKey("none").build();
  }

  /** Rows take turns, so that what else the machine does strikes all of them. */
  private static void overhead(StubService service) {
    OpenAiChatModel whole =
        OpenAiChatModel.builder().baseUrl(service.url()).apiKey("none").modelName("stub").build();
    OpenAiStreamingChatModel streaming =
        OpenAiStreamingChatModel.builder()
            .baseUrl(service.url())
            .apiKey("none")
            .modelName("stub")
            .build();
    try (LanguageModel model = adapter(service)) {
      ChatRequest request = ChatRequest.of(QUESTION);
      Map<String, LongSupplier> rows = new TreeMap<>();
      rows.put("1 whole answer, LangChain4j alone", () -> timed(() -> whole.chat(QUESTION)));
      rows.put("2 whole answer, adapter", () -> timed(() -> model.chat(request)));
      rows.put(
          "3 first piece after the first byte, LangChain4j alone",
          () -> firstPiece(service, streaming));
      rows.put(
          "4 first piece after the first byte, adapter",
          () -> {
            AtomicLong first = new AtomicLong();
            model.stream(request, chunk -> first.compareAndSet(0, System.nanoTime()));
            return first.get() - service.firstByte.get();
          });
      Map<String, List<Long>> times = new TreeMap<>();
      for (int round = 0; round < ROUNDS + WARM_UP; round++) {
        for (Map.Entry<String, LongSupplier> row : rows.entrySet()) {
          List<Long> all = times.computeIfAbsent(row.getKey(), any -> new ArrayList<>());
          if (round == WARM_UP) {
            all.clear();
          }
          for (int i = 0; i < CALLS; i++) {
            all.add(row.getValue().getAsLong());
          }
        }
      }
      times.forEach(
          (row, all) -> {
            long[] sorted = all.stream().mapToLong(Long::longValue).sorted().toArray();
            System.out.printf(
                "%s: p50 %.0f us, p99 %.0f us, most %.0f us%n",
                row.substring(2),
                Bench.percentile(sorted, 0.5) / MICROS,
                Bench.percentile(sorted, 0.99) / MICROS,
                Bench.percentile(sorted, 1) / MICROS);
          });
    }
  }

  private static long timed(Runnable work) {
    long begin = System.nanoTime();
    work.run();
    return System.nanoTime() - begin;
  }

  private static long firstPiece(StubService service, OpenAiStreamingChatModel streaming) {
    AtomicLong first = new AtomicLong();
    CompletableFuture<Void> done = new CompletableFuture<>();
    streaming.chat(
        List.of(UserMessage.from(QUESTION)),
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String piece) {
            first.compareAndSet(0, System.nanoTime());
          }

          @Override
          public void onCompleteResponse(
              dev.langchain4j.model.chat.response.ChatResponse response) {
            done.complete(null);
          }

          @Override
          public void onError(Throwable error) {
            done.completeExceptionally(error);
          }
        });
    done.join();
    return first.get() - service.firstByte.get();
  }

  private static void throughput(StubService service) throws InterruptedException, IOException {
    double most = CALLERS / (LATENCY.toMillis() / 1e3);
    try (LanguageModel model = adapter(service);
        Terrarium terrarium =
            Terrarium.start(
                Bench.config(CONTEXTS, model).borrowTimeout(Duration.ofMinutes(5)).build())) {
      ChatRequest request = ChatRequest.of(QUESTION);
      row("plain calls of the model", most, () -> model.chat(request));
      DspyProgram<Question, Answer> ask =
          terrarium.adapter(Dspy.class).predict(Question.class, Answer.class);
      Question question = new Question(QUESTION);
      FrozenDspyProgram<Question, Answer> frozen = ask.freeze();
      row("frozen program", most, () -> frozen.call(question));
      System.out.println(frozen.stats());
      terrarium.prewarm("dspy", CONTEXTS).join();
      double contexts = CONTEXTS / (LATENCY.toMillis() / 1e3);
      row("dspy.Predict on " + CONTEXTS + " contexts", contexts, () -> ask.call(question));
      System.out.println(terrarium.stats().pool());
    }
  }

  /** Lets all callers call in a loop, and prints the answers per second after a warm-up. */
  private static void row(String what, double most, Runnable call) throws InterruptedException {
    long begin = System.nanoTime() + WARM_TIME.toNanos();
    long end = begin + TIME.toNanos();
    LongAdder answered = new LongAdder();
    LongAdder failed = new LongAdder();
    CountDownLatch callers = new CountDownLatch(CALLERS);
    Thread[] threads = new Thread[CALLERS];
    Arrays.setAll(
        threads,
        n ->
            Thread.ofVirtual()
                .start(
                    () -> {
                      while (System.nanoTime() < end) {
                        try {
                          call.run();
                          long now = System.nanoTime();
                          if (now >= begin && now < end) {
                            answered.increment();
                          }
                        } catch (RuntimeException e) {
                          failed.increment();
                          System.out.println("FAILED: " + e);
                          break;
                        }
                      }
                      callers.countDown();
                    }));
    callers.await();
    double rate = answered.sum() / (double) TIME.toSeconds();
    System.out.printf(
        "%s: %.1f of %.0f answers/s (%.1f %%), %d failed%n",
        what, rate, most, 100 * rate / most, failed.sum());
  }
}
