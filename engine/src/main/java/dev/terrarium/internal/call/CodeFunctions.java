package dev.terrarium.internal.call;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.internal.context.CodeContexts;
import dev.terrarium.internal.context.CodeSession;
import dev.terrarium.internal.context.CodeSession.Code;
import dev.terrarium.internal.context.CodeSession.Step;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The host functions by which Python code has code run that a language model wrote: {@code
 * code.start() -> session}, {@code code.execute(session, code) -> step}, {@code
 * code.answer(session, json) -> step} and {@code code.close(session)}. The Python module {@code
 * terrarium.bridge.host} lists their arguments. A session ends with the call that started it.
 * Thread-safe.
 */
public final class CodeFunctions implements AutoCloseable {

  private final CodeContexts contexts;
  private final Map<String, Started> sessions = new ConcurrentHashMap<>();

  /** A session, and the action that forgets it at the end of its call. */
  private record Started(CodeSession session, Runnable forget) {}

  public CodeFunctions(CodeContexts contexts) {
    this.contexts = contexts;
  }

  /** Returns the functions by name. */
  public Map<String, HostFunction> functions() {
    return Map.of(
        "code.start", this::start,
        "code.execute", this::execute,
        "code.answer", this::answer,
        "code.close", this::close);
  }

  private Object start(List<@Nullable Object> arguments) {
    checkCount("code.start", arguments, 0);
    String id = UUID.randomUUID().toString();
    CodeSession session = contexts.start();
    Runnable end = () -> end(id);
    CallScope scope = CallScope.current().orElse(null);
    sessions.put(id, new Started(session, scope == null ? () -> {} : () -> scope.forget(end)));
    if (scope != null) {
      scope.onEnd(end);
    }
    return id;
  }

  private Object execute(List<@Nullable Object> arguments) {
    checkCount("code.execute", arguments, 2);
    return plain(
        session(arguments, "code.execute")
            .execute(read(arguments, 1, Code.class, "code.execute.code")));
  }

  private Object answer(List<@Nullable Object> arguments) {
    checkCount("code.answer", arguments, 2);
    return plain(
        session(arguments, "code.answer")
            .answer(read(arguments, 1, String.class, "code.answer.json")));
  }

  private @Nullable Object close(List<@Nullable Object> arguments) {
    checkCount("code.close", arguments, 1);
    end(read(arguments, 0, String.class, "code.close.session"));
    return null;
  }

  private static Map<String, String> plain(Step step) {
    return switch (step) {
      case CodeSession.Call(String name, String json) -> Map.of("call", name, "arguments", json);
      case CodeSession.Outcome(String json) -> Map.of("outcome", json);
      case CodeSession.Failure(String message) -> Map.of("failure", message);
    };
  }

  private CodeSession session(List<@Nullable Object> arguments, String path) {
    Started started = sessions.get(read(arguments, 0, String.class, path + ".session"));
    if (started == null) {
      throw new ArgumentException(
          path + ": there is no such session; one ends with the call that started it");
    }
    return started.session();
  }

  private void end(String id) {
    Started started = sessions.remove(id);
    if (started != null) {
      started.forget().run();
      started.session().close();
    }
  }

  /** Ends all sessions, also those that were started outside of calls. */
  @Override
  public void close() {
    sessions.keySet().forEach(this::end);
  }

  private static void checkCount(String name, List<?> arguments, int count) {
    if (arguments.size() != count) {
      throw new ConversionException(
          name, "expected %d arguments, got %d".formatted(count, arguments.size()));
    }
  }

  private static <T> T read(
      List<@Nullable Object> arguments, int index, Class<T> type, String path) {
    return TypedReader.read(arguments.get(index), type, path);
  }
}
