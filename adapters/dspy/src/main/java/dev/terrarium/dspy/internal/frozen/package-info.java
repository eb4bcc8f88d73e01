/**
 * Contains what runs a frozen program in Java: {@code Plan}, which asks a language model as one
 * predictor does, and {@code Flow}, the control flow of a module over such plans. Readers and
 * writers of values know only what is exact; where they do not, DSPy runs the program.
 */
@NullMarked
package dev.terrarium.dspy.internal.frozen;

import org.jspecify.annotations.NullMarked;
