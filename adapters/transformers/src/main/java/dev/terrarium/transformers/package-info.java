/**
 * Transformer models in ONNX files, for Java and for Python: embeddings, classification of texts
 * and tokens, answers and predicted words.
 */
@NullMarked
package dev.terrarium.transformers;

import org.jspecify.annotations.NullMarked;
