/** Admission, without Python and on a clock that is turned by hand. */
@NullMarked
package dev.terrarium.internal.admission;

import org.jspecify.annotations.NullMarked;
