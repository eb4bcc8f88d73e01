/** Contains the circuit breaker, which leaves alone for a while what failed several times. */
@NullMarked
package dev.terrarium.internal.circuit;

import org.jspecify.annotations.NullMarked;
