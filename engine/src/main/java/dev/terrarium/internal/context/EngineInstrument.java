package dev.terrarium.internal.context;

import com.oracle.truffle.api.instrumentation.TruffleInstrument;
import com.oracle.truffle.api.instrumentation.provider.TruffleInstrumentProvider;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.graalvm.polyglot.Engine;

/**
 * The way to what Truffle gives to instruments only: what a context holds on the heap, and the
 * engine's cache of code. It instruments nothing, so code runs as fast with it as without. Truffle
 * makes it when one of its services is asked for.
 */
public final class EngineInstrument extends TruffleInstrument {

  private static final String ID = "terrarium";

  /** The meter of an engine; one that measures nothing when its Truffle does not see this class. */
  static HeapMeter heapMeter(Engine engine) {
    return service(engine, HeapMeter.class).orElse(HeapMeter.none());
  }

  /** The code of an engine; none is kept when its Truffle does not see this class. */
  static SharedCode sharedCode(Engine engine) {
    return service(engine, SharedCode.class).orElse(SharedCode.none());
  }

  private static <T> Optional<T> service(Engine engine, Class<T> type) {
    return Optional.ofNullable(engine.getInstruments().get(ID))
        .map(instrument -> instrument.lookup(type));
  }

  @Override
  protected void onCreate(Env env) {
    env.registerService(new TruffleHeapMeter(env));
    env.registerService(new TruffleSharedCode(env));
  }

  /** What Truffle's service loader finds, as its annotation processor would write it. */
  @Registration(id = ID, name = "Terrarium")
  public static final class Provider extends TruffleInstrumentProvider {

    @Override
    protected String getInstrumentClassName() {
      return EngineInstrument.class.getName();
    }

    @Override
    protected Object create() {
      return new EngineInstrument();
    }

    @Override
    protected Collection<String> getServicesClassNames() {
      return List.of(HeapMeter.class.getName(), SharedCode.class.getName());
    }
  }
}
