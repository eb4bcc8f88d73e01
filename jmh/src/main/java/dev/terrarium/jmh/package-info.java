/** Benchmarks; never published. */
@NullMarked
package dev.terrarium.jmh;

import org.jspecify.annotations.NullMarked;
