package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.spi.AdapterFactory;

/** Makes {@link Dspy} for {@code terrarium.adapter(Dspy.class)}. */
public final class DspyFactory implements AdapterFactory<Dspy> {

  /** Makes the factory, as the service loader does. */
  public DspyFactory() {}

  @Override
  public Class<Dspy> type() {
    return Dspy.class;
  }

  @Override
  public String framework() {
    return "dspy";
  }

  @Override
  public Dspy create(Adapter adapter) {
    return new Dspy(adapter);
  }
}
