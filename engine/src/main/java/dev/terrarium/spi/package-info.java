/**
 * Terrarium: the facade, its configuration, frameworks and adapters. Most users import nothing
 * else.
 */
@NullMarked
package dev.terrarium.spi;

import org.jspecify.annotations.NullMarked;
