package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Programs;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.TypeSpec;
import dev.terrarium.tool.Tools;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The typed facade of LangChain: {@code terrarium.adapter(LangChain.class)}. A chain is {@code
 * prompt | model | parser} of langchain-core on a language model of the JVM. Creating a chain
 * checks it and loads nothing; the chain's first call loads LangChain, or {@link
 * dev.terrarium.Terrarium#prewarm} ahead of that. Thread-safe.
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

  /**
   * Returns a prompt of one user message, with which a chain begins. Variables stand in braces, as
   * in {@code {topic}}.
   */
  public Prompt prompt(String template) {
    return new Prompt(List.of(Map.of("role", "human", "template", template)));
  }

  /** Returns a chain whose prompt is {@code {question}}, for answers of at most so many tokens. */
  TextChain questions(int maxTokens) {
    Map<String, Object> options = Map.of("temperature", 0.0, "max_tokens", maxTokens);
    return prompt("{question}").text(Map.of("parser", "str", "options", options));
  }

  /**
   * Returns the same facade with these options for each call, including the calls of chains that it
   * creates.
   */
  public LangChain with(CallOptions options) {
    return new LangChain(adapter.with(options));
  }

  /** Returns the programs of LangChain, whichever caller created them. */
  public Programs programs() {
    return new Programs(adapter);
  }

  /** A prompt to which further messages can be added; each method returns a new prompt. */
  public final class Prompt {

    private final List<Map<String, Object>> messages;

    private Prompt(List<Map<String, Object>> messages) {
      this.messages = List.copyOf(messages);
    }

    /** Adds a system message before the other messages. */
    public Prompt system(String template) {
      return with(0, Map.of("role", "system", "template", template));
    }

    /**
     * Adds the last messages of the call's session before the user's message: at most {@code last}
     * of them, which is at least 2. When the call succeeds, its question and its answer are added
     * to the session's messages.
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

    /** Returns the chain whose output is the model's text ({@code StrOutputParser}). */
    public TextChain text() {
      return text(Map.of("parser", "str"));
    }

    private TextChain text(Map<String, Object> parser) {
      return new TextChain(adapter, create(parser));
    }

    /**
     * Returns the chain whose output is a record; the model must keep to the record's JSON schema.
     */
    public <O extends Record> Chain<O> as(Class<O> type) {
      Map<String, Object> parser =
          Map.of("parser", "json", "output", TypeSpec.of(type, type.getSimpleName()));
      return new Chain<>(adapter, create(parser), type);
    }

    /**
     * Returns the same prompt with tools that the model may call before it answers ({@code
     * bind_tools}).
     *
     * @throws ConfigurationException when there is no tool
     */
    public ToolPrompt bindTools(Tools tools) {
      if (tools.list().isEmpty()) {
        throw new ConfigurationException("bindTools needs at least one tool");
      }
      return new ToolPrompt(this, tools);
    }

    private String create(Map<String, Object> parser) {
      Map<String, Object> spec = new LinkedHashMap<>(parser);
      spec.put("prompt", messages);
      return programs().define(spec);
    }
  }

  /** A prompt with tools, with which an agent begins. Thread-safe if the tools are. */
  public final class ToolPrompt {

    private final Prompt prompt;
    private final Tools tools;

    private ToolPrompt(Prompt prompt, Tools tools) {
      this.prompt = prompt;
      this.tools = tools;
    }

    /** Returns the agent whose answer is the model's text. */
    public Agent<String> text() {
      return agent(Map.of("parser", "str"), String.class);
    }

    /**
     * Returns the agent whose answer is a record. When the model calls no tool any more, it is
     * asked once more for an answer that keeps to the record's JSON schema.
     */
    public <O extends Record> Agent<O> as(Class<O> type) {
      return agent(
          Map.of("parser", "json", "output", TypeSpec.of(type, type.getSimpleName())), type);
    }

    private <O> Agent<O> agent(Map<String, Object> parser, Class<O> type) {
      Map<String, Object> spec = new LinkedHashMap<>(parser);
      spec.put("tools", tools.definitions());
      return new Agent<>(adapter, prompt.create(spec), type, tools);
    }
  }
}
