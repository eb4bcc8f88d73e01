package dev.terrarium.internal.call;

import dev.terrarium.Command;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.Shortcut;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The attempt to run a shortcut, which holds no context, and then the command to which the shortcut
 * hands over, under the same permit. For one call, on its calling thread.
 */
final class ShortcutAttempt implements CallAttempt<@Nullable Object> {

  private final SingleCalls calls;
  private final Shortcut shortcut;
  private @Nullable HandedOver rest;

  ShortcutAttempt(SingleCalls calls, Shortcut shortcut) {
    this.calls = calls;
    this.shortcut = shortcut;
  }

  @Override
  public @Nullable Object apply(AdmittedCall call) {
    rest = null;
    CallScope scope = call.scope();
    if (call.turn() != null) {
      call.turn().start();
    }
    switch (outcome(call, scope)) {
      case Shortcut.Answered(Object answer) -> {
        call.permit().end(null);
        return answer;
      }
      case Shortcut.HandedOver(Command<?> command) -> {
        HandedOver task = new HandedOver(calls.request(command), !shortcut.isIdempotent());
        rest = task;
        return call.run(calls.visit(task));
      }
    }
  }

  private Shortcut.Outcome outcome(AdmittedCall call, CallScope scope) {
    Map<String, HostFunction> services = calls.services(call.framework());
    Shortcut.Host host =
        (name, arguments) -> service(services, name).call(Arrays.asList(arguments));
    CallWatch watch = call.watch();
    if (watch != null) {
      watch.run();
    }
    try {
      return Objects.requireNonNull(
          calls.withoutContext(call.deadline(), () -> scope.call(() -> shortcut.attempt(host))),
          "the shortcut's outcome");
    } catch (Throwable e) {
      call.permit().end(e);
      throw e;
    } finally {
      if (watch != null) {
        watch.pause();
      }
    }
  }

  private static HostFunction service(Map<String, HostFunction> services, String name) {
    HostFunction service = services.get(name);
    if (service == null) {
      throw new ArgumentException(
          "The host offers no service '"
              + name
              + "'. Services: "
              + new TreeSet<>(services.keySet()));
    }
    return service;
  }

  @Override
  public boolean isRepeatable() {
    HandedOver task = rest;
    boolean waitedInVain = task != null && !task.begun;
    return !waitedInVain && shortcut.isIdempotent();
  }

  /** The command that a shortcut hands over to Python. */
  private static final class HandedOver implements ContextTask<@Nullable Object> {

    private final Request request;
    private final boolean alone;

    /** Whether the command has started in a context. */
    volatile boolean begun;

    /**
     * Creates the task of one command.
     *
     * @param alone whether the command may be retried by itself, and not together with the shortcut
     */
    HandedOver(Request request, boolean alone) {
      this.request = request;
      this.alone = alone;
    }

    @Override
    public String name() {
      return request.name();
    }

    @Override
    public @Nullable String command() {
      return request.command();
    }

    @Override
    public @Nullable Object apply(Commands commands) {
      begun = true;
      return request.apply(commands);
    }

    @Override
    public boolean isRepeatable() {
      return alone;
    }
  }
}
