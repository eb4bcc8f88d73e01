/** Contains the Java halves of Python packages that have no build for this Python. */
@NullMarked
package dev.terrarium.hostmodules;

import org.jspecify.annotations.NullMarked;
