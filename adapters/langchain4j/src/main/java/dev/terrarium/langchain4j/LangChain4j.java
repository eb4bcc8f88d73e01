package dev.terrarium.langchain4j;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.LanguageModelProvider;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The provider of models that a service runs. A spec is {@code PROVIDER:MODEL}, such as {@code
 * openai:gpt-5-mini}, optionally with {@code @} and the base URL of a server. The providers are
 * {@code openai}, {@code anthropic}, {@code gemini}, {@code mistral}, {@code ollama}, {@code azure}
 * and {@code bedrock}; each needs LangChain4j's module of it on the class path. Thread-safe.
 *
 * <p>Keys come from the environment, and go only to the provider's own URL or the one that the
 * environment names; {@link LangChain4jModels#custom} takes others.
 */
public final class LangChain4j implements LanguageModelProvider {

  /** Creates the provider, as {@link java.util.ServiceLoader} does. */
  public LangChain4j() {}

  @Override
  public String name() {
    return "langchain4j";
  }

  /** Returns whether the spec has the form {@code NAME:...}, and is neither a file nor a URL. */
  @Override
  public boolean supports(String spec) {
    return ModelSpec.looksLikeOne(spec);
  }

  /** Returns false: a model of a service must be named. */
  @Override
  public boolean hasDefault() {
    return false;
  }

  @Override
  public @Nullable String canonical(@Nullable String spec) {
    if (spec == null) {
      return null;
    }
    try {
      return ModelSpec.parse(spec).text();
    } catch (ModelException e) {
      return spec; // opening the model reports what is wrong
    }
  }

  @Override
  public Map<String, String> findings() {
    return findings(System::getenv);
  }

  /** Returns the findings as {@link #findings()} does, for an environment of tests. */
  static Map<String, String> findings(Function<String, @Nullable String> environment) {
    Map<String, String> found = new TreeMap<>();
    for (Provider each : Provider.values()) {
      found.put(each.id(), each.finding(LangChain4j.class.getClassLoader(), environment));
    }
    return found;
  }

  /**
   * Returns the tokenizer of one of OpenAI's models; that of others is not known.
   *
   * @throws ModelException when the spec is malformed or the dependency is missing
   */
  @Override
  public Optional<Tokenizer> tokenizer(@Nullable String spec) {
    if (spec == null) {
      return Optional.empty();
    }
    ModelSpec parsed = ModelSpec.parse(spec);
    if (parsed.provider() != Provider.OPENAI) {
      return Optional.empty();
    }
    parsed.provider().checkPresent(LangChain4j.class.getClassLoader());
    return OpenAiTokenizer.of(parsed.model());
  }

  /**
   * Opens a model; no request is sent.
   *
   * @throws ModelException when the spec is malformed, a dependency or the key is missing, or the
   *     spec is null
   */
  @Override
  public LanguageModel open(@Nullable String spec) {
    if (spec == null) {
      throw new ModelException(
          Kind.UNKNOWN_MODEL,
          "Name the language model of a service, such as openai:gpt-5-mini.",
          null);
    }
    return LangChain4jModels.custom(spec).build();
  }
}
