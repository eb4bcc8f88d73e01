/** Contains the class that reports events to observers. */
@NullMarked
package dev.terrarium.internal.event;

import org.jspecify.annotations.NullMarked;
