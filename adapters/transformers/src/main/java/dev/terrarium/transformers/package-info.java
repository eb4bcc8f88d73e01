/** Transformer models in ONNX files: embeddings and classification, for Java and for Python. */
@NullMarked
package dev.terrarium.transformers;

import org.jspecify.annotations.NullMarked;
