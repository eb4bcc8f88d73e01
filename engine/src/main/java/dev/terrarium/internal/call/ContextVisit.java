package dev.terrarium.internal.call;

import dev.terrarium.ContextPropagation;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.pool.PoolCall;
import dev.terrarium.internal.resource.SessionTurn;
import dev.terrarium.internal.resource.SpanWatch;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The attempt to run a task in a context that is ready for it. For one call, on its calling thread.
 */
final class ContextVisit<T extends @Nullable Object> implements CallAttempt<T> {

  private final ContextPool pool;
  private final ContextPropagation propagation;
  private final ContextTask<T> task;
  private @Nullable PoolCall<T> last;

  ContextVisit(ContextPool pool, ContextPropagation propagation, ContextTask<T> task) {
    this.pool = pool;
    this.propagation = propagation;
    this.task = task;
  }

  @Override
  public T apply(AdmittedCall call) {
    PoolCall<T> visit =
        new PoolCall<>(
            call.framework(),
            task.name(),
            task.command(),
            call.deadline(),
            work(call),
            call.scope(),
            propagation::wrap);
    last = visit;
    T result;
    try {
      result = pool.run(visit);
    } catch (Throwable e) { // the context has been released
      call.permit().end(e);
      throw e;
    }
    call.permit().end(task.failure());
    return result;
  }

  /** Returns the task, which first marks the start of its turn's call, and is timed if watched. */
  private Function<Commands, T> work(AdmittedCall call) {
    Function<Commands, T> started = started(call.turn(), reporting(call.spans(), task));
    CallWatch watch = call.watch();
    return watch == null ? started : watch.timed(started);
  }

  /** Returns the task, during which the framework reports its spans if somebody observes them. */
  private static <T extends @Nullable Object> Function<Commands, T> reporting(
      @Nullable SpanWatch spans, Function<Commands, T> task) {
    return spans == null
        ? task
        : commands -> {
          SpanDetail before = commands.reportSpans(spans.detail());
          try {
            return task.apply(commands);
          } finally {
            commands.reportSpans(before);
          }
        };
  }

  private static <T extends @Nullable Object> Function<Commands, T> started(
      @Nullable SessionTurn turn, Function<Commands, T> task) {
    return turn == null
        ? task
        : commands -> {
          turn.start();
          return task.apply(commands);
        };
  }

  @Override
  public boolean isRepeatable() {
    PoolCall<T> visit = last;
    return visit != null && visit.isIdempotent() && task.isRepeatable();
  }

  @Override
  public @Nullable Throwable failure() {
    return task.failure();
  }
}
