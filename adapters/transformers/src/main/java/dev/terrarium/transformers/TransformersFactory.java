package dev.terrarium.transformers;

import dev.terrarium.Adapter;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.SharedResources;
import java.util.Map;

/**
 * The factory that creates {@link Transformers} for {@code terrarium.adapter(Transformers.class)}.
 */
public final class TransformersFactory implements AdapterFactory<Transformers> {

  /** Creates the factory, as the service loader does. */
  public TransformersFactory() {}

  @Override
  public Class<Transformers> type() {
    return Transformers.class;
  }

  @Override
  public String framework() {
    return "transformers";
  }

  @Override
  public Map<String, HostFunction> functions(SharedResources shared) {
    return TransformersFunctions.of(shared.modelCache());
  }

  @Override
  public Transformers create(Adapter adapter) {
    return new Transformers(adapter);
  }
}
