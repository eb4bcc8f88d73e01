/** The Python handler dict of one bridge, resolved once for each context. */
@NullMarked
package dev.terrarium.handler;

import org.jspecify.annotations.NullMarked;
