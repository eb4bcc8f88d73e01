/** Marshalling: plain data between Java and Python, both ways. */
@NullMarked
package dev.terrarium.internal.value;

import org.jspecify.annotations.NullMarked;
