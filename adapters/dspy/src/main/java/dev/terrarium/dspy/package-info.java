/** Contains the Java facade of DSPy: programs whose signatures are records. */
@NullMarked
package dev.terrarium.dspy;

import org.jspecify.annotations.NullMarked;
