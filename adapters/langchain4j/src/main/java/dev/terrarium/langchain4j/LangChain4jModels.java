package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.model.LanguageModel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes language and embedding models by LangChain4j: of a spec with options, and of a user's own
 * beans. Thread-safe; so are the models.
 *
 * <p>A model that is made of a spec asks again, with growing waits, when the service is overloaded,
 * cannot be reached or breaks an answer off, unless the caller has a part of the answer already.
 * Beans repeat requests as they are configured.
 */
public final class LangChain4jModels {

  private LangChain4jModels() {}

  /**
   * Returns a language model that asks beans of LangChain4j. Interrupting the thread of a request
   * ends the exchange if the bean's own HTTP client can do that, as the one of the JDK can.
   *
   * @param name the model's name in answers, logs and the configuration
   * @param streaming for streamed answers; null streams each answer as one piece
   */
  public static LanguageModel of(
      String name, ChatModel model, @Nullable StreamingChatModel streaming) {
    return bean(name, new BeanBackend(Objects.requireNonNull(model, "model"), streaming));
  }

  /** Returns a language model that asks a bean of LangChain4j, also for whole answers. */
  public static LanguageModel of(String name, StreamingChatModel streaming) {
    return bean(name, new BeanBackend(null, Objects.requireNonNull(streaming, "streaming")));
  }

  private static LanguageModel bean(String name, Backend backend) {
    return new LangChain4jModel(
        named(name),
        backend,
        Retries.NONE,
        new Secrets(Stream.empty()),
        LangChain4jModel.Options.ALL,
        null);
  }

  /**
   * Returns an embedding model that asks a bean of LangChain4j.
   *
   * @param name the model's name in the configuration
   */
  public static EmbeddingModel embedding(
      String name, dev.langchain4j.model.embedding.EmbeddingModel model) {
    return new LangChain4jEmbeddings(
        named(name),
        Objects.requireNonNull(model, "model"),
        0,
        Retries.NONE,
        new Secrets(Stream.empty()));
  }

  private static String named(String name) {
    if (name.isBlank()) {
      throw new ConfigurationException("name: is blank");
    }
    return name;
  }

  /**
   * Returns a builder of the model of a spec, such as {@code openai:gpt-5-mini}.
   *
   * @throws ModelException when the spec is malformed or names no known provider
   */
  public static Builder custom(String spec) {
    return new Builder(ModelSpec.parse(spec), System::getenv);
  }

  /** Returns a builder as {@link #custom(String)} does, with an environment for tests. */
  static Builder custom(String spec, Map<String, String> environment) {
    return new Builder(ModelSpec.parse(spec), environment::get);
  }

  /** A builder of a model; each option can be given once. Not thread-safe. */
  public static final class Builder {
    private static final int DEFAULT_RETRIES = 2;
    private static final int MOST_RETRIES = 20;
    private static final int MOST_CONCURRENT = 100_000;
    private static final Duration DEFAULT_DELAY = Duration.ofMillis(500);

    private final Set<String> given = new HashSet<>();
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final Function<String, @Nullable String> environment;
    private ModelSpec spec;
    private @Nullable String apiKey;
    private Duration connectTimeout = Connection.Settings.CONNECT_TIMEOUT;
    private Duration timeout = Connection.Settings.TIMEOUT;
    private @Nullable InetSocketAddress proxy;
    private int maxRetries = DEFAULT_RETRIES;
    private Duration retryDelay = DEFAULT_DELAY;
    private @Nullable Boolean nativeSchemas;
    private boolean nativeTools = true;
    private int maxConcurrent;

    private Builder(ModelSpec spec, Function<String, @Nullable String> environment) {
      this.spec = spec;
      this.environment = environment;
    }

    /** Sets the key, which replaces that of the environment. */
    public Builder apiKey(String key) {
      once("apiKey");
      if (key.isBlank()) {
        throw new ConfigurationException("apiKey: is blank");
      }
      apiKey = key;
      return this;
    }

    /**
     * Sets the base URL, which replaces that of the spec.
     *
     * @throws ModelException when the URL is malformed, or has a user, a query or a fragment
     */
    public Builder baseUrl(String url) {
      once("baseUrl");
      spec = spec.withUrl(ModelSpec.checkedUrl("baseUrl", url));
      return this;
    }

    /** Adds a header to each request; its value is shown nowhere. */
    public Builder header(String name, String value) {
      if (headers.put(name, Objects.requireNonNull(value, "value")) != null) {
        throw new ConfigurationException("header " + name + " was given twice");
      }
      return this;
    }

    /** Sets the maximum time for making a connection; 15 s by default. */
    public Builder connectTimeout(Duration time) {
      once("connectTimeout");
      connectTimeout = positive("connectTimeout", time);
      return this;
    }

