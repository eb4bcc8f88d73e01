/** Marshalling: plain data between Java and Python, both ways. */
@NullMarked
package dev.terrarium.value;

import org.jspecify.annotations.NullMarked;
