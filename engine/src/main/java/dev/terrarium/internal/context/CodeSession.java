package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.PythonException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/**
 * A session of code that a language model wrote, in a restricted context of its own, which is
 * closed with the session (docs/decisions/041). Only texts cross. The code runs on the context's
 * carrier, and each function that it calls runs on the thread that waits for the code: {@link
 * #execute} then returns the function's name and arguments, and {@link #answer} has the code go on.
 *
 * <p>{@link #execute} and {@link #answer} are called by one thread at a time; {@link #close} is
 * thread-safe. A session ends when a call of it throws.
 */
public final class CodeSession implements AutoCloseable {

  /** What a piece of code came to. */
  public sealed interface Step {}

  /**
   * The code waits for the result of a function.
   *
   * @param arguments JSON of the arguments by position ({@code args}) and by name ({@code kwargs})
   */
  public record Call(String name, String arguments) implements Step {}

  /**
   * The code has ended.
   *
   * @param json the outcome, as {@code terrarium.bridge.code_context} describes it
   */
  public record Outcome(String json) implements Step {}

  /** The code has ended by a failure that Python cannot describe, and the session goes on. */
  public record Failure(String message) implements Step {}

  /**
   * A piece of code.
   *
   * @param texts new values of variables, as they are
   * @param values new values of variables, as JSON
   * @param variables JSON of the names of the variables that the code sees, which were given values
   *     now or before
   * @param functions JSON of the names of the functions that the code may call; empty for those of
   *     the code before
   * @param outputs JSON of the names of what the code submits; used with {@code functions} only
   */
  public record Code(
      String code,
      Map<String, String> texts,
      Map<String, String> values,
      String variables,
      Optional<String> functions,
      String outputs) {}

  private static final System.Logger LOGGER = System.getLogger("terrarium.context");
  private static final AtomicInteger SESSIONS = new AtomicInteger();

  /**
   * Leaves out what {@code terrarium.bridge} imports for frameworks, which takes most of a start.
   */
  private static final Source BOOTSTRAP =
      Source.newBuilder(
              "python",
              """
              import sys
              import terrarium
              package = type(sys)("terrarium.bridge")
              package.__path__ = [folder + "/bridge" for folder in terrarium.__path__]
              sys.modules[package.__name__] = package
              import terrarium.bridge.code_context as code_context
              code_context\
              """,
              "<terrarium>")
          .cached(true)
          .internal(true)
          .buildLiteral();

  private final Carrier carrier;
  private final String name;
  private final PolyglotRuntime runtime;
  private final CodeLimits limits;
  private final Runnable onClosed;
  private final Context context;
  private final Value session;
  private final Fence fence = new Fence();
  private final BlockingQueue<Supplier<Step>> steps = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable Execution<?> running;
  private long nanosLeft;
  private boolean waiting;

  private CodeSession(
      Carrier carrier, String name, PolyglotRuntime runtime, CodeLimits limits, Runnable onClosed)
      throws IOException {
    this.carrier = carrier;
    this.name = name;
    this.runtime = runtime;
    this.limits = limits;
    this.onClosed = onClosed;
    OutputStream nowhere = OutputStream.nullOutputStream();
    context =
        runtime.newContext(
            AccessProfile.RESTRICTED,
            runtime.files(),
            InputStream.nullInputStream(),
            nowhere,
            nowhere);
    boolean open = false;
    try {
      ProxyExecutable call = this::call;
      session =
          context
              .eval(BOOTSTRAP)
              .invokeMember("open_session", call, CodeLimits.MAX_OUTPUT, limits.maxMessage());
      open = true;
    } finally {
      if (!open) {
        context.close(true);
      }
    }
  }

  /**
   * Starts a session in a new context, with a carrier of its own.
   *
   * @param onClosed runs when the context is closed and its carrier has left it, if it was made
   */
  static CodeSession start(PolyglotRuntime runtime, CodeLimits limits, Runnable onClosed) {
    String name = "terrarium-code-" + SESSIONS.incrementAndGet();
    Carrier carrier = new Carrier(name);
    CompletableFuture<CodeSession> started = new CompletableFuture<>();
    carrier.execute(
        () -> {
          try {
            CodeSession session = new CodeSession(carrier, name, runtime, limits, onClosed);
            runtime.opened(session);
            started.complete(session);
          } catch (Throwable e) {
            started.completeExceptionally(e);
            carrier.end();
          }
        });
    return PolyglotRuntime.join(started);
  }

  /**
   * Runs a piece of code, until it ends or calls a function.
   *
   * @throws ArgumentException when the code before waits for an answer
   * @throws LimitExceededException when the code has run for too long, or has filled the heap
   * @throws CallInterruptedException when this thread is interrupted
   * @throws ClosedException when the session is closed
   * @throws PythonException when the code broke its interpreter
   */
  public Step execute(Code code) {
    checkOpen();
    if (waiting) {
      throw new ArgumentException("The code that runs waits for the result of a function.");
    }
    steps.clear();
    answers.clear();
    nanosLeft = limits.timeout().toNanos();
    CarrierWork<Step> work = new CarrierWork<>(name, context, fence, () -> run(code));
    running = work;
    work.whenDone(
        (step, failure) ->
            steps.add(
                () -> {
                  if (step == null) {
                    throw translated(failure);
                  }
                  return step;
                }));
    try {
      carrier.execute(work);
    } catch (RejectedExecutionException e) {
      throw closedMeanwhile(e);
    }
    return next();
  }

