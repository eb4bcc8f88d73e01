package dev.terrarium;

import dev.terrarium.model.ChatResponse;
import java.time.Duration;

/**
 * What one language model did since its Terrarium started. Immutable.
 *
 * @param loading time to load it; zero when it was given loaded
 * @param requests answered requests
 * @param promptTokens read in all of them
 * @param completionTokens written in all of them
 * @param busy the model's own time for all of them
 */
public record ModelStats(
    Duration loading, long requests, long promptTokens, long completionTokens, Duration busy) {

  static ModelStats loaded(Duration loading) {
    return new ModelStats(loading, 0, 0, 0, Duration.ZERO);
  }

  static ModelStats of(ChatResponse response) {
    return new ModelStats(
        Duration.ZERO,
        1,
        response.usage().promptTokens(),
        response.usage().completionTokens(),
        response.time());
  }

  ModelStats plus(ModelStats other) {
    return new ModelStats(
        loading.plus(other.loading),
        requests + other.requests,
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens,
        busy.plus(other.busy));
  }
}
