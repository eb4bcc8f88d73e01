/**
 * Contains the exceptions: one sealed root and below it one exception for each fault that a caller
 * would handle differently.
 */
@NullMarked
package dev.terrarium.error;

import org.jspecify.annotations.NullMarked;
