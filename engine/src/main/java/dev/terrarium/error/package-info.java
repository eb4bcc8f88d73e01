/**
 * What can go wrong, by name: one sealed root and below it one exception for each thing a caller
 * would handle differently.
 */
@NullMarked
package dev.terrarium.error;

import org.jspecify.annotations.NullMarked;
