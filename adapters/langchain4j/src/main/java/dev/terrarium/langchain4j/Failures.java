package dev.terrarium.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.ContentFilteredException;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.exception.UnresolvedModelServerException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.error.TerrariumException;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Translates the failures of services and clients to {@link ModelException}. Stateless. */
final class Failures {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_MESSAGE = 500;

  private static final int UNAUTHORIZED = 401;
  private static final int PAYMENT_REQUIRED = 402;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int TOO_LARGE = 413;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int SERVER_ERROR = 500;
  private static final int BAD_REQUEST = 400;
  private static final int FAILED_DEPENDENCY = 424;
  private static final int OVERLOADED = 529;

  /** The header in which AWS names an error. */
  private static final String TYPE = "x-amzn-errortype";

  /** The words by which services name an error within a stream, with the status that they mean. */
  private static final Map<String, Integer> STATUS_OF_TYPE =
      Map.of(
          "authentication_error", UNAUTHORIZED,
          "permission_error", FORBIDDEN,
          "billing_error", PAYMENT_REQUIRED,
          "not_found_error", NOT_FOUND,
          "request_too_large", TOO_LARGE,
          "rate_limit_error", TOO_MANY_REQUESTS,
          "rate_limit_exceeded", TOO_MANY_REQUESTS,
          "invalid_request_error", BAD_REQUEST,
          "timeout_error", REQUEST_TIMEOUT,
          "overloaded_error", OVERLOADED);

  private static final List<String> QUOTA =
      List.of(
          "insufficient_quota",
          "credit balance is too low",
          "insufficient balance",
          "servicequotaexceededexception");
  private static final List<String> CONTEXT =
      List.of(
          "context_length_exceeded",
          "maximum context length",
          "context length",
          "context window",
          "context size",
          "prompt is too long",
          "too large for model",
          "exceeds the maximum number of tokens",
          "input is too long",
          "number of input tokens exceeds",
          "too many input tokens");
  private static final List<String> FILTER =
      List.of(
          "content_filter",
          "content_policy_violation",
          "content management policy",
          "content filtering policy");

  /**
   * The ways in which a withheld answer looks like a success. The quotation marks of texts within
   * JSON are escaped, so that no answer's own text has them.
   */
  private static final Pattern WITHHELD =
      Pattern.compile("\"blockReason\"\\s*:\\s*\"|\"stop_reason\"\\s*:\\s*\"refusal\"");

  private static final List<String> KEY =
      List.of("api key not valid", "api_key_invalid", "invalid_api_key");
  private static final List<String> MODEL =
      List.of("model_not_found", "invalid_model", "invalid model", "model identifier is invalid");

  private Failures() {}

  /** Returns the exception for a status other than that of success. */
  static ModelException ofStatus(
      String name, int status, HttpHeaders headers, String body, Secrets secrets) {
    Kind kind = kind(status, headers.firstValue(TYPE).orElse("") + body);
    Duration retryAfter = retryAfter(headers, Instant.now());
    String message = message(json(body), body, secrets);
    return new ModelException(
        kind,
        "The service of the language model "
            + name
            + " answered with status "
            + status
            + (message.isEmpty() ? "." : ": " + message)
            + (retryAfter == null ? "" : " (to be asked again after " + retryAfter + ")"),
        retryAfter,
        null);
  }

  private static Kind kind(int status, String body) {
    String text = body.toLowerCase(Locale.ROOT);
    if (status == PAYMENT_REQUIRED || contains(text, QUOTA)) {
      return Kind.QUOTA_EXCEEDED;
    }
    return switch (status) {
      case UNAUTHORIZED, FORBIDDEN -> Kind.AUTHENTICATION;
      case NOT_FOUND -> Kind.UNKNOWN_MODEL;
      case REQUEST_TIMEOUT -> Kind.TIMED_OUT;
      case TOO_LARGE -> Kind.CONTEXT_LENGTH_EXCEEDED;
      case TOO_MANY_REQUESTS -> Kind.RATE_LIMITED;
      default -> kindByText(status, text);
    };
  }

