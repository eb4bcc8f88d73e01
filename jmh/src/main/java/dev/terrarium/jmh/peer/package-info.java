/** What else a Java program can run Python with, each as well set up as its users would have it. */
@NullMarked
package dev.terrarium.jmh.peer;

import org.jspecify.annotations.NullMarked;
