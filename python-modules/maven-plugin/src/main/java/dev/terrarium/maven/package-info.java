/** The goals of terrarium-maven-plugin. */
@NullMarked
package dev.terrarium.maven;

import org.jspecify.annotations.NullMarked;
