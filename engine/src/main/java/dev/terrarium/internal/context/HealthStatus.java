package dev.terrarium.internal.context;

/** The result of a check of a context. */
public enum HealthStatus {
  /** Nothing was changed. */
  SOUND,
  /** Something was broken, and was restored. */
  RESTORED,
  /** Something is broken and cannot be restored. */
  BROKEN
}
