/** Contains the grammars by which llama.cpp holds an answer to a JSON schema. Not exported. */
@NullMarked
package dev.terrarium.llamacpp.grammar;

import org.jspecify.annotations.NullMarked;
