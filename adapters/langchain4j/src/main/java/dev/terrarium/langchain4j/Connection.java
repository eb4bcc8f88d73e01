package dev.terrarium.langchain4j;

import dev.langchain4j.http.client.HttpClientBuilder;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The way to a model: its spec, URL, key and time-outs. Immutable; the object shows neither key nor
 * headers.
 */
final class Connection {

  private static final Pattern HEADER_VALUE =
      Pattern.compile("[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?");
  private static final Pattern REGION = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)+");
  private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

  /** What a user may set; null is the default. */
  record Settings(
      @Nullable String key,
      Map<String, String> headers,
      Duration connectTimeout,
      Duration timeout,
      @Nullable InetSocketAddress proxy) {

    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);
    static final Duration TIMEOUT = Duration.ofMinutes(2);

    static Settings ofDefaults() {
      return new Settings(null, Map.of(), CONNECT_TIMEOUT, TIMEOUT, null);
    }

    @Override
    public String toString() {
      return "Settings";
    }
  }

  private final ModelSpec spec;
  private final String url;
  private final @Nullable String region;
  private final boolean providersOwn;
  private final @Nullable String key;
  private final Secrets secrets;
  private final HttpCalls http;

  private Connection(
      ModelSpec spec,
      String url,
      @Nullable String region,
      boolean providersOwn,
      @Nullable String key,
      Settings settings) {
    this.spec = spec;
    this.url = url;
    this.region = region;
    this.providersOwn = providersOwn;
    this.key = key;
    this.secrets =
        new Secrets(Stream.concat(Stream.ofNullable(key), settings.headers().values().stream()));
    this.http = new HttpCalls(spec.text(), headers(spec, key, settings), secrets, settings);
  }

  private static Map<String, String> headers(
      ModelSpec spec, @Nullable String key, Settings settings) {
    Map<String, String> headers = new LinkedHashMap<>();
    if (key != null && spec.provider() == Provider.AZURE) {
      headers.put("api-key", key);
    }
    if (key != null && Set.of(Provider.OLLAMA, Provider.BEDROCK).contains(spec.provider())) {
      headers.put("Authorization", "Bearer " + key);
    }
    headers.putAll(settings.headers());
    return headers;
  }

  /**
   * Returns the connection of a spec. A key from the environment goes only to the provider's own
   * URL, and to the URL in the environment: whoever chooses a spec must not get at the key by it.
   *
   * @throws ModelException when there is no URL or no key
   * @throws ConfigurationException when the key or a header cannot be sent, or a region is missing
   */
  static Connection of(
      ModelSpec spec, Settings settings, Function<String, @Nullable String> environment) {
    Provider provider = spec.provider();
    String given = present(environment, provider.urlVariable());
    String variable = given == null ? null : ModelSpec.checkedUrl(provider.urlVariable(), given);
    String region = provider == Provider.BEDROCK ? region(spec, environment) : null;
    String own = region == null ? provider.url() : Provider.urlOfBedrock(region);
    String url =
        Stream.of(spec.url(), variable, own)
            .filter(Objects::nonNull)
            .findFirst()
            .orElseThrow(
                () ->
                    new ModelException(
                        Kind.UNKNOWN_MODEL,
                        spec.text()
                            + " needs the URL of your resource: write it behind an @, or set "
                            + provider.urlVariable()
                            + ".",
                        null));
    boolean ownUrl = url.equals(own);
    boolean trusted = ownUrl || url.equals(variable);
    String key = settings.key();
    if (key == null && trusted) {
      key = key(provider, environment);
    }
    if (key == null && provider.needsKey(ownUrl, trusted)) {
      throw missingKey(spec, trusted);
    }
    check(key == null ? "" : key, "The key of " + spec.text());
    settings.headers().forEach(Connection::checkHeader);
    String base = provider == Provider.AZURE && !url.endsWith("/v1") ? url + "/openai/v1" : url;
    boolean providersOwn = ownUrl || provider == Provider.AZURE;
    return new Connection(spec, base, region, providersOwn, key, settings);
  }

  private static String region(ModelSpec spec, Function<String, @Nullable String> environment) {
    for (String name : Provider.REGION_VARIABLES) {
      String value = present(environment, name);
      if (value != null) {
        if (!REGION.matcher(value).matches()) {
          throw new ConfigurationException(
              name + ": '" + value + "' is no name of a region, such as eu-central-1");
        }
        return value;
      }
    }
    throw new ConfigurationException(
        spec.text()
            + " needs a region of AWS: set the environment variable "
            + String.join(" or ", Provider.REGION_VARIABLES)
            + ", such as to eu-central-1.");
  }

  private static @Nullable String key(
      Provider provider, Function<String, @Nullable String> environment) {
    for (String name : provider.keyVariables()) {
      String value = present(environment, name);
      if (value != null) {
        check(value, "The key in the environment variable " + name);
        return value;
      }
    }
    return null;
  }

  private static @Nullable String present(
      Function<String, @Nullable String> environment, String name) {
    String value = environment.apply(name);
    return value == null || value.isBlank() ? null : value;
  }

  private static ModelException missingKey(ModelSpec spec, boolean trusted) {
    String variables = String.join(" or ", spec.provider().keyVariables());
    return new ModelException(
        Kind.AUTHENTICATION,
        spec.text()
            + " needs a key: "
            + (trusted
                ? "set the environment variable " + variables + ", or give it"
                : "the one in the environment ("
                    + variables
                    + ") goes only to the provider's own URL and to that in "
                    + spec.provider().urlVariable()
                    + "; give this URL's")
            + " by LangChain4jModels.custom(spec).apiKey(key).",
        null);
  }

  private static void checkHeader(String name, String value) {
    if (!HEADER_NAME.matcher(name).matches()) {
      throw new ConfigurationException("headers: '" + name + "' is no name of a header");
    }
    check(value, "The value of the header " + name);
  }

  private static void check(String value, String what) {
    if (!value.isEmpty() && !HEADER_VALUE.matcher(value).matches()) {
      throw new ConfigurationException(
          what + " has a blank at an end or a character that HTTP cannot send.");
    }
  }

  /** Returns the clients of the provider. */
  Backend backend() {
    return switch (spec.provider()) {
      case OPENAI -> new OpenAiBackend(this);
      case ANTHROPIC -> new AnthropicBackend(this);
      case GEMINI -> new GeminiBackend(this);
      case MISTRAL -> new MistralBackend(this);
      case OLLAMA -> new OllamaBackend(this);
      case AZURE -> new OpenAiBackend(this);
      case BEDROCK -> new BedrockBackend(this);
    };
  }

  /** Returns the spec as a text, by which messages name the model. */
  String name() {
    return spec.text();
  }

  /** Returns the name of the model at the service. */
  String model() {
    return spec.model();
  }

  String url() {
    return url;
  }

  /** Returns the region of AWS; null for other services. */
  @Nullable String region() {
    return region;
  }

  Provider provider() {
    return spec.provider();
  }

  /** Returns whether the URL is that of the provider itself, not of a server like it. */
  boolean isProvidersOwn() {
    return providersOwn;
  }

  /** Returns the key for clients that send it themselves; null without one. */
  @Nullable String key() {
    return spec.provider() == Provider.AZURE ? null : key;
  }

  Secrets secrets() {
    return secrets;
  }

  /** Returns the builder by which LangChain4j gets the client of {@link #calls}. */
  HttpClientBuilder http() {
    return http.builder();
  }

  /** Returns the HTTP client, which the caller closes with the model. */
  HttpCalls calls() {
    return http;
  }

  @Override
  public String toString() {
    return "Connection[" + spec.text() + "]";
  }
}
