/** Contexts to borrow and give back. */
@NullMarked
package dev.terrarium.pool;

import org.jspecify.annotations.NullMarked;
