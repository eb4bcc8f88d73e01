package dev.terrarium.langgraph;

import dev.terrarium.Adapter;
import dev.terrarium.spi.AdapterFactory;

/** The factory that creates {@link LangGraph} for {@code terrarium.adapter(LangGraph.class)}. */
public final class LangGraphFactory implements AdapterFactory<LangGraph> {

  /** Creates the factory, as the service loader does. */
  public LangGraphFactory() {}

  @Override
  public Class<LangGraph> type() {
    return LangGraph.class;
  }

  @Override
  public String framework() {
    return "langgraph";
  }

  @Override
  public LangGraph create(Adapter adapter) {
    return new LangGraph(adapter);
  }
}
