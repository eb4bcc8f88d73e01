package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.spi.AdapterFactory;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;

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

  @Override
  public Optional<Answerer> answerer(LangChain facade, int maxTokens) {
    return Optional.of(new ChainAnswerer(facade.questions(maxTokens)));
  }

  /** A chain whose prompt is the question. */
  private record ChainAnswerer(TextChain chain) implements Answerer {

    @Override
    public String answer(String question) {
      return chain.call(Map.of("question", question));
    }

    @Override
    public Flow.Publisher<String> stream(String question) {
      return chain.stream(Map.of("question", question));
    }
  }
}
