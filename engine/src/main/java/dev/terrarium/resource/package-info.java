/** What lies on disk for the whole process: the cache folder and what is unpacked into it. */
@NullMarked
package dev.terrarium.resource;

import org.jspecify.annotations.NullMarked;
