/** What stands before the pool: who is let in to a framework, and when one that fails is left. */
@NullMarked
package dev.terrarium.internal.admission;

import org.jspecify.annotations.NullMarked;
