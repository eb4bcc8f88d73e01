import dev.terrarium.langgraph.LangGraphFactory;
import dev.terrarium.spi.AdapterFactory;

/** LangGraph for Java: graphs in Python whose checkpoints Java keeps. */
module dev.terrarium.langgraph {
  exports dev.terrarium.langgraph;

  requires transitive dev.terrarium.engine;
  requires transitive java.sql;
  requires dev.terrarium.python.langgraph;
  requires static org.jspecify;

  provides AdapterFactory with
      LangGraphFactory;
}
