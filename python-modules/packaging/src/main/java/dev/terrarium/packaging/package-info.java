/**
 * Makes the Python package archives that the jars of {@code python-modules} carry. Build time only.
 */
@NullMarked
package dev.terrarium.packaging;

import org.jspecify.annotations.NullMarked;
