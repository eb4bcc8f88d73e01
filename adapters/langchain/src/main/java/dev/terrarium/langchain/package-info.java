/** Contains the Java facade of LangChain: prompt, model and parser in one chain. */
@NullMarked
package dev.terrarium.langchain;

import org.jspecify.annotations.NullMarked;
