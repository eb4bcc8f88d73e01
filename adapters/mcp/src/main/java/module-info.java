/** Tools of MCP servers, by LangChain4j's client. */
@SuppressWarnings({"module", "requires-automatic"})
module dev.terrarium.mcp {
  exports dev.terrarium.mcp;

  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires transitive dev.terrarium.engine;
  requires java.net.http;
  requires langchain4j.core;
  requires langchain4j.mcp;
  requires langchain4j;
  requires static org.jspecify;
}
