/** Contains the registry of programs, which any context can build on first use. */
@NullMarked
package dev.terrarium.internal.program;

import org.jspecify.annotations.NullMarked;
