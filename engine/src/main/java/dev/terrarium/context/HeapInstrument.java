package dev.terrarium.context;

import com.oracle.truffle.api.instrumentation.TruffleInstrument;
import com.oracle.truffle.api.instrumentation.provider.TruffleInstrumentProvider;
import java.util.Collection;
import java.util.List;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.Instrument;

/**
 * The way to what Truffle tells instruments only: what a context holds on the heap. It instruments
 * nothing, so code runs as fast with it as without. Truffle makes it when the meter is asked for.
 */
final class HeapInstrument extends TruffleInstrument {

  private static final String ID = "terrarium-heap";

  /** The meter of an engine; one that measures nothing when its Truffle does not see this class. */
  static HeapMeter meter(Engine engine) {
    Instrument instrument = engine.getInstruments().get(ID);
    HeapMeter meter = instrument == null ? null : instrument.lookup(HeapMeter.class);
    return meter == null ? HeapMeter.none() : meter;
  }

  @Override
  protected void onCreate(Env env) {
    env.registerService(new TruffleHeapMeter(env));
  }

  /** What Truffle's service loader finds, as its annotation processor would write it. */
  @Registration(id = ID, name = "Heap of a context")
  public static final class Provider extends TruffleInstrumentProvider {

    @Override
    protected String getInstrumentClassName() {
      return HeapInstrument.class.getName();
    }

    @Override
    protected Object create() {
      return new HeapInstrument();
    }

    @Override
    protected Collection<String> getServicesClassNames() {
      return List.of(HeapMeter.class.getName());
    }
  }
}
