package dev.terrarium.internal.context;

import com.oracle.truffle.api.instrumentation.TruffleInstrument;
import com.oracle.truffle.api.instrumentation.provider.TruffleInstrumentProvider;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.graalvm.polyglot.Engine;

/**
 * An instrument that gives access to services which Truffle offers to instruments only: the heap
 * that a context holds, and the engine's code cache. The instrument instruments nothing, so code
 * runs as fast with it as without. Truffle creates it when one of its services is requested.
 */
public final class EngineInstrument extends TruffleInstrument {

  private static final String ID = "terrarium";

  /**
   * Returns the heap meter of an engine; the meter measures nothing when the engine's Truffle does
   * not see this class.
   */
  static HeapMeter heapMeter(Engine engine) {
    return service(engine, HeapMeter.class).orElse(HeapMeter.none());
  }

  /**
   * Returns the shared code of an engine; it keeps nothing when the engine's Truffle does not see
   * this class.
   */
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

  /**
   * The provider that Truffle's service loader finds, written as Truffle's annotation processor
   * would write it.
   */
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
