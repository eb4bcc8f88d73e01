package dev.terrarium.internal.context;

/** What a check of a context found. */
public enum HealthStatus {
  /** All is as it was. */
  SOUND,
  /** Something was broken, and is put back. */
  RESTORED,
  /** Something is broken that cannot be put back. */
  BROKEN
}
