package dev.terrarium.jmh;

import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Stats;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.PythonException;
import dev.terrarium.langchain.Chain;
import dev.terrarium.langchain.LangChain;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.testkit.FakeLanguageModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Minutes of all kinds of calls at once, many of them ill-behaved, with figures every ten seconds.
 * Every call must be answered rightly or fail as its kind may; the memory must not grow.
 *
 * <pre>java -cp 'jmh/target/lib/*' dev.terrarium.jmh.Soak --minutes 5 --plot soak.svg</pre>
 */
public final class Soak {

  private static final int CONTEXTS = 2;
  private static final int PLATFORM_CALLERS = 3;
  private static final int VIRTUAL_CALLERS = 6;
  private static final long RECYCLE_AFTER = 2_000;
  private static final Duration EVERY = Duration.ofSeconds(10);

  /** Kept, so that its level is: each repaired context would be a line. */
  private static final Logger REPAIRS = Logger.getLogger("terrarium.context");

  /** No call takes as long; one that does is lost. */
  private static final Duration LOST_AFTER = Duration.ofMinutes(3);

  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration TINY = Duration.ofMillis(1);

  record Question(String question) {}

  record Answer(String answer, int certainty) {}

  /** What a call does, how many of a hundred do, and what it may end with but a right answer. */
  private enum Kind {
    PLAIN(52, null),
    DSPY(8, null),
    LANGCHAIN(8, null),
    RAISES(8, PythonException.class),
    PATCHES(4, PythonException.class),
    ENDLESS(6, CallTimeoutException.class),
    TINY_DEADLINE(6, CallTimeoutException.class),
    DSPY_CUT_OFF(3, CallTimeoutException.class),
    CANCELLED(5, CancellationException.class);

    final int share;
    final @Nullable Class<? extends Throwable> mayEndWith;

    Kind(int share, @Nullable Class<? extends Throwable> mayEndWith) {
      this.share = share;
      this.mayEndWith = mayEndWith;
    }

    static Kind of(int percent) {
      int above = 0;
      for (Kind kind : values()) {
        above += kind.share;
        if (percent < above) {
          return kind;
        }
      }
      return PLAIN;
    }
  }

  /** By the fake of the test kit, which keeps what it was asked: a new one for each request. */
  private static final class Forgetful implements LanguageModel {

    @Override
    public String name() {
      return "forgetful";
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      try (FakeLanguageModel fake = FakeLanguageModel.schemaConforming()) {
        return fake.chat(request);
      }
    }

    @Override
    public void close() {}
  }

  private final Terrarium terrarium;
  private final DspyProgram<Question, Answer> program;
  private final Chain<Answer> chain;

  private final LongAdder begun = new LongAdder();
  private final LongAdder answered = new LongAdder();
  private final LongAdder wrong = new LongAdder();
  private final Map<String, LongAdder> failures = new ConcurrentSkipListMap<>();
  private final Map<Thread, Long> running = new ConcurrentHashMap<>();
  private final List<Long> latencies = new ArrayList<>();
  private volatile boolean ended;

  private Soak(Terrarium terrarium) {
    this.terrarium = terrarium;
    program = terrarium.adapter(Dspy.class).predict(Question.class, Answer.class);
    chain = terrarium.adapter(LangChain.class).prompt("Answer this: {question}").as(Answer.class);
  }