  private static Kind kindByText(int status, String text) {
    if (contains(text, CONTEXT)) {
      return Kind.CONTEXT_LENGTH_EXCEEDED;
    }
    if (status >= SERVER_ERROR || status == FAILED_DEPENDENCY) { // the model of Bedrock failed
      return Kind.UNAVAILABLE;
    }
    if (status < BAD_REQUEST) {
      return Kind.BAD_RESPONSE; // a redirection, which is not followed with a key
    }
    if (contains(text, FILTER)) {
      return Kind.CONTENT_FILTERED;
    }
    if (contains(text, KEY)) {
      return Kind.AUTHENTICATION;
    }
    boolean noModel = text.contains("model") && text.contains("does not exist");
    return noModel || contains(text, MODEL) ? Kind.UNKNOWN_MODEL : Kind.INVALID_REQUEST;
  }

  private static boolean contains(String text, List<String> words) {
    return words.stream().anyMatch(text::contains);
  }

  /** Returns the time for which a service wants to be left alone; null when it names none. */
  static @Nullable Duration retryAfter(HttpHeaders headers, Instant now) {
    String millis = headers.firstValue("retry-after-ms").orElse("");
    String value = headers.firstValue("retry-after").orElse("").strip();
    try {
      if (!millis.isBlank()) {
        return notNegative(Duration.ofNanos((long) (Double.parseDouble(millis) * 1e6)));
      }
      if (value.isEmpty()) {
        return null;
      }
      if (Character.isDigit(value.charAt(0))) {
        return notNegative(Duration.ofMillis((long) (Double.parseDouble(value) * 1e3)));
      }
      ZonedDateTime when = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
      return notNegative(Duration.between(now, when.toInstant()));
    } catch (NumberFormatException | DateTimeException e) {
      return null; // the wait is then that of the policy
    }
  }

