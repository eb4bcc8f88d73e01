package dev.terrarium.transformers;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A model that ONNX Runtime has loaded, with its tokenizer. Thread-safe until it is closed.
 *
 * <p>All texts go through one {@link BatchScheduler}. A batch is padded to its longest text, and
 * the attention mask takes the padding out again. A model that quantizes while it computes takes
 * its scales from all numbers of a batch, so that neighbours and padding would change what is
 * computed of a text: it computes each text alone.
 */
final class OnnxModel implements AutoCloseable {

  /** The output that has the numbers of labels, or of words of a vocabulary. */
  static final String LOGITS = "logits";

  /**
   * The numbers of a token from which on a batch has one text: 32 texts of 512 tokens with a number
   * for each of 30,000 words take 2 GB.
   */
  private static final int WIDE = 4096;

  private final ModelFiles files;
  private final TextTokenizer tokenizer;
  private final OrtSession session;
  private final List<String> outputs;
  private final boolean quantized;
  private final long bytes;
  private final BatchScheduler<Tokens, List<float[]>> scheduler;

  private OnnxModel(
      ModelFiles files,
      TextTokenizer tokenizer,
      OrtSession session,
      boolean quantized,
      Batching batching) {
    this.files = files;
    this.tokenizer = tokenizer;
    this.session = session;
    this.quantized = quantized;
    this.bytes = files.bytes();
    this.outputs = List.copyOf(session.getOutputNames());
    this.scheduler =
        new BatchScheduler<>(
            files.name(),
            quantized || isWide() ? new Batching(1, batching.maxDelay()) : batching,
            tokens -> bucket(tokens.length()),
            this::compute);
  }

