import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.transformers.TransformersFactory;

/** Transformer models in ONNX files, for Java and for Python. */
@SuppressWarnings({"module", "requires-automatic"})
module dev.terrarium.transformers {
  exports dev.terrarium.transformers;

  requires ai.djl.tokenizers;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.microsoft.onnxruntime;
  requires transitive dev.terrarium.engine;
  requires dev.terrarium.python.transformers;
  requires static org.jspecify;

  provides AdapterFactory with
      TransformersFactory;
}