  private static Duration notNegative(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  /** Returns the exception for an error that came as an event of a stream. */
  static ModelException inStream(String name, JsonNode event, String data, Secrets secrets) {
    JsonNode error = event.hasNonNull("error") ? event.get("error") : event;
    String type = error.path("type").asText(error.path("code").asText(""));
    int code = error.path("code").asInt(error.path("status").asInt(0));
    int status = STATUS_OF_TYPE.getOrDefault(type, code >= BAD_REQUEST ? code : SERVER_ERROR);
    return new ModelException(
        kind(status, data),
        "The service of the language model "
            + name
            + " reported an error in its answer: "
            + message(event, data, secrets),
        null);
  }

  /** Returns the exception for a service that gave no answer at all. */
  static ModelException notReached(String name, Duration timeout, IOException e, Secrets secrets) {
    if (e instanceof HttpTimeoutException && !isConnectTimeout(e)) {
      return timedOut(name, timeout, e);
    }
    return new ModelException(
        Kind.UNAVAILABLE,
        "The service of the language model " + name + " cannot be reached: " + reason(e, secrets),
        secrets.cause(e));
  }

  private static boolean isConnectTimeout(IOException e) {
    return e instanceof java.net.http.HttpConnectTimeoutException;
  }

  private static ModelException timedOut(String name, Duration timeout, Throwable e) {
    return new ModelException(
        Kind.TIMED_OUT,
        "The service of the language model " + name + " was silent for " + timeout + ".",
        e);
  }

  /** Returns the exception for an answer that broke off. */
  static ModelException cutOff(
      String name, Duration timeout, @Nullable Throwable e, Secrets secrets) {
    if (e instanceof HttpTimeoutException) {
      return timedOut(name, timeout, e);
    }
    return new ModelException(
        Kind.CUT_OFF_STREAM,
        "The answer of the language model "
            + name
            + " broke off before its end"
            + (e == null ? "." : ": " + reason(e, secrets)),
        e == null ? null : secrets.cause(e));
  }

  /** Returns the exception for an answer that cannot be read. */
  static ModelException unreadable(String name, Throwable e, Secrets secrets) {
    return new ModelException(
        Kind.BAD_RESPONSE,
        "The answer of the language model " + name + " cannot be read: " + reason(e, secrets),
        secrets.cause(e));
  }

  /** Returns the exception for an answer that cannot be read for a reason, without a full stop. */
  static ModelException unreadable(String name, String reason) {
    return new ModelException(
        Kind.BAD_RESPONSE,
        "The answer of the language model " + name + " cannot be read: " + reason + ".",
        null);
  }

  /** Returns whether JSON of a service says that it withholds the answer. */
  static boolean isWithheld(String json) {
    return WITHHELD.matcher(json).find();
  }

  /** Returns the exception for a request, or a part of one, that the model does not take. */
  static ModelException refused(String message) {
    return new ModelException(Kind.INVALID_REQUEST, message, null);
  }

  /** Returns the exception for an answer that the service withholds because of its content. */
  static ModelException withheld(String name) {
    return new ModelException(
        Kind.CONTENT_FILTERED,
        "The service of the language model " + name + " withheld the answer.",
        null);
  }

  static ModelException closed(String name) {
    return new ModelException("The language model " + name + " was closed.");
  }

  /**
   * Returns what the caller gets for something that a client of LangChain4j threw: the exception of
   * Terrarium that it wraps, or a translation.
   */
  static RuntimeException of(String name, Throwable thrown, Secrets secrets) {
    Throwable each = thrown;
    for (int depth = 0; each != null && depth < 20; depth++) {
      if (each instanceof TerrariumException known) {
        return known;
      }
      if (each instanceof InterruptedException
          || each instanceof java.nio.channels.ClosedByInterruptException) {
        Thread.currentThread().interrupt();
        return new CallInterruptedException(HttpCalls.INTERRUPTED, thrown);
      }
      if (each instanceof HttpException http) {
        HttpHeaders unknown = HttpHeaders.of(Map.of(), (header, value) -> true);
        return ofStatus(
            name, http.statusCode(), unknown, String.valueOf(http.getMessage()), secrets);
      }
      each = each.getCause();
    }
    return new ModelException(
        kind(thrown),
        "The language model " + name + " failed: " + reason(thrown, secrets),
        secrets.cause(thrown));
  }

  private static Kind kind(Throwable thrown) {
    return switch (thrown) {
      case AuthenticationException _ -> Kind.AUTHENTICATION;
      case ModelNotFoundException _ -> Kind.UNKNOWN_MODEL;
      case RateLimitException _ -> Kind.RATE_LIMITED;
      case TimeoutException _ -> Kind.TIMED_OUT;
      case InternalServerException e -> e.getCause() == null ? Kind.BAD_RESPONSE : Kind.UNAVAILABLE;
      case UnresolvedModelServerException _ -> Kind.UNAVAILABLE;
      case ContentFilteredException _ -> Kind.CONTENT_FILTERED;
      case InvalidRequestException e -> kindByText(BAD_REQUEST, lower(e));
      case UnsupportedFeatureException _ -> Kind.INVALID_REQUEST;
      case IllegalArgumentException _ -> Kind.INVALID_REQUEST;
      case NullPointerException _ -> Kind.BAD_RESPONSE;
      case IndexOutOfBoundsException _ -> Kind.BAD_RESPONSE;
      default -> kindOfCause(thrown);
    };
  }

  private static Kind kindOfCause(Throwable thrown) {
    Throwable cause = thrown.getCause();
    if (cause instanceof JsonProcessingException) {
      return Kind.BAD_RESPONSE;
    }
    return cause instanceof IOException ? Kind.UNAVAILABLE : Kind.OTHER;
  }

  private static String lower(Throwable e) {
    return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
  }

  private static String reason(Throwable e, Secrets secrets) {
    Throwable shown = e.getMessage() == null && e.getCause() != null ? e.getCause() : e;
    String message = shown.getMessage();
    return message == null || message.isBlank()
        ? shown.getClass().getSimpleName()
        : shown.getClass().getSimpleName() + ": " + oneLine(secrets.hide(message));
  }

  /** Returns a text as JSON; a missing node when it is none. */
  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  /** Returns what a service says in the body of an error, in one line. */
  private static String message(JsonNode body, String text, Secrets secrets) {
    JsonNode first = body.isArray() ? body.path(0) : body;
    for (JsonNode each :
        List.of(
            first.path("error").path("message"),
            first.path("error"),
            first.path("message"),
            first.path("Message"),
            first.path("detail"))) {
      if (each.isTextual() && !each.asText().isBlank()) {
        return oneLine(secrets.hide(each.asText()));
      }
    }
    return oneLine(secrets.hide(text));
  }

  private static String oneLine(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "...";
  }
}
