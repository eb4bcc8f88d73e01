/**
 * Language models on the Java side: the interface that every framework's model is backed by, and
 * how implementations are found.
 */
@NullMarked
package dev.terrarium.model;

import org.jspecify.annotations.NullMarked;