  /**
   * Has the code go on after a call of a function, until it ends or calls the next one. Throws what
   * {@link #execute} throws.
   *
   * @param json {@code {"value": ...}}, or {@code {"error": message}}, which is raised in the code
   * @throws ArgumentException when the code waits for no answer
   */
  public Step answer(String json) {
    checkOpen();
    if (!waiting) {
      throw new ArgumentException("No code waits for the result of a function.");
    }
    answers.add(json);
    return next();
  }

  private void checkOpen() {
    if (closed.get()) {
      throw new ClosedException("The session of " + name + " has ended.");
    }
  }

  private Step next() {
    boolean goesOn = false;
    try {
      long begin = System.nanoTime();
      Supplier<Step> step = steps.poll(nanosLeft, TimeUnit.NANOSECONDS);
      nanosLeft -= System.nanoTime() - begin;
      if (step == null) {
        throw new LimitExceededException(
            "The code had not ended after %s, the limit of codeTimeout, and was stopped."
                .formatted(limits.timeout()));
      }
      Step next = step.get();
      waiting = next instanceof Call;
      goesOn = true;
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for the code.", e);
    } finally {
      if (!goesOn) {
        close();
      }
    }
  }

  private RuntimeException translated(@Nullable Throwable reason) {
    if (closed.get() || reason instanceof CancellationException) {
      return closedMeanwhile(reason);
    }
    return switch (reason) {
      case PolyglotException full when full.isResourceExhausted() ->
          new LimitExceededException("The code filled the heap: " + full.getMessage());
      case OutOfMemoryError full ->
          new LimitExceededException("The code filled the heap: " + full.getMessage());
      case null, default ->
          new PythonException(
              PythonException.INTERNAL,
              "the code broke its interpreter: " + (reason == null ? "" : reason.getMessage()),
              List.of(),
              reason);
    };
  }

  private static ClosedException closedMeanwhile(@Nullable Throwable reason) {
    return new ClosedException("The session was closed while its code ran.", reason);
  }

  /** Runs a piece of code; called on the carrier, behind the fence. */
  private Step run(Code code) {
    context.enter();
    try {
      fence.checkStopped();
      code.texts().forEach((name, text) -> session.invokeMember("put", name, text, false));
      code.values().forEach((name, json) -> session.invokeMember("put", name, json, true));
      code.functions().ifPresent(names -> session.invokeMember("declare", names, code.outputs()));
      return new Outcome(
          text(session.invokeMember("run", code.code(), code.variables()), "outcome"));
    } catch (PolyglotException e) {
      if (e.isExit()) { // os._exit, which no Python code sees
        return new Failure("SystemExit: " + e.getExitStatus());
      }
      if (isStackOverflow(e)) {
        return new Failure("RecursionError: the stack overflowed");
      }
      throw e;
    } catch (StackOverflowError e) {
      return new Failure("RecursionError: the stack overflowed");
    } finally {
      context.leave();
    }
  }

  private static boolean isStackOverflow(PolyglotException e) {
    return e.isResourceExhausted() && String.valueOf(e.getMessage()).contains("StackOverflow");
  }

  /** Calls a function of the host; called by the code, on the carrier. */
  private String call(Value... arguments) {
    fence.checkStopped();
    if (arguments.length != 2) {
      throw new ConversionException("call", "expected a name and JSON");
    }
    Step called = new Call(text(arguments[0], "call"), text(arguments[1], "call"));
    steps.add(() -> called);
    String answer;
    try {
      answer = answers.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Fence.stopped();
    }
    fence.checkStopped();
    return answer;
  }

  /** Reads a text, whatever the code has made of what was to check it. */
  private String text(Value value, String path) {
    if (!value.isString()) {
      throw new ConversionException(path, "expected a text");
    }
    String text = value.asString();
    if (text.length() > limits.maxMessage()) {
      throw new ConversionException(
          path,
          "%,d characters are above %,d, the limit of maxMessage"
              .formatted(text.length(), limits.maxMessage()));
    }
    return text;
  }

  /**
   * Stops the code, and closes the context, on a thread of its own, because closing waits for what
   * does not stop. Closing a second time does nothing.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    Execution<?> work = running;
    if (work != null) {
      work.interrupt();
    }
    Thread.ofPlatform().daemon().name(name + "-close").start(this::closeNow);
  }

  private void closeNow() {
    try {
      context.close(true);
      runtime.closed(this);
    } catch (RuntimeException e) {
      LOGGER.log(Level.DEBUG, name + " could not be closed", e);
    } finally {
      carrier.end();
      onClosed.run();
    }
  }
}
