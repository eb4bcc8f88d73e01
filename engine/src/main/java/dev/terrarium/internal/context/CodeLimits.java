package dev.terrarium.internal.context;

import java.time.Duration;

/**
 * The limits of code contexts. Immutable.
 *
 * @param sessions maximum number of code contexts at a time, at least 1
 * @param timeout how long one piece of code may run, without the time of the functions that it
 *     calls; above zero
 * @param maxMessage maximum number of characters of one text that leaves a code context, at least 1
 */
public record CodeLimits(int sessions, Duration timeout, int maxMessage) {

  /** The number of printed characters that are kept of one piece of code. */
  static final int MAX_OUTPUT = 1_000_000;
}
