package dev.terrarium.model;

/** Why an answer ended. */
public enum FinishReason {
  /** The model ended it, or a stop text was met. */
  STOP,
  /** The bound on tokens, or the end of the model's context window, was met. */
  LENGTH
}
