package dev.terrarium.jmh.peer;

import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Value;

/**
 * {@code Value.execute} of a bare context on the caller's thread, with nothing around it: what any
 * use of GraalPy costs at least. Texts only: an array would go by reference.
 */
final class BareContext implements Peer {

  private final Context context =
      Context.newBuilder("python")
          .option("engine.WarnInterpreterOnly", "false")
          .allowExperimentalOptions(true)
          .option("python.IsolateNativeModules", "true")
          .build();

  private final Value function = context.eval("python", "lambda v: v");

  @Override
  public Object echo(Object value) {
    return function.execute(value).asString();
  }

  @Override
  public void close() {
    context.close();
  }
}
