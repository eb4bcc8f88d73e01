/** Language models in GGUF files, run in this process by llama.cpp. */
@NullMarked
package dev.terrarium.llamacpp;

import org.jspecify.annotations.NullMarked;
