package dev.terrarium.context;

/** What code in a context may do, in ascending order. */
public enum AccessProfile {
  RESTRICTED,
  TRUSTED,
  TRUSTED_NATIVE
}
