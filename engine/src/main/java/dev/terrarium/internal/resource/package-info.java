/**
 * Contains what calls share and what is scarce: the cache folder on disk, resources such as
 * connections with their limits by framework, sessions, and the call on whose account they are
 * used.
 */
@NullMarked
package dev.terrarium.internal.resource;

import org.jspecify.annotations.NullMarked;
