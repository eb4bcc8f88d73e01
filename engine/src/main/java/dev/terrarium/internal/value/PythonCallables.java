package dev.terrarium.internal.value;

import dev.terrarium.error.CallbackEndedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.HostFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/**
 * Java functions as callables of one Python context, with the calls that they end with. Used on the
 * context's carrier thread only, but for the callables, which threads of Python may call.
 */
public final class PythonCallables {

  private final Value makeCallback;
  private final PythonReader reader;
  private final PythonWriter writer;
  private final UnaryOperator<HostFunction> guard;
  private final Thread carrier = Thread.currentThread();
  private @Nullable Scope scope;

  /**
   * @param embed the module {@code terrarium.bridge.embed} of the context
   * @param guard wraps each Java function before Python gets it
   */
  PythonCallables(
      Value embed, PythonReader reader, PythonWriter writer, UnaryOperator<HostFunction> guard) {
    this.reader = reader;
    this.writer = writer;
    this.guard = guard;
    makeCallback = embed.getMember("make_callback");
  }

  /**
   * Returns the functions as a Python dict of callables of positional arguments. What a function
   * throws is a foreign exception to Python.
   */
  Value services(Map<String, HostFunction> functions) {
    List<Object> converted = new ArrayList<>();
    functions.forEach(
        (name, function) -> {
          converted.add(name);
          converted.add(service(executable(function, name)));
        });
    return writer.dict(converted);
  }

  /** Gives the functions that a service returns a scope that does not end. */
  private ProxyExecutable service(ProxyExecutable executable) {
    Scope endless = new Scope();
    return arguments -> {
      if (Thread.currentThread() != carrier) { // a thread of Python's, which began no call
        return executable.execute(arguments);
      }
      Scope ofCall = scope;
      scope = endless;
      try {
        return executable.execute(arguments);
      } finally {
        scope = ofCall;
      }
    };
  }

  /**
   * Returns a callable that marshals arguments and result.
   *
   * @param result what the function's result is called in an error
   */
  private ProxyExecutable executable(HostFunction function, String result) {
    HostFunction guarded = guard.apply(function);
    return arguments -> {
      List<@Nullable Object> plain = new ArrayList<>();
      for (int i = 0; i < arguments.length; i++) {
        plain.add(reader.read(arguments[i], "argument " + i));
      }
      return writer.write(guarded.call(plain), result);
    };
  }

  /**
   * Returns a callable that ends with the present call. What the function throws is a HostCallError
   * to Python, which names the path.
   */
  Value callback(HostFunction function, String path) {
    ProxyExecutable executable = executable(function, "result");
    Scope own = ofThisCall();
    ProxyExecutable plain =
        arguments -> {
          own.check(path);
          try {
            return executable.execute(arguments);
          } catch (ConversionException e) {
            throw new ConversionException(path + "(): " + e.path(), e.problem(), e);
          }
        };
    return makeCallback.execute(plain, path);
  }

  /**
   * Begins a call. The functions that it passes to Python end with it.
   *
   * @return the scope of the call that this call is within, for {@link #endCall}
   */
  @Nullable Scope beginCall() {
    Scope outer = scope;
    scope = null; // made when there is a function
    return outer;
  }

  /** Ends the call that {@link #beginCall} began. */
  void endCall(@Nullable Scope outer) {
    Scope own = scope;
    if (own != null) {
      own.ended = true;
    }
    scope = outer;
  }

  private Scope ofThisCall() {
    Scope own = scope;
    if (own == null) {
      own = new Scope();
      scope = own;
    }
    return own;
  }

  /**
   * Returns a Python callable that hands its one argument, marshalled, to the sink, as long as the
   * call lasts.
   */
  ProxyExecutable sink(Consumer<@Nullable Object> sink) {
    long[] index = {0};
    Scope own = ofThisCall();
    return arguments -> {
      own.check("stream");
      sink.accept(reader.read(arguments[0], "item " + index[0]++));
      return writer.none();
    };
  }

  /** The extent of one call, with which the functions end that the call passed to Python. */
  public static final class Scope {
    private volatile boolean ended;

    private Scope() {}

    private void check(String path) {
      if (ended) {
        throw new CallbackEndedException(path);
      }
    }
  }
}
