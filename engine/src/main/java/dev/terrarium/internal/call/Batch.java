package dev.terrarium.internal.call;

import dev.terrarium.CallResult;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.internal.admission.FrameworkVerdict;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.SessionTurn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A batch of commands that run one after another, with the outcome of each. Thread-safe. */
final class Batch implements ContextTask<Batch> {

  /** The name of a batch in messages and for observers. */
  static final String NAME = "batch";

  private final List<Request> commands;
  private final boolean stopsOnFailure;
  private final List<CallResult<@Nullable Object>> results = new ArrayList<>();
  private boolean begun;
  private boolean complete;

  Batch(List<Request> commands, boolean stopsOnFailure) {
    this.commands = List.copyOf(commands);
    this.stopsOnFailure = stopsOnFailure;
  }

  @Override
  public String name() {
    return NAME;
  }

  /** Returns null: a batch needs the framework, whatever its commands are. */
  @Override
  public @Nullable String command() {
    return null;
  }

  @Override
  public Batch apply(Commands context) {
    begin();
    boolean stopped = false;
    for (Request command : commands) {
      CallResult<@Nullable Object> result =
          stopped ? new CallResult.Skipped<>() : run(context, command);
      add(result);
      stopped |= stopsOnFailure && !result.isSuccess();
    }
    return this;
  }

  /** Runs one command; a command that fails changes nothing in the session. */
  private static CallResult<@Nullable Object> run(Commands context, Request command) {
    Optional<Runnable> undo =
        CallScope.current().flatMap(CallScope::turn).map(SessionTurn::savepoint);
    CallResult<@Nullable Object> result =
        CallResult.<@Nullable Object>of(() -> command.apply(context));
    if (!result.isSuccess()) {
      undo.ifPresent(Runnable::run);
    }
    return result;
  }

  private synchronized void begin() {
    begun = true;
  }

  /** Returns whether the batch has started in a context. */
  synchronized boolean hasBegun() {
    return begun;
  }

  private synchronized void add(CallResult<@Nullable Object> result) {
    if (!complete) {
      results.add(result);
    }
  }

  /**
   * Returns null when at least one command succeeded; otherwise a failure, preferably one of the
   * framework itself.
   */
  @Override
  public synchronized @Nullable Throwable failure() {
    Throwable failure = null;
    for (CallResult<?> result : results) {
      if (result.isSuccess()) {
        return null;
      }
      if (result instanceof CallResult.Failure<?>(RuntimeException error)
          && (failure == null || FrameworkVerdict.of(error) == FrameworkVerdict.FAILURE)) {
        failure = error;
      }
    }
    return failure;
  }

  @Override
  public boolean isRepeatable() {
    return false; // some of the commands may have been run
  }

  /** Fails every command that has no result yet; a result that comes later is dropped. */
  synchronized void failRest(CallTimeoutException reason) {
    complete = true;
    while (results.size() < commands.size()) {
      results.add(new CallResult.Failure<>(reason));
    }
  }

  /** Returns one result for each command, in order. */
  synchronized List<CallResult<@Nullable Object>> results() {
    return List.copyOf(results);
  }
}
