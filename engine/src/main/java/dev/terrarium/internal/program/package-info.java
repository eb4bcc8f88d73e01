/** Programs as specs: what any context can build on first use. */
@NullMarked
package dev.terrarium.internal.program;

import org.jspecify.annotations.NullMarked;
