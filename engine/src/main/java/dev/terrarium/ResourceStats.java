package dev.terrarium;

import dev.terrarium.internal.resource.ResourcePool;

/**
 * Figures of one kind of resource in a {@link ResourcePool} at one moment. Immutable.
 *
 * @param there those that there are, in use or not, or being made
 * @param inUse of them, those that somebody uses, makes or checks
 * @param hits times that one was used again, or by one more, since the start
 * @param made since the start
 * @param failed attempts to make one since the start
 * @param closed since the start: unfit, too old, in another's way, or with the pool
 */
public record ResourceStats(int there, int inUse, long hits, long made, long failed, long closed) {

  static final ResourceStats HIT = new ResourceStats(0, 0, 1, 0, 0, 0);
  static final ResourceStats MADE = new ResourceStats(0, 0, 0, 1, 0, 0);
  static final ResourceStats FAILED = new ResourceStats(0, 0, 0, 0, 1, 0);
  static final ResourceStats CLOSED = new ResourceStats(0, 0, 0, 0, 0, 1);

  ResourceStats plus(ResourceStats other) {
    return new ResourceStats(
        there + other.there,
        inUse + other.inUse,
        hits + other.hits,
        made + other.made,
        failed + other.failed,
        closed + other.closed);
  }
}
