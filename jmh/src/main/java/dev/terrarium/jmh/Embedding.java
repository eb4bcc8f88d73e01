package dev.terrarium.jmh;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.terrarium.transformers.SentenceModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Vectors of texts by all-MiniLM-L6-v2. One caller with one text at a time, beside a bare {@code
 * OrtSession.run} of the same number of tokens. Many callers with texts of 3 to 120 words, beside
 * CPython's onnxruntime and tokenizers, called one text at a time by as many threads, and in static
 * batches. The argument is a Python with both ({@code jmh/peers/embedding.py}). Rounds of all rows
 * take turns, and the median round of each is printed.
 */
public final class Embedding {

  private static final int ROUNDS = 3;
  private static final int SECONDS = 4;
  private static final int CALLERS = 16;
  private static final int TEXTS = 512;
  private static final String ONE = "one short text and not more than that";
  private static final int TOKENS_OF_ONE = 10;
  private static final String[] WORDS =
      "the model reads a text of some words and makes one vector for it which tells what it is about"
          .split(" ");

  /** A row: what makes how many texts a second. */
  private record Row(String what, Round round) {}

  @FunctionalInterface
  private interface Round {
    double textsPerSecond() throws Exception;
  }

  private final Path folder;
  private final String python;
  private final List<String> texts = texts();

  private Embedding(Path folder, String python) {
    this.folder = folder;
    this.python = python;
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createTempDirectory("embedding");
    for (String file : List.of("all-minilm-l6-v2.onnx", "all-minilm-l6-v2-tokenizer.json")) {
      try (InputStream in = SentenceModel.class.getClassLoader().getResourceAsStream(file)) {
        Files.copy(Objects.requireNonNull(in, file), folder.resolve(file));
      }
    }
    new Embedding(folder, arguments[0]).run();
    System.exit(0);
  }

  private static List<String> texts() {
    Random random = new Random(7);
    return Stream.generate(
            () -> {
              int words = (int) Math.round(3 * Math.pow(40, random.nextDouble())); // 3 to 120
              return random
                  .ints(words, 0, WORDS.length)
                  .mapToObj(i -> WORDS[i])
                  .collect(Collectors.joining(" "));
            })
        .limit(TEXTS)
        .toList();
  }

  private void run() throws Exception {
    Files.writeString(
        folder.resolve("texts.json"), JsonMapper.builder().build().writeValueAsString(texts));
    try (SentenceModel model = SentenceModel.ofDefaults();
        OrtSession bare =
            OrtEnvironment.getEnvironment()
                .createSession(folder.resolve("all-minilm-l6-v2.onnx").toString())) {
      List<Row> rows = new ArrayList<>();
      rows.add(new Row("one caller, OrtSession.run", () -> alone(() -> compute(bare))));
      rows.add(new Row("one caller, Terrarium", () -> alone(() -> model.embed(List.of(ONE)))));
      rows.add(new Row(CALLERS + " callers, Terrarium", () -> together(model)));
      rows.add(new Row(CALLERS + " threads of CPython, a text each", () -> peer(CALLERS, 1)));
      for (int batch : List.of(8, 16, 32, 64)) {
        rows.add(new Row("CPython, batches of " + batch, () -> peer(1, batch)));
      }
      for (int i = 0; i < 3; i++) {
        double unused = rows.get(i).round.textsPerSecond(); // warms up
      }
      double[][] rounds = new double[rows.size()][ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        for (int row = 0; row < rows.size(); row++) {
          rounds[row][i] = rows.get(row).round.textsPerSecond();
        }
      }
      for (int row = 0; row < rows.size(); row++) {
        Arrays.sort(rounds[row]);
        System.out.printf(
            "%-42s %8.1f texts/s  (%.1f to %.1f)%n",
            rows.get(row).what, rounds[row][ROUNDS / 2], rounds[row][0], rounds[row][ROUNDS - 1]);
      }
    }
  }

  @FunctionalInterface
  private interface Work {
    void run() throws OrtException;
  }

  private static double alone(Work work) throws OrtException {
    long begin = System.nanoTime();
    long end = begin + TimeUnit.SECONDS.toNanos(SECONDS);
    int count = 0;
    while (System.nanoTime() < end) {
      work.run();
      count++;
    }
    return count / ((System.nanoTime() - begin) / 1e9);
  }

  /** Runs the session on as many tokens as the one text has. */
  private static void compute(OrtSession session) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {1, TOKENS_OF_ONE};
    long[] ids = new long[TOKENS_OF_ONE];
    Arrays.fill(ids, 2000);
    long[] ones = new long[TOKENS_OF_ONE];
    Arrays.fill(ones, 1);
    try (OnnxTensor tokens = OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape);
        OnnxTensor mask = OnnxTensor.createTensor(environment, LongBuffer.wrap(ones), shape);
        OnnxTensor types =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(new long[TOKENS_OF_ONE]), shape);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", tokens, "attention_mask", mask, "token_type_ids", types))) {
      if (((OnnxTensor) result.get(0)).getFloatBuffer().remaining() != TOKENS_OF_ONE * 384) {
        throw new IllegalStateException("another output");
      }
    }
  }

  private double together(SentenceModel model) throws Exception {
    AtomicInteger place = new AtomicInteger();
    AtomicInteger count = new AtomicInteger();
    long begin = System.nanoTime();
    long end = begin + TimeUnit.SECONDS.toNanos(SECONDS);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        all.add(
            callers.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    model.embed(List.of(texts.get(place.getAndIncrement() % TEXTS)));
                    count.incrementAndGet();
                  }
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
    return count.get() / ((System.nanoTime() - begin) / 1e9);
  }

  private double peer(int threads, int batch) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                python,
                "jmh/peers/embedding.py",
                folder.resolve("all-minilm-l6-v2.onnx").toString(),
                folder.resolve("all-minilm-l6-v2-tokenizer.json").toString(),
                folder.resolve("texts.json").toString(),
                String.valueOf(SECONDS),
                String.valueOf(threads),
                String.valueOf(batch))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new IllegalStateException("CPython ended with " + process.exitValue());
    }
    return Double.parseDouble(printed);
  }
}
