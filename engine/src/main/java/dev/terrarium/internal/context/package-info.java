/**
 * Contains the polyglot engine and its contexts: packages on disk, native slots, carriers, access.
 */
@NullMarked
package dev.terrarium.internal.context;

import org.jspecify.annotations.NullMarked;
