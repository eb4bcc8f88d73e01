package dev.terrarium;

import java.util.Locale;

/**
 * When a framework's modules make the imports that stand at their top. Immutable.
 *
 * <p>It counts for what a context loads from then on: one that another {@code Terrarium} of the
 * process used before keeps what that loaded.
 */
public enum Imports {
  /**
   * At the first use of what they bind, in those frameworks whose packages were compiled for that,
   * and so their pydantic models are built; a framework loads faster, and what a call is the first
   * to use is loaded by that call.
   */
  LAZY,

  /** At once, as upstream wrote them. */
  EAGER;

  /** The value as configuration writes it, such as {@code lazy}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
