/** Contains the tools that language models call: Java methods and functions with a description. */
@NullMarked
package dev.terrarium.tool;

import org.jspecify.annotations.NullMarked;
