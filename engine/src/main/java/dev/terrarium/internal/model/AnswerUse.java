package dev.terrarium.internal.model;

import dev.terrarium.error.ConversionException;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The use that one request makes of the cache of answers. Immutable. It holds for the work that a
 * thread does in {@link #call}.
 *
 * @param cached whether the answer may come from the cache, and is kept in it
 * @param rollout tells apart equal requests that want answers of their own; null for none
 */
record AnswerUse(boolean cached, @Nullable String rollout) {

  private static final AnswerUse NORMAL = new AnswerUse(true, null);
  private static final ScopedValue<AnswerUse> CURRENT = ScopedValue.newInstance();

  /** Returns the use that this thread's request makes: by default cached, without a rollout. */
  static AnswerUse current() {
    return CURRENT.orElse(NORMAL);
  }

  /**
   * Returns the use that the members {@code cache} and {@code rollout} of a request ask for.
   *
   * @throws ConversionException when one of them has a wrong type
   */
  static AnswerUse of(Map<?, ?> request) {
    Object cached = request.get("cache");
    Object rollout = request.get("rollout");
    if (cached == null && rollout == null) {
      return NORMAL;
    }
    if (cached != null && !(cached instanceof Boolean)) {
      throw new ConversionException("request.cache", "expected True, False or None");
    }
    return new AnswerUse(
        !Boolean.FALSE.equals(cached), rollout == null ? null : String.valueOf(rollout));
  }

  /** Runs a request with this use. */
  <T> T call(Supplier<T> request) {
    return ScopedValue.where(CURRENT, this).call(request::get);
  }
}
