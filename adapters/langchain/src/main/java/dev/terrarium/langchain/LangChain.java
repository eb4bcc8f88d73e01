package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Programs;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.TypeSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * LangChain: {@code terrarium.adapter(LangChain.class)}. A chain is {@code prompt | model | parser}
 * of langchain-core on a language model of the JVM. Making one checks it and loads nothing; its
 * first call loads LangChain, or {@link dev.terrarium.Terrarium#prewarm} ahead of it. Thread-safe.
 *
 * <pre>{@code
 * Chain<String> chain = langchain.prompt("Name a {kind}.").text();
 * String answer = chain.call(Map.of("kind", "primary colour"));
 * }</pre>
 */
public final class LangChain {

  private final Adapter adapter;

  LangChain(Adapter adapter) {
    this.adapter = adapter;
  }

  /** Begins a chain with one user message. Variables stand in braces, as in {@code {topic}}. */
  public Prompt prompt(String template) {
    return new Prompt(List.of(Map.of("role", "human", "template", template)));
  }

  /** Returns the same with these options for each call, of chains that it makes too. */
  public LangChain with(CallOptions options) {
    return new LangChain(adapter.with(options));
  }

  /** Returns the programs of LangChain that there are, whoever made them. */
  public Programs programs() {
    return new Programs(adapter);
  }

  /** A prompt to which further messages can be added; each method returns a new one. */
  public final class Prompt {

    private final List<Map<String, Object>> messages;

    private Prompt(List<Map<String, Object>> messages) {
      this.messages = List.copyOf(messages);
    }

    /** Puts a system message before the others. */
    public Prompt system(String template) {
      return with(0, Map.of("role", "system", "template", template));
    }

    /**
     * Puts the last messages of the call's session before the user's, so many at most and at least
     * 2. When the call succeeds, what it asked and the answer are added to them.
     *
     * @see Chain#with
     */
    public Prompt history(int last) {
      return with(messages.size() - 1, Map.of("role", "history", "last", last));
    }

    private Prompt with(int place, Map<String, Object> message) {
      List<Map<String, Object>> all = new ArrayList<>(messages);
      all.add(place, message);
      return new Prompt(all);
    }

    /** The chain that answers with the model's text ({@code StrOutputParser}). */
    public TextChain text() {
      return new TextChain(adapter, create(Map.of("parser", "str")));
    }

    /** The chain that answers with a record; the model is held to its JSON schema. */
    public <O extends Record> Chain<O> as(Class<O> type) {
      Map<String, Object> parser =
          Map.of("parser", "json", "output", TypeSpec.of(type, type.getSimpleName()));
      return new Chain<>(adapter, create(parser), type);
    }

    private String create(Map<String, Object> parser) {
      Map<String, Object> spec = new LinkedHashMap<>(parser);
      spec.put("prompt", messages);
      Object defined = adapter.call("define_program", Map.of("spec", spec));
      if (defined instanceof Map<?, ?> map && map.get("program") instanceof String id) {
        return id;
      }
      throw new ConversionException("define_program", "expected a dict, found " + defined);
    }
  }
}
