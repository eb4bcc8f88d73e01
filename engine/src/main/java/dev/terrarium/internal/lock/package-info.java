/** The lock of classes whose decisions have effects outside of them. */
@NullMarked
package dev.terrarium.internal.lock;

import org.jspecify.annotations.NullMarked;
