/** What the tests of several rooms share. */
@NullMarked
package dev.terrarium.testing;

import org.jspecify.annotations.NullMarked;
