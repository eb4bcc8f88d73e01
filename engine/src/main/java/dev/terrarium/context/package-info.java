/** The polyglot engine and its contexts: packages on disk, native slots, carriers, access. */
@NullMarked
package dev.terrarium.context;

import org.jspecify.annotations.NullMarked;
