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
  requires static langchain4j.bedrock;
  requires transitive langchain4j.core;
  requires static langchain4j.google.ai.gemini;
  requires langchain4j.http.client;
  requires static langchain4j.mistral.ai;
  requires static langchain4j.ollama;
  requires static langchain4j.open.ai;
  requires static org.jspecify;
  requires static org.reactivestreams;
  requires static software.amazon.awssdk.auth;
  requires static software.amazon.awssdk.awscore;
  requires static software.amazon.awssdk.core;
  requires static software.amazon.awssdk.http;
  requires static software.amazon.awssdk.identity.spi;
  requires static software.amazon.awssdk.regions;
  requires static software.amazon.awssdk.retries.api;
  requires static software.amazon.awssdk.services.bedrockruntime;
  requires static software.amazon.awssdk.utils;

  provides LanguageModelProvider with
      LangChain4j;
}
