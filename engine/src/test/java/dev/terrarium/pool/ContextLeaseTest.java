package dev.terrarium.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.context.BridgeSource;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.AtRest;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ContextLeaseTest {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final BridgeSource WORDCOUNT =
      new BridgeSource.Source("wordcount", AccessProfile.TRUSTED, "", "wordcount.py");

  @RegisterExtension final AtRest atRest = new AtRest();

  private final StubContext context = new StubContext("context");

  private ContextPool pool(Duration loadTimeout) {
    ContextPool pool = atRest.watch(new ContextPool(profile -> context, 1, LONG, loadTimeout));
    Task.until("the context is idle", () -> pool.stats().idle() == 1);
    return pool;
  }

  private static @Nullable Object call(ContextPool pool) {
    try (ContextLease lease = pool.borrow("wordcount")) {
      return lease.call(WORDCOUNT, "count", Map.of());
    }
  }

  @Test
  void preparesAContextThatHasNotLoadedTheFramework() {
    ContextPool pool = pool(LONG);

    assertThat(call(pool)).isEqualTo("answer");
    assertThat(context.preparations).hasValue(1);

    context.loaded.add("wordcount");
    assertThat(call(pool)).isEqualTo("answer");
    assertThat(context.preparations).hasValue(1);
    assertThat(context.calls).hasValue(2);
  }

  @Test
  void callerThatGivesUpOnALoadReturnsTheContextWhenTheLoadEnds() {
    ContextPool pool = pool(Duration.ofNanos(9));
    context.preparing = new CompletableFuture<>();

    assertThatThrownBy(() -> call(pool))
        .isInstanceOf(LoadTimeoutException.class)
        .hasMessageContaining("'wordcount'")
        .hasMessageContaining("PT0.000000009S")
        .hasMessageContaining("Loading goes on in context");
    assertThat(pool.stats()).isEqualTo(new PoolStats(1, 0, 1, 0, 0));
    assertThatThrownBy(() -> pool.borrow("wordcount", Duration.ZERO)).isNotNull();
    assertThat(context.calls).as("calls of a framework that is not loaded").hasValue(0);

    context.preparing.complete(null);
    assertThat(pool.stats()).isEqualTo(new PoolStats(1, 0, 0, 1, 0));
  }

  @Test
  void loadThatFailsAfterTheCallerGaveUpReturnsTheContextToo() {
    ContextPool pool = pool(Duration.ofNanos(9));
    context.preparing = new CompletableFuture<>();
    assertThatThrownBy(() -> call(pool)).isInstanceOf(LoadTimeoutException.class);

    context.preparing.completeExceptionally(new IllegalStateException("late"));
    assertThat(pool.stats()).isEqualTo(new PoolStats(1, 0, 0, 1, 0));
  }

  @Test
  void interruptedCallerLeavesTheContextToItsCall() throws Exception {
    ContextPool pool = pool(LONG);
    context.calling = new CompletableFuture<>();
    Task<@Nullable Object> caller = Task.of(() -> call(pool));
    Task.until("the call began", () -> context.calls.get() == 1);
    caller.interrupt();

    assertThat(caller.failure())
        .isInstanceOf(CallInterruptedException.class)
        .hasMessageContaining("'wordcount.count'");
    assertThat(pool.stats().active()).isEqualTo(1);

    context.calling.complete("nobody hears it");
    assertThat(pool.stats()).isEqualTo(new PoolStats(1, 0, 0, 1, 0));
  }

  @Test
  void closingTwiceReturnsTheContextOnce() {
    ContextPool pool = pool(LONG);
    ContextLease lease = pool.borrow("wordcount");
    lease.close();
    lease.close();

    assertThat(pool.stats()).isEqualTo(new PoolStats(1, 0, 0, 1, 0));
  }

  @Test
  void failedCallShowsPythonFramesThenTheCallers() {
    ContextPool pool = pool(LONG);
    context.calling =
        CompletableFuture.failedFuture(
            new PythonException(
                "ValueError",
                "bad",
                List.of(new StackTraceElement("wordcount", "count", "wordcount.py", 7)),
                null));

    assertThatThrownBy(() -> call(pool))
        .isInstanceOfSatisfying(
            PythonException.class,
            e -> {
              assertThat(e.getStackTrace()[0]).hasToString("wordcount.count(wordcount.py:7)");
              assertThat(Arrays.stream(e.getStackTrace()).map(StackTraceElement::getMethodName))
                  .contains("failedCallShowsPythonFramesThenTheCallers");
            });
  }

  @Test
  void errorThrownInACallComesBackAsItself() {
    ContextPool pool = pool(LONG);
    context.calling = CompletableFuture.failedFuture(new AssertionError("thrown inside"));

    assertThatThrownBy(() -> call(pool))
        .isInstanceOf(AssertionError.class)
        .hasMessage("thrown inside");
  }
}
