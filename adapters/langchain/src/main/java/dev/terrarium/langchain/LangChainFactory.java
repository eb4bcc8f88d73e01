package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.spi.AdapterFactory;

/** The factory that creates {@link LangChain} for {@code terrarium.adapter(LangChain.class)}. */
public final class LangChainFactory implements AdapterFactory<LangChain> {

  /** Creates the factory, as the service loader does. */
  public LangChainFactory() {}

  @Override
  public Class<LangChain> type() {
    return LangChain.class;
  }

  @Override
  public String framework() {
    return "langchain";
  }

  @Override
  public LangChain create(Adapter adapter) {
    return new LangChain(adapter);
  }
}
