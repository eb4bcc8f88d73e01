/** Contains the ways to call: calls, batches, streams and futures. */
@NullMarked
package dev.terrarium.internal.call;

import org.jspecify.annotations.NullMarked;
