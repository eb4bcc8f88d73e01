/** Contains what an adapter implements or shares, and how it reads values. */
@NullMarked
package dev.terrarium.spi;

import org.jspecify.annotations.NullMarked;
