package dev.terrarium.langchain4j;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A service of language models that a spec can name, with what its clients need. */
enum Provider {
  OPENAI(
      "langchain4j-open-ai",
      "openai.OpenAiChatModel",
      "https://api.openai.com/v1",
      "OPENAI_BASE_URL",
      "OPENAI_API_KEY"),
  ANTHROPIC(
      "langchain4j-anthropic",
      "anthropic.AnthropicChatModel",
      "https://api.anthropic.com/v1",
      "ANTHROPIC_BASE_URL",
      "ANTHROPIC_API_KEY"),
  GEMINI(
      "langchain4j-google-ai-gemini",
      "googleai.GoogleAiGeminiChatModel",
      "https://generativelanguage.googleapis.com/v1beta",
      "GEMINI_BASE_URL",
      "GEMINI_API_KEY GOOGLE_API_KEY"),
  MISTRAL(
      "langchain4j-mistral-ai",
      "mistralai.MistralAiChatModel",
      "https://api.mistral.ai/v1",
      "MISTRAL_BASE_URL",
      "MISTRAL_API_KEY"),
  OLLAMA(
      "langchain4j-ollama",
      "ollama.OllamaChatModel",
      "http://localhost:11434",
      "OLLAMA_BASE_URL",
      ""),
  /** Azure OpenAI by its v1 interface, which is that of OpenAI but for the header of the key. */
  AZURE(
      "langchain4j-open-ai",
      "openai.OpenAiChatModel",
      null,
      "AZURE_OPENAI_ENDPOINT",
      "AZURE_OPENAI_API_KEY"),
  /** Amazon Bedrock, with a URL for each region of AWS. */
  BEDROCK(
      "langchain4j-bedrock",
      "bedrock.BedrockChatModel",
      null,
      "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
      "AWS_BEARER_TOKEN_BEDROCK");

  /** The version of LangChain4j with which this module is tested. */
  static final String VERSION = "1.16.3";

  /** The names of the environment variables that may have the region of AWS. */
  static final List<String> REGION_VARIABLES = List.of("AWS_REGION", "AWS_DEFAULT_REGION");

  /** The names of the environment variables by which the AWS SDK may find credentials. */
  private static final List<String> CREDENTIALS = List.of("AWS_ACCESS_KEY_ID", "AWS_PROFILE");

  private final String artifact;
  private final String client;
  private final @Nullable String url;
  private final String urlVariable;
  private final String keyVariables;

  Provider(
      String artifact,
      String client,
      @Nullable String url,
      String urlVariable,
      String keyVariables) {
    this.artifact = artifact;
    this.client = "dev.langchain4j.model." + client;
    this.url = url;
    this.urlVariable = urlVariable;
    this.keyVariables = keyVariables;
  }

  /** Returns the name that stands before the colon of a spec. */
  String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the URL of the service itself, or null when each account or region has its own. */
  @Nullable String url() {
    return url;
  }

  static String urlOfBedrock(String region) {
    return "https://bedrock-runtime." + region + ".amazonaws.com";
  }

  /** Returns the name of the environment variable that replaces {@link #url}. */
  String urlVariable() {
    return urlVariable;
  }

  /** Returns the names of the environment variables that may have the key; the first one counts. */
  List<String> keyVariables() {
    return Arrays.stream(keyVariables.split(" ", -1)).filter(name -> !name.isEmpty()).toList();
  }

  /**
   * Returns whether a client of the service cannot be made without a key.
   *
   * @param ownUrl whether the URL is the provider's own one
   * @param trusted whether the URL is the provider's own one or that of the environment, to which
   *     credentials of the environment may go
   */
  boolean needsKey(boolean ownUrl, boolean trusted) {
    return switch (this) {
      case OLLAMA -> false;
      case OPENAI, GEMINI -> ownUrl;
      case BEDROCK -> !trusted; // else the AWS SDK looks for credentials
      case ANTHROPIC, MISTRAL, AZURE -> true;
    };
  }

  /** Returns whether the service is asked to hold answers to a schema unless the user says so. */
  boolean nativeSchemas() {
    return this != BEDROCK; // many of its models refuse requests with a schema
  }

  /**
   * Checks that the class path has the clients of this service.
   *
   * @throws ModelException naming the dependency to add
   */
  void checkPresent(ClassLoader loader) {
    try {
      Class.forName(client, false, loader);
    } catch (ClassNotFoundException e) {
      throw new ModelException(
          "Language models of "
              + id()
              + " need another dependency: add dev.langchain4j:"
              + artifact
              + ":"
              + VERSION
              + ".",
          e);
    }
  }

  /**
   * Returns what there is of the clients, the key and the URL, in words; the value of no variable.
   */
  String finding(ClassLoader loader, Function<String, @Nullable String> environment) {
    try {
      checkPresent(loader);
    } catch (ModelException e) {
      return "missing; add dev.langchain4j:" + artifact + ":" + VERSION;
    }
    StringBuilder found = new StringBuilder();
    if (keyVariables().isEmpty()) {
      found.append("needs no key");
    } else {
      found.append(
          firstSet(keyVariables(), environment)
              .map(name -> "key in " + name)
              .orElseGet(() -> missingKey(environment)));
    }
    if (this == BEDROCK) {
      found.append(
          firstSet(REGION_VARIABLES, environment)
              .map(name -> ", region in " + name)
              .orElse(", no region; set " + String.join(" or ", REGION_VARIABLES)));
    }
    if (isSet(environment, urlVariable)) {
      found.append(", URL in ").append(urlVariable);
    } else if (url == null && this != BEDROCK) {
      found.append(", no URL; set ").append(urlVariable);
    }
    return found.toString();
  }

  private String missingKey(Function<String, @Nullable String> environment) {
    String missing = "no key; set " + String.join(" or ", keyVariables());
    if (this != BEDROCK) {
      return missing;
    }
    return firstSet(CREDENTIALS, environment)
        .map(name -> "credentials by " + name)
        .orElse(missing + ", unless the AWS SDK finds credentials in a profile or a role");
  }

  private static Optional<String> firstSet(
      List<String> names, Function<String, @Nullable String> environment) {
    return names.stream().filter(name -> isSet(environment, name)).findFirst();
  }

  private static boolean isSet(Function<String, @Nullable String> environment, String name) {
    String value = environment.apply(name);
    return value != null && !value.isBlank();
  }

  /** Returns the provider of a name, if there is one. */
  static Optional<Provider> of(String id) {
    return Arrays.stream(values()).filter(each -> each.id().equals(id)).findFirst();
  }

  /** Returns the exception for a name that no provider has. */
  static ModelException unknown(String id) {
    Optional<String> meant =
        Arrays.stream(values())
            .map(Provider::id)
            .min(Comparator.comparingInt(known -> edits(id, known)))
            .filter(known -> 3 * edits(id, known) <= Math.max(id.length(), known.length()));
    return new ModelException(
        Kind.UNKNOWN_MODEL,
        "There is no provider '"
            + id
            + "' of language models"
            + meant.map(known -> "; did you mean '" + known + "'?").orElse(".")
            + " Known: "
            + Arrays.stream(values()).map(Provider::id).sorted().collect(Collectors.joining(", "))
            + ".",
        null);
  }

  /** Returns Levenshtein's distance: insertions, deletions and replacements of characters. */
  private static int edits(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j <= other.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[other.length()];
  }
}
