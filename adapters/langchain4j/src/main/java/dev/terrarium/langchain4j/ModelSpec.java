package dev.terrarium.langchain4j;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The spec of a model, {@code PROVIDER:MODEL} or {@code PROVIDER:MODEL@URL}. Immutable. A URL that
 * could hold a secret is refused, so that a spec can be shown anywhere.
 *
 * @param url the base URL without a slash at its end; null for the provider's own
 */
record ModelSpec(Provider provider, String model, @Nullable String url) {

  private static final Pattern SPEC = Pattern.compile("([A-Za-z][A-Za-z0-9_.+-]+):(.*)");
  private static final Pattern URL_MARK =
      Pattern.compile("@(?=https?://)", Pattern.CASE_INSENSITIVE);
  private static final Pattern OTHER_URL =
      Pattern.compile(".*://.*|[^/]*:\\d+(/.*)?|[^:]*/.*|localhost.*|");
  private static final Pattern MODEL = Pattern.compile("(?!.*\\.\\.)[A-Za-z0-9@._:/+~-]+");
  private static final int MOST_PORT = 65535;

  /** Returns whether a text looks like the spec of a service's model, whoever provides it. */
  static boolean looksLikeOne(String spec) {
    Matcher parts = SPEC.matcher(spec);
    return parts.matches()
        && (Provider.of(parts.group(1)).isPresent()
            || !(spec.endsWith(".gguf") || parts.group(2).startsWith("/")));
  }

  /**
   * Parses a spec.
   *
   * @throws ModelException naming what is wrong
   */
  static ModelSpec parse(String spec) {
    Matcher parts = SPEC.matcher(spec);
    if (!parts.matches()) {
      throw new ModelException(
          Kind.UNKNOWN_MODEL,
          "A language model of a service is named by PROVIDER:MODEL, such as openai:gpt-5-mini,"
              + " optionally with @ and a URL.",
          null);
    }
    Provider provider =
        Provider.of(parts.group(1)).orElseThrow(() -> Provider.unknown(parts.group(1)));
    String rest = parts.group(2);
    Matcher mark = URL_MARK.matcher(rest);
    boolean hasUrl = mark.find();
    String model = hasUrl ? rest.substring(0, mark.start()) : rest;
    String shown = provider.id() + ":" + model;
    int last = model.lastIndexOf('@');
    if (!hasUrl && last > 0 && OTHER_URL.matcher(model.substring(last + 1)).matches()) {
      throw malformed(
          provider.id() + ":" + model.substring(0, last), "it must begin with http:// or https://");
    }
    if (!MODEL.matcher(model).matches()) {
      throw new ModelException(
          Kind.UNKNOWN_MODEL,
          model.isEmpty()
              ? "'" + shown + "' names no model: write it behind the colon."
              : "The name of the model in the spec of "
                  + provider.id()
                  + " has a character that no name has: "
                  + Optional.of(model.replaceFirst("^[A-Za-z0-9@._:/+~-]*", ""))
                      .filter(wrong -> !wrong.isEmpty())
                      .map(wrong -> String.format("U+%04X", wrong.codePointAt(0)))
                      .orElse("..")
                  + ".",
          null);
    }
    return new ModelSpec(
        provider, model, hasUrl ? checkedUrl(shown, rest.substring(mark.end())) : null);
  }

  /**
   * Returns a base URL without a slash at its end.
   *
   * @param shown what has the URL, for messages, which never show the URL itself
   * @throws ModelException when the URL is malformed, or has a part that could hold a secret
   */
  static String checkedUrl(String shown, String text) {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw malformed(shown, e.getReason() + " at character " + (e.getIndex() + 1));
    }
    String scheme = url.getScheme();
    if (!"http".equalsIgnoreCase(scheme) && !"https".equalsIgnoreCase(scheme)) {
      throw malformed(shown, "it must begin with http:// or https://");
    }
    String authority = url.getRawAuthority();
    if (url.getRawUserInfo() != null || (authority != null && authority.contains("@"))) {
      throw malformed(shown, "it must not hold a user or a password; give the key apart");
    }
    if (url.getHost() == null || url.getPort() > MOST_PORT) {
      throw malformed(shown, "it needs a host, and a port up to " + MOST_PORT);
    }
    if (url.getRawQuery() != null || url.getRawFragment() != null) {
      throw malformed(shown, "it must end with a path, without ? and #");
    }
    return url.toString().replaceFirst("/+$", "");
  }

  private static ModelException malformed(String shown, String reason) {
    return new ModelException(
        Kind.UNKNOWN_MODEL, "The URL of " + shown + " is malformed: " + reason + ".", null);
  }

  /** Returns the spec as a text, by which the model is known. */
  String text() {
    return provider.id() + ":" + model + (url == null ? "" : "@" + url);
  }

  /** Returns the spec with a base URL, in place of its own one. */
  ModelSpec withUrl(String checked) {
    return new ModelSpec(provider, model, checked);
  }
}
