/**
 * Contains the models of the Java side: the interfaces that the language and embedding models of
 * all frameworks implement, how implementations are found, and the caches of loaded models and of
 * vectors.
 */
@NullMarked
package dev.terrarium.model;

import org.jspecify.annotations.NullMarked;
