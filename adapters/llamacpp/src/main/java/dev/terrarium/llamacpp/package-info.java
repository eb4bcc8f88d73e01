/** Contains the provider of language models in GGUF files, which llama.cpp runs in this process. */
@NullMarked
package dev.terrarium.llamacpp;

import org.jspecify.annotations.NullMarked;
