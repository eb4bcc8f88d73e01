package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a caller asks of one call. Immutable. */
public final class CallOptions {

  private static final CallOptions DEFAULTS = new CallOptions(null);

  private final @Nullable Duration deadline;

  private CallOptions(@Nullable Duration deadline) {
    this.deadline = deadline;
  }

  /** No deadline. */
  public static CallOptions ofDefaults() {
    return DEFAULTS;
  }

  /**
   * The call is answered within that time of its start, waiting and loading included: by its
   * result, or by a {@link dev.terrarium.error.CallTimeoutException}. Its Python code is stopped
   * then; a framework that is being loaded for it goes on loading.
   *
   * @throws ConfigurationException when the time is not above zero
   */
  public static CallOptions deadline(Duration deadline) {
    if (!deadline.isPositive()) {
      throw new ConfigurationException("deadline: " + deadline + " is not above zero");
    }
    return new CallOptions(deadline);
  }

  /** The time from the start of the call; empty for as long as it takes. */
  public Optional<Duration> deadline() {
    return Optional.ofNullable(deadline);
  }
}
