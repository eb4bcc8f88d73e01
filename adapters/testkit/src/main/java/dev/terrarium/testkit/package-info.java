/** What tests of programs that use Terrarium need: language models that answer as they are told. */
@NullMarked
package dev.terrarium.testkit;

import org.jspecify.annotations.NullMarked;
