package dev.terrarium.jmh.peer;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A peer that runs CPython inside the JVM by Jep. Jep's interpreters belong to threads, so each
 * caller has its own interpreter and calls it without a hand-over; all interpreters share one GIL.
 * The peer can be opened once in a process, and only in a process that was started with {@link
 * #jar} on its class path: Maven Central has no such jar, so Jep is called by method handles.
 */
public final class JepPeer implements Peer {

  /** An interpreter of one thread, and the requests to it. */
  private record Interpreter(AutoCloseable python, Object text, Object floats) {}

  private final ThreadLocal<Interpreter> interpreters = ThreadLocal.withInitial(this::interpreter);
  private final MethodHandle make;
  private final MethodHandle exec;
  private final MethodHandle getValue;
  private final MethodHandle callAs;
  private final Class<?> callable;

  JepPeer(PythonSide python) {
    Path packages = python.packages().orElseThrow();
    MethodHandles.Lookup lookup = MethodHandles.publicLookup();
    try {
      Class<?> main = Class.forName("jep.MainInterpreter");
      Class<?> shared = Class.forName("jep.SharedInterpreter");
      Class<?> config = Class.forName("jep.JepConfig");
      callable = Class.forName("jep.python.PyCallable");
      lookup
          .findStatic(main, "setJepLibraryPath", MethodType.methodType(void.class, String.class))
          .invoke(packages.resolve("jep/libjep.so").toString());
      Object paths =
          lookup
              .findVirtual(config, "addIncludePaths", MethodType.methodType(config, String[].class))
              .invoke(
                  lookup.findConstructor(config, MethodType.methodType(void.class)).invoke(),
                  new String[] {packages.toString(), python.sources().toString()});
      lookup
          .findStatic(shared, "setConfig", MethodType.methodType(void.class, config))
          .invoke(paths);
      make = lookup.findConstructor(shared, MethodType.methodType(void.class));
      exec = lookup.findVirtual(shared, "exec", MethodType.methodType(void.class, String.class));
      getValue =
          lookup.findVirtual(
              shared, "getValue", MethodType.methodType(Object.class, String.class, Class.class));
      callAs =
          lookup
              .findVirtual(
                  callable,
                  "callAs",
                  MethodType.methodType(Object.class, Class.class, Object[].class))
              .asFixedArity()
              .asType(
                  MethodType.methodType(Object.class, Object.class, Class.class, Object[].class));
    } catch (Throwable e) {
      throw new IllegalStateException("Jep cannot be used; is its jar on the class path?", e);
    }
  }

  /** Returns Jep's own jar, which its Python package contains. */
  public static Path jar(PythonSide python) throws IOException {
    Path folder = python.packages().orElseThrow().resolve("jep");
    try (var jars = Files.newDirectoryStream(folder, "jep-*.jar")) {
      return jars.iterator().next();
    }
  }

  private Interpreter interpreter() {
    try {
      AutoCloseable python = (AutoCloseable) make.invoke();
      exec.invoke(python, "import jep_echo");
      return new Interpreter(
          python,
          getValue.invoke(python, "jep_echo.text", callable),
          getValue.invoke(python, "jep_echo.floats", callable));
    } catch (Throwable e) {
      throw new IllegalStateException("Jep cannot start an interpreter", e);
    }
  }

  @Override
  public Object echo(Object value) {
    Interpreter interpreter = interpreters.get();
    if (value instanceof String) {
      return call(interpreter.text, String.class, value);
    }
    double[] values = (double[]) value;
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(values.length * Double.BYTES).order(ByteOrder.nativeOrder());
    buffer.asDoubleBuffer().put(values);
    return call(interpreter.floats, double[].class, buffer);
  }

  private Object call(Object function, Class<?> type, Object argument) {
    try {
      return (Object) callAs.invokeExact(function, (Class<?>) type, new Object[] {argument});
    } catch (Throwable e) {
      throw new IllegalStateException("Jep's call failed", e);
    }
  }

  /** Closes the caller's own interpreter; those of other threads end with the process. */
  @Override
  public void close() {
    try {
      interpreters.get().python.close();
    } catch (Exception e) {
      throw new IllegalStateException("Jep's interpreter cannot be closed", e);
    }
    interpreters.remove();
  }
}
