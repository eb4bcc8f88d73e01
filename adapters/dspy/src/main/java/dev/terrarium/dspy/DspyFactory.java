package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.spi.AdapterFactory;
import java.util.Optional;

/** The factory that creates {@link Dspy} for {@code terrarium.adapter(Dspy.class)}. */
public final class DspyFactory implements AdapterFactory<Dspy> {

  /** Creates the factory, as the service loader does. */
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

  @Override
  public Optional<Answerer> answerer(Dspy facade, int maxTokens) {
    return Optional.of(DspyAnswerer.of(facade, maxTokens));
  }
}
