package dev.terrarium.error;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a language model cannot be found, loaded or run, because its file is missing,
 * truncated or of another kind, the prompt does not fit, no provider can open it, or its service
 * refuses the request or cannot be reached.
 */
public final class ModelException extends TerrariumException {

  private static final long serialVersionUID = 1;

  /** The reason for which a model failed, as far as the model or its service says it. */
  public enum Kind {
    /** The key is missing or refused, or does not entitle to the model. */
    AUTHENTICATION(false),
    /** The account has no credit left. */
    QUOTA_EXCEEDED(false),
    /** The service has no such model, or the spec names no model of a provider that is there. */
    UNKNOWN_MODEL(false),
    /** The service has got too many requests. */
    RATE_LIMITED(true),
    /** The service cannot be reached, is overloaded, or failed. */
    UNAVAILABLE(true),
    /** The service was silent for longer than the time-out. */
    TIMED_OUT(true),
    /** The connection ended before the answer was complete. */
    CUT_OFF_STREAM(true),
    /** The answer cannot be read, or does not conform to the schema of the request. */
    BAD_RESPONSE(false),
    /** Prompt and answer do not fit into the context window of the model. */
    CONTEXT_LENGTH_EXCEEDED(false),
    /** The service withheld the answer because of its content, or of that of the prompt. */
    CONTENT_FILTERED(false),
    /** The model does not support a part of the request. */
    INVALID_REQUEST(false),
    /** Any other reason. */
    OTHER(false);

    private final boolean retryable;

    Kind(boolean retryable) {
      this.retryable = retryable;
    }

    /** Returns whether the same request may succeed later. */
    public boolean retryable() {
      return retryable;
    }
  }

  private final Kind kind;
  private final @Nullable Duration retryAfter;

  /** Creates an exception of the kind {@link Kind#OTHER}. */
  public ModelException(String message) {
    this(message, null);
  }

  /** Creates an exception of the kind {@link Kind#OTHER}. */
  public ModelException(String message, @Nullable Throwable cause) {
    this(Kind.OTHER, message, cause);
  }

  public ModelException(Kind kind, String message, @Nullable Throwable cause) {
    this(kind, message, null, cause);
  }

  /**
   * Creates an exception.
   *
   * @param retryAfter the time after which the service wants to be asked again; null when it names
   *     none
   */
  public ModelException(
      Kind kind, String message, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  /** Returns the reason for the failure. */
  public Kind kind() {
    return kind;
  }

  /** Returns whether the same request may succeed later. */
  public boolean retryable() {
    return kind.retryable;
  }

  /** Returns the time after which the service wants to be asked again, if it names one. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** Returns the class with the kind, if it is known, and the message. */
  @Override
  @SuppressWarnings("OverrideThrowableToString") // the kind is no part of what the service said
  public String toString() {
    String type = getClass().getName();
    return (kind == Kind.OTHER ? type : type + "[" + kind + "]") + ": " + getMessage();
  }
}
