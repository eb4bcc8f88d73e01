/** DSPy from Java: programs whose signatures are records. */
@NullMarked
package dev.terrarium.dspy;

import org.jspecify.annotations.NullMarked;
