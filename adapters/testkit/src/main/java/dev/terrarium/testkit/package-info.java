/**
 * Contains language models with prepared answers, what collects a stream, and second JVMs, for
 * tests of programs that use Terrarium.
 */
@NullMarked
package dev.terrarium.testkit;

import org.jspecify.annotations.NullMarked;
