import dev.terrarium.langchain4j.LangChain4j;
import dev.terrarium.spi.LanguageModelProvider;

/** Language models that a service runs, by LangChain4j's clients. */
@SuppressWarnings({"module", "requires-automatic", "requires-transitive-automatic"})
module dev.terrarium.langchain4j {
  exports dev.terrarium.langchain4j;

  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.networknt.schema;
  requires transitive dev.terrarium.engine;
  requires java.net.http;
  requires static jtokkit;
  requires static langchain4j.anthropic;
  requires transitive langchain4j.core;
  requires static langchain4j.google.ai.gemini;
  requires langchain4j.http.client;
  requires static langchain4j.mistral.ai;
  requires static langchain4j.ollama;
  requires static langchain4j.open.ai;
  requires static org.jspecify;

  provides LanguageModelProvider with
      LangChain4j;
}
