package dev.terrarium.transformers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Texts that ONNX Runtime computes together, a row of tokens for each, padded to the longest one.
 * Immutable.
 */
final class OnnxBatch {

  /** The inputs that a model can have, all of 64-bit integers. */
  static final Set<String> INPUTS = Set.of("input_ids", "attention_mask", "token_type_ids");

  /** The outputs of two dimensions that have a number for each token, not for each label. */
  private static final Set<String> BY_TOKEN = Set.of("start_logits", "end_logits");

  private final ModelFiles files;
  private final List<Tokens> texts;
  private final int length;

  OnnxBatch(ModelFiles files, List<Tokens> texts) {
    this.files = files;
    this.texts = texts;
    this.length = texts.stream().mapToInt(Tokens::length).max().orElseThrow();
  }

  /** Returns whether an output of these dimensions has numbers for each token. */
  static boolean isByToken(String output, long[] shape) {
    return shape.length == 3 || (shape.length == 2 && BY_TOKEN.contains(output));
  }

  /**
   * Computes the batch.
   *
   * @return for each text the values of each output, without those of padding
   * @throws ModelException when an output has values for neither texts nor tokens
   */
  List<List<float[]>> compute(
      OrtSession session, OrtSession.RunOptions options, List<String> outputs) throws OrtException {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      for (String name : session.getInputNames()) {
        inputs.put(
            name,
            OnnxTensor.createTensor(
                OrtEnvironment.getEnvironment(),
                LongBuffer.wrap(values(name)),
                new long[] {texts.size(), length}));
      }
      try (OrtSession.Result result = session.run(inputs, options)) {
        return split(result, outputs);
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  /** Returns the values of an input, row by row. */
  private long[] values(String input) {
    long[] values = new long[texts.size() * length];
    for (int row = 0; row < texts.size(); row++) {
      Tokens text = texts.get(row);
      for (int i = 0; i < length; i++) {
        boolean padding = i >= text.length();
        values[row * length + i] =
            switch (input) {
              case "input_ids" -> padding ? files.padding() : text.ids()[i];
              case "token_type_ids" -> padding ? 0 : text.types()[i];
              default -> padding ? 0 : 1;
            };
      }
    }
    return values;
  }

  private List<List<float[]>> split(OrtSession.Result result, List<String> outputs) {
    List<List<float[]>> split = new ArrayList<>(texts.size());
    texts.forEach(text -> split.add(new ArrayList<>(outputs.size())));
    for (String output : outputs) {
      OnnxValue value = result.get(output).orElseThrow();
      long[] shape = value instanceof OnnxTensor tensor ? tensor.getInfo().getShape() : new long[0];
      @Nullable FloatBuffer numbers =
          value instanceof OnnxTensor tensor ? tensor.getFloatBuffer() : null;
      boolean byToken = isByToken(output, shape);
      if (numbers == null
          || shape.length < 2
          || shape.length > 3
          || shape[0] != texts.size()
          || (byToken && shape[1] != length)) {
        throw unusable(output, value);
      }
      int row = numbers.remaining() / texts.size();
      for (int i = 0; i < texts.size(); i++) {
        float[] own = new float[byToken ? row / length * texts.get(i).length() : row];
        numbers.get(i * row, own);
        split.get(i).add(own);
      }
    }
    return split;
  }

  private ModelException unusable(String output, OnnxValue value) {
    return new ModelException(
        Kind.BAD_RESPONSE,
        "The model "
            + files.name()
            + " has the output "
            + output
            + " ("
            + value.getInfo()
            + "), which is neither a number for each label nor numbers for each token.",
        null);
  }
}
