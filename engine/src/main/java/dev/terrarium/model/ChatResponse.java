package dev.terrarium.model;

import java.time.Duration;

/**
 * A language model's answer. Immutable.
 *
 * @param time what the model itself took, without waiting for its turn
 */
public record ChatResponse(
    String text, FinishReason finishReason, TokenUsage usage, Duration time) {}
