/**
 * Contains language models with prepared answers, and what collects a stream, for tests of programs
 * that use Terrarium.
 */
@NullMarked
package dev.terrarium.testkit;

import org.jspecify.annotations.NullMarked;
