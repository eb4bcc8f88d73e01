/**
 * Models on the Java side: the interfaces that every framework's language and embedding models are
 * backed by, how implementations are found, and the caches of what they load and make.
 */
@NullMarked
package dev.terrarium.model;

import org.jspecify.annotations.NullMarked;
