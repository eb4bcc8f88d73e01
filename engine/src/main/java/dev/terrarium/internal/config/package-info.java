/** The checks of configured values. */
@NullMarked
package dev.terrarium.internal.config;

import org.jspecify.annotations.NullMarked;
