import dev.terrarium.llamacpp.LlamaCpp;
import dev.terrarium.spi.LanguageModelProvider;

/** Language models in GGUF files, by llama.cpp. */
module dev.terrarium.llamacpp {
  exports dev.terrarium.llamacpp;

  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires transitive dev.terrarium.engine;
  requires static org.jspecify;

  provides LanguageModelProvider with
      LlamaCpp;
}
