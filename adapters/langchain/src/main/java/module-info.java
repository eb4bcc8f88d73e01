import dev.terrarium.langchain.LangChainFactory;
import dev.terrarium.spi.AdapterFactory;

/** LangChain for Java, by typed programs. */
module dev.terrarium.langchain {
  exports dev.terrarium.langchain;

  requires transitive dev.terrarium.engine;
  requires dev.terrarium.python.langchain;
  requires static org.jspecify;

  provides AdapterFactory with
      LangChainFactory;
}