  public static void main(String[] arguments) throws Exception {
    REPAIRS.setLevel(Level.WARNING);
    double minutes = 5;
    Path plot = null;
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      switch (arguments[i]) {
        case "--minutes" -> minutes = Double.parseDouble(arguments[i + 1]);
        case "--plot" -> plot = Path.of(arguments[i + 1]);
        default -> throw new IllegalArgumentException(arguments[i]);
      }
    }
    TerrariumConfig config =
        Bench.config(CONTEXTS, new Forgetful())
            .borrowTimeout(Duration.ofSeconds(60))
            .loadTimeout(Duration.ofMinutes(3))
            .recycle(RECYCLE_AFTER, Duration.ZERO)
            .build();
    boolean well;
    try (Terrarium terrarium = Terrarium.start(config).register(Bench.framework())) {
      for (String framework : List.of(Bench.NAME, "langchain", "dspy")) {
        long start = System.nanoTime();
        terrarium.prewarm(framework, CONTEXTS).join();
        System.out.printf(
            "%s is in %d contexts after %.1f s%n",
            framework, CONTEXTS, (System.nanoTime() - start) / 1e9);
      }
      well = new Soak(terrarium).run(Duration.ofMillis((long) (minutes * 60_000)), plot);
    }
    System.exit(well ? 0 : 1);
  }

  private boolean run(Duration time, @Nullable Path plot) throws Exception {
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < PLATFORM_CALLERS + VIRTUAL_CALLERS; i++) {
      Random random = new Random(i);
      Runnable caller = () -> call(random);
      callers.add(
          i < PLATFORM_CALLERS
              ? Thread.ofPlatform().daemon().name("caller-" + i).start(caller)
              : Thread.ofVirtual().name("caller-" + i).start(caller));
    }
    Samples samples = new Samples();
    System.out.println(
        "   time    calls answered wrong | plain p50      p99 | heap MB  RSS MB | idle use susp"
            + " aband wait | slots made loads restored recycled retired | failures by rule");
    long start = System.nanoTime();
    long lost = 0;
    while (System.nanoTime() - start < time.toNanos() && lost == 0) {
      Thread.sleep(EVERY);
      lost = overdue();
      sample(samples, (System.nanoTime() - start) / 1e9);
    }
    ended = true;
    long patience = System.nanoTime() + LOST_AFTER.toNanos();
    for (Thread caller : callers) {
      Duration left = Duration.ofNanos(patience - System.nanoTime());
      if (left.isPositive() && !caller.join(left)) {
        System.out.println("LOST: " + caller + " " + Arrays.toString(caller.getStackTrace()));
      }
    }
    untilAtRest();
    return verdict(samples, plot);
  }

  /** One caller, until the end. */
  private void call(Random random) {
    while (!ended) {
      Kind kind = Kind.of(random.nextInt(100));
      begun.increment();
      running.put(Thread.currentThread(), System.nanoTime());
      try {
        String fault = act(kind, random);
        if (fault == null) {
          answered.increment();
        } else {
          wrong(kind, fault, null);
        }
      } catch (Throwable e) {
        failed(kind, e instanceof CompletionException && e.getCause() != null ? e.getCause() : e);
      } finally {
        running.remove(Thread.currentThread());
      }
    }
  }

  private void failed(Kind kind, Throwable e) {
    boolean byRule =
        e.getClass() == kind.mayEndWith
            || e instanceof BorrowTimeoutException
            || e instanceof LoadTimeoutException;
    if (byRule) {
      String name = kind + ":" + e.getClass().getSimpleName().replace("Exception", "");
      failures.computeIfAbsent(name, key -> new LongAdder()).increment();
    } else {
      wrong(kind, String.valueOf(e), e);
    }
  }

  private void wrong(Kind kind, String what, @Nullable Throwable e) {
    wrong.increment();
    if (wrong.sum() <= 20) {
      System.out.println("WRONG: " + kind + ": " + what);
      if (e != null) {
        StackTraceElement[] frames = e.getStackTrace(); // those of Python first
        System.out.println("  at " + List.of(frames).subList(0, Math.min(40, frames.length)));
        System.out.println("  caused by " + e.getCause());
      }
    }
  }

  /** What is wrong with the answer, null when nothing is. */
  private @Nullable String act(Kind kind, Random random) {
    return switch (kind) {
      case PLAIN -> plain(random.nextInt(1_000));
      case DSPY -> isAnswer(program.call(new Question("Why?")));
      case DSPY_CUT_OFF -> {
        terrarium
            .adapter("dspy")
            .with(CallOptions.deadline(SHORT.dividedBy(2 + random.nextInt(10))))
            .call("call", Map.of("program", program.id(), "inputs", Map.of("question", "Why?")));
        yield null;
      }
      case LANGCHAIN -> isAnswer(chain.call(Map.of("question", "Why?")));
      case RAISES -> execute("raise ValueError('by rule')", CallOptions.ofDefaults());
      case PATCHES ->
          execute(
              "import builtins, json\nbuiltins.len = json.loads = lambda of: 41\n"
                  + "raise ValueError('patched')",
              CallOptions.ofDefaults());
      case ENDLESS -> execute("while True: pass", CallOptions.deadline(SHORT));
      case TINY_DEADLINE -> {
        Object answer =
            terrarium
                .adapter(Bench.NAME)
                .with(CallOptions.deadline(TINY.multipliedBy(2)))
                .call("plain", Map.of("n", 7));
        yield isPlain(answer, 7);
      }
      case CANCELLED -> cancelled(random);
    };
  }

  private @Nullable String plain(int n) {
    long start = System.nanoTime();
    Object answer = terrarium.call(Bench.NAME, "plain", Map.of("n", n));
    long took = System.nanoTime() - start;
    synchronized (latencies) {
      latencies.add(took);
    }
    return isPlain(answer, n);
  }

  private static @Nullable String isPlain(@Nullable Object answer, long n) {
    return List.of(n, 2L, List.of(5L), true).equals(answer) ? null : "answered " + answer;
  }

  private static @Nullable String isAnswer(Answer answer) {
    return answer.certainty() == 0 ? null : "answered " + answer;
  }

  private String execute(String source, CallOptions options) {
    terrarium.adapter(Bench.NAME).with(options).call("execute", Map.of("source", source));
    return "it came back";
  }

  private String cancelled(Random random) {
    CompletableFuture<@Nullable Object> call =
        terrarium
            .adapter(Bench.NAME)
            .callAsync(
                Command.of(
                    "execute", Map.of("source", "while True:\n  try: pass\n  except: pass")));
    pause(Duration.ofMillis(random.nextInt(30)));
    if (!call.cancel(true)) {
      return "it had ended: " + call;
    }
    call.join();
    return "it came back";
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw new CallInterruptedException("nobody interrupts a caller", e);
    }
  }

  /** Callers that wait for longer than any call takes. */
  private long overdue() {
    long now = System.nanoTime();
    return running.values().stream().filter(each -> now - each > LOST_AFTER.toNanos()).count();
  }

  private void untilAtRest() throws InterruptedException {
    for (int i = 0; i < 300; i++) {
      if (terrarium.stats().pool().idle() == terrarium.stats().pool().total()) {
        return;
      }
      Thread.sleep(Duration.ofMillis(100));
    }
  }

  private void sample(Samples samples, double seconds) throws IOException {
    long[] sorted;
    synchronized (latencies) {
      sorted = latencies.stream().mapToLong(Long::longValue).sorted().toArray();
      latencies.clear();
    }
    samples.take(seconds);
    Stats stats = terrarium.stats();
    System.out.printf(
        "%5.0f s %8d %8d %5d | %6.2f ms %5.0f ms | %7.1f %7.1f | %4d %3d %4d %5d %4d |"
            + " %5d %4d %5d %8d %8d %7d | %s%n",
        seconds,
        begun.sum(),
        answered.sum(),
        wrong.sum(),
        Bench.percentile(sorted, 0.5) / 1e6,
        Bench.percentile(sorted, 0.99) / 1e6,
        samples.lastHeap(),
        samples.lastRss(),
        stats.pool().idle(),
        stats.pool().active(),
        stats.pool().suspect(),
        stats.pool().abandoned(),
        stats.pool().pending(),
        stats.nativeSlotsTaken(),
        stats.pool().made(),
        stats.pool().loads(),
        stats.pool().restored(),
        stats.pool().recycled(),
        stats.pool().retired(),
        failures);
  }

  private boolean verdict(Samples samples, @Nullable Path plot) throws IOException {
    long byRule = failures.values().stream().mapToLong(LongAdder::sum).sum();
    long lost = begun.sum() - answered.sum() - wrong.sum() - byRule;
    System.out.printf(
        "%ncalls %d = answered %d + failed by rule %d + wrong %d + LOST %d%n",
        begun.sum(), answered.sum(), byRule, wrong.sum(), lost);
    System.out.println("failed by rule: " + failures);
    System.out.println("pool at the end: " + terrarium.stats().pool());
    samples.print(plot);
    boolean well = lost == 0 && wrong.sum() == 0;
    System.out.println(well ? "no call was lost, none went wrong" : "NOT WELL");
    return well;
  }
}