    /**
     * Sets the maximum time for which the service may be silent, before its answer and within it;
     * two minutes by default. A call's deadline limits the whole.
     */
    public Builder timeout(Duration time) {
      once("timeout");
      timeout = positive("timeout", time);
      return this;
    }

    /** Sets the HTTP proxy; by default the one that the JVM's properties name. */
    public Builder proxy(InetSocketAddress address) {
      once("proxy");
      proxy = Objects.requireNonNull(address, "address");
      return this;
    }

    /** Sets how often a request is repeated that may succeed later; 2 by default, 0 for never. */
    public Builder maxRetries(int count) {
      once("maxRetries");
      if (count < 0 || count > MOST_RETRIES) {
        throw new ConfigurationException(
            "maxRetries: " + count + " is not in 0 to " + MOST_RETRIES);
      }
      maxRetries = count;
      return this;
    }

    /**
     * Sets the wait before the first repetition, which doubles each time; 500 ms by default. A wait
     * that the service names comes first.
     */
    public Builder retryDelay(Duration time) {
      once("retryDelay");
      retryDelay = positive("retryDelay", time);
      return this;
    }

    /**
     * Sets whether the service is asked to hold answers to a schema, where it can; true by default,
     * but false for Bedrock. Older models and some servers cannot: they get the schema as an
     * instruction.
     */
    public Builder nativeSchemas(boolean used) {
      once("nativeSchemas");
      nativeSchemas = used;
      return this;
    }

    /**
     * Sets whether the service gets the tools of a request as such; true by default. Older models
     * and some servers know none: they get the tools as instructions, and a schema of the answer.
     */
    public Builder nativeTools(boolean used) {
      once("nativeTools");
      nativeTools = used;
      return this;
    }

    /**
     * Sets how many requests the model is asked at a time, of all callers; by default as many as
     * there are. Further requests wait in the order in which they came, until their call's deadline
     * passes or their thread is interrupted.
     */
    public Builder maxConcurrent(int requests) {
      once("maxConcurrent");
      if (requests < 1 || requests > MOST_CONCURRENT) {
        throw new ConfigurationException(
            "maxConcurrent: " + requests + " is not in 1 to " + MOST_CONCURRENT);
      }
      maxConcurrent = requests;
      return this;
    }

    private static Duration positive(String name, Duration time) {
      if (!time.isPositive()) {
        throw new ConfigurationException(name + ": " + time + " is not above 0");
      }
      return time;
    }

    private void once(String name) {
      if (!given.add(name)) {
        throw new ConfigurationException(name + " was given twice");
      }
    }

    /**
     * Returns the language model; no request is sent.
     *
     * @throws ModelException when a dependency, the key or the URL is missing
     * @throws ConfigurationException when the key or a header cannot be sent, or Bedrock's region
     *     is missing
     */
    public LanguageModel build() {
      Connection connection = connection();
      LanguageModel model =
          new LangChain4jModel(
              spec.text(),
              connection.backend(),
              new Retries(maxRetries, retryDelay),
              connection.secrets(),
              new LangChain4jModel.Options(
                  Objects.requireNonNullElse(nativeSchemas, spec.provider().nativeSchemas()),
                  nativeTools),
              connection.calls());
      return maxConcurrent == 0 ? model : new LimitedModel(model, maxConcurrent);
    }

    /**
     * Returns the embedding model of the spec, such as {@code openai:text-embedding-3-small}; no
     * request is sent yet. The number of dimensions may take one, when it is first wanted.
     *
     * @throws ModelException as {@link #build}, and when the provider has no embedding models
     */
    public EmbeddingModel buildEmbedding() {
      return embedding(0);
    }

    /**
     * Returns the embedding model of the spec as {@link #buildEmbedding()} does, for which the
     * service is not asked how many dimensions its vectors have.
     *
     * @param dimensions the number of dimensions, at least 1
     */
    public EmbeddingModel buildEmbedding(int dimensions) {
      if (dimensions < 1) {
        throw new ConfigurationException("dimensions: " + dimensions + " is below 1");
      }
      return embedding(dimensions);
    }

    private EmbeddingModel embedding(int dimensions) {
      Connection connection = connection();
      dev.langchain4j.model.embedding.EmbeddingModel client = connection.backend().embedding();
      if (client == null) {
        throw new ModelException(
            Kind.UNKNOWN_MODEL, spec.provider().id() + " has no embedding models by name.", null);
      }
      return new LangChain4jEmbeddings(
          spec.text(),
          client,
          dimensions,
          new Retries(maxRetries, retryDelay),
          connection.secrets());
    }

    private Connection connection() {
      spec.provider().checkPresent(LangChain4jModels.class.getClassLoader());
      return Connection.of(
          spec,
          new Connection.Settings(apiKey, Map.copyOf(headers), connectTimeout, timeout, proxy),
          environment);
    }

    @Override
    public String toString() {
      return "LangChain4jModels.Builder[" + spec.text() + "]";
    }
  }
}
