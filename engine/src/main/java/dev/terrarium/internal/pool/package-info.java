/** Contexts to borrow and give back. */
@NullMarked
package dev.terrarium.internal.pool;

import org.jspecify.annotations.NullMarked;