  /**
   * Loads a model.
   *
   * @throws ModelException when a file is damaged, the model asks for inputs that are not a text's,
   *     or the tokenizer knows more tokens than the model
   */
  static OnnxModel load(ModelFiles files, Batching batching) {
    TextTokenizer tokenizer = TextTokenizer.load(files);
    try {
      if (tokenizer.largestId() >= files.vocabulary()) {
        throw new ModelException(
            Kind.INVALID_REQUEST,
            "The tokenizer "
                + files.tokenizer()
                + " is of another model: its last token is "
                + tokenizer.largestId()
                + ", and the model "
                + files.name()
                + " knows "
                + files.vocabulary()
                + " tokens.",
            null);
      }
      boolean quantized = OnnxOperators.areQuantized(files.onnx());
      OrtSession session = session(files.onnx());
      try {
        requireInputs(files, session.getInputInfo());
        return new OnnxModel(files, tokenizer, session, quantized, batching);
      } catch (RuntimeException | OrtException e) {
        session.close();
        throw e;
      }
    } catch (OrtException | IOException e) {
      tokenizer.close();
      throw new ModelException(
          "The model " + files.onnx() + " cannot be loaded: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static OrtSession session(ModelFile onnx) throws OrtException, IOException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Path path = onnx.path().orElse(null);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      // Threads that spin while they wait for each other take the cores from contexts.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      return path == null
          ? environment.createSession(onnx.content(), options)
          : environment.createSession(path.toString(), options);
    }
  }

  private static void requireInputs(ModelFiles files, Map<String, NodeInfo> inputs) {
    for (Map.Entry<String, NodeInfo> input : inputs.entrySet()) {
      boolean known = OnnxBatch.INPUTS.contains(input.getKey());
      boolean longs =
          input.getValue().getInfo() instanceof TensorInfo tensor
              && tensor.type == OnnxJavaType.INT64;
      if (!known || !longs) {
        throw new ModelException(
            Kind.INVALID_REQUEST,
            "The model "
                + files.onnx()
                + " has the input "
                + input.getKey()
                + " ("
                + input.getValue().getInfo()
                + "); supported are "
                + new TreeSet<>(OnnxBatch.INPUTS)
                + " of 64-bit integers.",
            null);
      }
    }
  }

  /**
   * Returns the bucket of a length: lengths of one bucket differ by at most a third, so that at
   * most a quarter of a batch is padding, and beyond 8 tokens.
   */
  static int bucket(int length) {
    int size = 8;
    while (size < length) {
      size = Integer.bitCount(size) == 1 ? size + size / 2 : size + size / 3;
    }
    return size;
  }

  /** Returns whether the model has a number for each word of a vocabulary, at each token. */
  private boolean isWide() {
    return outputs.stream()
        .map(output -> shape(session, output))
        .anyMatch(shape -> shape.length == 3 && shape[2] > WIDE);
  }

  ModelFiles files() {
    return files;
  }

  TextTokenizer tokenizer() {
    return tokenizer;
  }

  /** Returns the estimated native memory, which is the size of the files. */
  long bytes() {
    return bytes;
  }

  /** Returns the names of the model's outputs, in its order. */
  List<String> outputs() {
    return outputs;
  }

  /** Returns whether the model reads which of two texts a token is of. */
  boolean takesTypes() {
    return session.getInputNames().contains("token_type_ids");
  }

  boolean isQuantized() {
    return quantized;
  }

  /** Returns the last dimension of an output; -1 when the model does not say it. */
  int width(String output) {
    long[] shape = shape(session, output);
    return shape.length == 0 ? -1 : Math.toIntExact(shape[shape.length - 1]);
  }

  /**
   * Returns the index of an output that has numbers for each token.
   *
   * @param task what the numbers are for, for messages: "labels no tokens"
   * @throws ModelException when the model has no such output
   */
  int byToken(String output, String task) {
    int index = outputs.indexOf(output);
    if (index < 0 || !OnnxBatch.isByToken(output, shape(session, output))) {
      throw files.unfit(
          "%s: it has the outputs %s, and needs %s with numbers for each token."
              .formatted(task, outputs, output));
    }
    return index;
  }

  /** Returns the dimensions of an output; none when the model does not say them. */
  private static long[] shape(OrtSession session, String output) {
    try {
      NodeInfo node = session.getOutputInfo().get(output);
      return node != null && node.getInfo() instanceof TensorInfo tensor
          ? tensor.getShape()
          : new long[0];
    } catch (OrtException e) {
      throw new ModelException("The outputs of the model cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Returns the tokens of a text, or of a pair of texts.
   *
   * @param most the number of tokens that there may be, within the model's window
   * @throws ModelException when there are more that the truncation does not remove, or when the
   *     model does not know one
   */
  Tokens tokens(String text, @Nullable String second, int most, Truncation truncation) {
    Tokens tokens = tokenizer.tokens(text, second, Math.min(most, files.window()), truncation);
    requireKnown(tokens);
    return tokens;
  }

  /**
   * Returns the tokens of a text, or of a pair, in windows, as {@link TextTokenizer#windows} does.
   *
   * @throws ModelException when the model does not know a token, or no room is left
   */
  List<Tokens> windows(String text, @Nullable String second, int most, int stride) {
    List<Tokens> windows = tokenizer.windows(text, second, Math.min(most, files.window()), stride);
    windows.forEach(this::requireKnown);
    return windows;
  }

  private void requireKnown(Tokens tokens) {
    for (long id : tokens.ids()) {
      if (id < 0 || id >= files.vocabulary()) {
        throw new ModelException(
            Kind.INVALID_REQUEST,
            "The tokenizer "
                + files.tokenizer()
                + " made the token "
                + id
                + ", and the model "
                + files.name()
                + " knows "
                + files.vocabulary()
                + " tokens: it is another model's.",
            null);
      }
    }
  }

  /**
   * Computes texts, together with those of concurrent callers; waits until all are computed.
   *
   * @return for each text the values of each output, without those of padding: numbers of a token
   *     one after another, or one number for each label
   * @throws dev.terrarium.error.CallInterruptedException when the thread is interrupted
   * @throws ModelException when the model fails
   */
  List<List<float[]>> compute(List<Tokens> texts) {
    return scheduler.computeAll(texts);
  }

  private List<List<float[]>> compute(List<Tokens> batch, BatchScheduler.Run run) {
    try (OrtSession.RunOptions options = new OrtSession.RunOptions()) {
      run.stoppedBy(() -> terminate(options));
      try {
        return new OnnxBatch(files, batch).compute(session, options, outputs);
      } finally {
        run.finished();
      }
    } catch (OrtException e) {
      throw new ModelException("The model " + files.name() + " failed: " + e.getMessage(), e);
    }
  }

  private static void terminate(OrtSession.RunOptions options) {
    try {
      options.setTerminate(true);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits for what is being computed, fails what waits, and frees the native memory. */
  @Override
  public void close() {
    scheduler.close();
    try {
      session.close();
    } catch (OrtException e) {
      throw new ModelException("The model " + files.name() + " cannot be closed: " + e, e);
    } finally {
      tokenizer.close();
    }
  }
}
