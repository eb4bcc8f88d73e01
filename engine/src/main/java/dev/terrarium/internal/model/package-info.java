/**
 * Contains the caches of models and vectors, and the host functions by which Python code calls
 * models.
 */
@NullMarked
package dev.terrarium.internal.model;

import org.jspecify.annotations.NullMarked;
