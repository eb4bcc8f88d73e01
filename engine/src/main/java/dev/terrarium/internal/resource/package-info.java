/**
 * What is shared and scarce: the cache folder on disk, resources such as connections and what each
 * framework may have of them, and the call on whose account they are used.
 */
@NullMarked
package dev.terrarium.internal.resource;

import org.jspecify.annotations.NullMarked;
