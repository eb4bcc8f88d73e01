/** The command {@code terrarium bench}: measurements beside the peers, load, and their report. */
@NullMarked
package dev.terrarium.jmh.bench;

import org.jspecify.annotations.NullMarked;
