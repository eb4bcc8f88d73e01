package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The way to another thread and back. {@code parkUnpark} is the least that two platform threads can
 * do without spinning; {@code executorAndFuture} is what a call of a context does, made of the same
 * parts: a queue with one thread and a future waited for with a time limit; {@code wholeCall} is a
 * call of a handler that does nothing.
 */
@BenchmarkMode(Mode.SampleTime)
public class HandOver extends Microbenchmark {

  /** A thread that answers each request by unparking who made it. */
  @State(Scope.Thread)
  public static class Partner {

    private volatile long asked;
    private volatile long answered;
    private volatile boolean ended;
    private volatile @Nullable Thread caller;
    private @Nullable Thread thread;

    @Setup(Level.Trial)
    public void start() {
      thread = Thread.ofPlatform().daemon().name("partner").start(this::serve);
    }

    private void serve() {
      long served = 0;
      while (!ended) {
        if (asked == served) {
          LockSupport.park(this);
        } else {
          served = asked;
          answered = served;
          LockSupport.unpark(caller);
        }
      }
    }

    long ask() {
      caller = Thread.currentThread();
      long request = answered + 1;
      asked = request;
      LockSupport.unpark(thread);
      while (answered != request) {
        LockSupport.park(this);
      }
      return request;
    }

    @TearDown(Level.Trial)
    public void end() {
      ended = true;
      LockSupport.unpark(thread);
    }
  }

  /** One thread with a queue, as a context's carrier. */
  @State(Scope.Thread)
  public static class Worker {

    private final ThreadPoolExecutor executor =
        new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());

    @Nullable Object ask() throws InterruptedException, ExecutionException, TimeoutException {
      CompletableFuture<@Nullable Object> result = new CompletableFuture<>();
      executor.execute(() -> result.complete(null));
      return result.get(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    }

    @TearDown(Level.Trial)
    public void end() {
      executor.shutdown();
    }
  }

  /** One context. */
  @State(Scope.Benchmark)
  public static class OneContext {

    private @Nullable Terrarium terrarium;

    @Setup(Level.Trial)
    public void start() {
      terrarium = Bench.start(1);
    }

    @Nullable Object ask() {
      return terrarium == null ? null : terrarium.call(Bench.NAME, "nothing", Map.of());
    }

    @TearDown(Level.Trial)
    public void end() {
      if (terrarium != null) {
        terrarium.close();
      }
    }
  }

  @Benchmark
  public long parkUnpark(Partner partner) {
    return partner.ask();
  }

  @Benchmark
  public @Nullable Object executorAndFuture(Worker worker) throws Exception {
    return worker.ask();
  }

  @Benchmark
  public @Nullable Object wholeCall(OneContext context) {
    return context.ask();
  }
}
