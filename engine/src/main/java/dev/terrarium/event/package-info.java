/** What observers are told of; every room may tell. */
@NullMarked
package dev.terrarium.event;

import org.jspecify.annotations.NullMarked;
