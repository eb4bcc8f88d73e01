/** Contains the events that are reported to observers; each layer of the engine may report them. */
@NullMarked
package dev.terrarium.event;

import org.jspecify.annotations.NullMarked;
