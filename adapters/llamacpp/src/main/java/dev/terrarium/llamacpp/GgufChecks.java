package dev.terrarium.llamacpp;

import static dev.terrarium.llamacpp.GgufHeader.BOOL;
import static dev.terrarium.llamacpp.GgufHeader.FLOAT32;
import static dev.terrarium.llamacpp.GgufHeader.INT32;
import static dev.terrarium.llamacpp.GgufHeader.INT8;
import static dev.terrarium.llamacpp.GgufHeader.STRING;
import static dev.terrarium.llamacpp.GgufHeader.UINT16;
import static dev.terrarium.llamacpp.GgufHeader.UINT32;
import static dev.terrarium.llamacpp.GgufHeader.UINT8;

import dev.terrarium.llamacpp.GgufHeader.Entry;
import dev.terrarium.llamacpp.GgufHeader.Tensor;
import dev.terrarium.llamacpp.GgufHeader.Values;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks of what llama.cpp assumes about a file, and whose violation ends the process: types and
 * ranges of hyperparameters, and their agreement with each other, with the vocabulary and with the
 * tensors. Faults that llama.cpp itself refuses with a message are left to llama.cpp, unless
 * checking them costs nothing. Stateless.
 *
 * <p>The bounds are those of the library's build (decision 030). Faults are reported by
 * IllegalArgumentExceptions, whose messages continue the sentence "the file is damaged".
 */
final class GgufChecks {

  private static final long MOST = 0xFFFF_FFFFL;
  private static final long MOST_LAYERS = 512;
  private static final long MOST_EXPERTS = 256;
  private static final long MOST_WIDTH = 1L << 24;

  private static final String TOKENIZER = "tokenizer.ggml.";
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,9})\\..*");

  /** The {@code ggml_type}s that tensors of one dimension can have: F32, F16 and BF16. */
  private static final Set<Integer> PLAIN_TYPES = Set.of(0, 1, 30);

  /** The condition that a value must meet. */
  private sealed interface Rule {

    /**
     * A range of integers.
     *
     * @param listed whether the value may be a list with an integer for each layer
     */
    record Whole(int type, long low, long high, boolean listed) implements Rule {}

    record Real(double low, double high) implements Rule {}

    record OfType(int type) implements Rule {}

    record OneOf(List<String> texts) implements Rule {}

    record ListOf(List<Integer> types) implements Rule {}
  }

  private static final Map<String, Rule> GENERAL =
      Map.of(
          "general.architecture", new Rule.OfType(STRING),
          "general.file_type", whole(0, MOST),
          "split.no", new Rule.Whole(UINT16, 0, 0xFFFF, false),
          "split.count", new Rule.Whole(UINT16, 0, 0xFFFF, false));

  /** The rules of hyperparameters, by the key without the architecture's name. */
  private static final Map<String, Rule> HYPERPARAMETERS =
      Map.ofEntries(
          Map.entry("vocab_size", whole(0, Integer.MAX_VALUE)),
          Map.entry("context_length", whole(1, MOST)),
          Map.entry("embedding_length", whole(1, MOST_WIDTH)),
          Map.entry("features_length", whole(1, MOST_WIDTH)),
          Map.entry("block_count", whole(1, MOST_LAYERS)),
          Map.entry("leading_dense_block_count", whole(0, MOST_LAYERS)),
          Map.entry("feed_forward_length", listed(0, MOST_WIDTH)),
          Map.entry("expert_feed_forward_length", whole(0, MOST_WIDTH)),
          Map.entry("expert_shared_feed_forward_length", whole(0, MOST_WIDTH)),
          Map.entry("expert_count", whole(0, MOST_EXPERTS)),
          Map.entry("expert_used_count", whole(0, MOST_EXPERTS)),
          Map.entry("expert_shared_count", whole(0, MOST_EXPERTS)),
          Map.entry("expert_gating_func", whole(0, 2)),
          Map.entry("pooling_type", whole(0, 4)),
          Map.entry("decoder_start_token_id", whole(0, Integer.MAX_VALUE)),
          Map.entry("rescale_every_n_layers", whole(0, MOST_LAYERS)),
          Map.entry("time_mix_extra_dim", whole(0, MOST_WIDTH)),
          Map.entry("time_decay_extra_dim", whole(0, MOST_WIDTH)),
          Map.entry("token_shift_count", whole(0, MOST_WIDTH)),
          Map.entry("attention.head_count", listed(0, MOST_WIDTH)),
          Map.entry("attention.head_count_kv", listed(0, MOST_WIDTH)),
          Map.entry("attention.key_length", whole(1, MOST_WIDTH)),
          Map.entry("attention.value_length", whole(1, MOST_WIDTH)),
          Map.entry("attention.q_lora_rank", whole(0, MOST_WIDTH)),
          Map.entry("attention.kv_lora_rank", whole(0, MOST_WIDTH)),
          Map.entry("attention.group_norm_groups", whole(1, MOST_WIDTH)),
          Map.entry("attention.relative_buckets_count", whole(0, MOST_WIDTH)),
          Map.entry("attention.sliding_window", whole(0, MOST)),
          Map.entry("rope.dimension_count", whole(0, MOST_WIDTH)),
          Map.entry("rope.scaling.original_context_length", whole(0, MOST)),
          Map.entry("ssm.conv_kernel", whole(1, MOST_WIDTH)),
          Map.entry("ssm.inner_size", whole(1, MOST_WIDTH)),
          Map.entry("ssm.state_size", whole(1, MOST_WIDTH)),
          Map.entry("ssm.time_step_rank", whole(0, MOST_WIDTH)),
          Map.entry("wkv.head_size", whole(1, MOST_WIDTH)),
          Map.entry("attention.layer_norm_epsilon", new Rule.Real(0, 1)),
          Map.entry("attention.layer_norm_rms_epsilon", new Rule.Real(0, 1)),
          Map.entry("attention.group_norm_epsilon", new Rule.Real(0, 1)),
          Map.entry("attention.clamp_kqv", finite()),
          Map.entry("attention.max_alibi_bias", finite()),
          Map.entry("attention.scale", finite()),
          Map.entry("attn_logit_softcapping", finite()),
          Map.entry("final_logit_softcapping", finite()),
          Map.entry("logit_scale", finite()),
          Map.entry("embedding_scale", finite()),
          Map.entry("residual_scale", finite()),
          Map.entry("expert_weights_scale", finite()),
          Map.entry("rope.freq_base", new Rule.Real(Float.MIN_VALUE, Float.MAX_VALUE)),
          Map.entry("rope.scale_linear", new Rule.Real(0, Float.MAX_VALUE)),
          Map.entry("rope.scaling.factor", new Rule.Real(0, Float.MAX_VALUE)),
          Map.entry("rope.scaling.attn_factor", finite()),
          Map.entry("rope.scaling.yarn_log_multiplier", finite()),
          Map.entry("attention.causal", new Rule.OfType(BOOL)),
          Map.entry("expert_weights_norm", new Rule.OfType(BOOL)),
          Map.entry("rope.scaling.finetuned", new Rule.OfType(BOOL)),
          Map.entry("ssm.dt_b_c_rms", new Rule.OfType(BOOL)),
          Map.entry("swin_norm", new Rule.OfType(BOOL)),
          Map.entry("use_parallel_residual", new Rule.OfType(BOOL)),
          Map.entry("rope.dimension_sections", new Rule.ListOf(List.of(INT32, UINT32))),
          Map.entry(
              "rope.scaling.type", new Rule.OneOf(List.of("none", "linear", "yarn", "longrope"))));

  /** The rules of the vocabulary, by the key without {@link #TOKENIZER}. */
  private static final Map<String, Rule> VOCABULARY =
      Map.ofEntries(
          Map.entry("model", new Rule.OfType(STRING)),
          Map.entry("pre", new Rule.OfType(STRING)),
          Map.entry("tokens", new Rule.ListOf(List.of(STRING))),
          Map.entry("scores", new Rule.ListOf(List.of(FLOAT32))),
          Map.entry("token_type", new Rule.ListOf(List.of(INT32, UINT32))),
          Map.entry("merges", new Rule.ListOf(List.of(STRING))),
          Map.entry("precompiled_charsmap", new Rule.ListOf(List.of(INT8, UINT8))),
          Map.entry("token_type_count", whole(0, MOST)),
          Map.entry("add_bos_token", new Rule.OfType(BOOL)),
          Map.entry("add_eos_token", new Rule.OfType(BOOL)),
          Map.entry("add_space_prefix", new Rule.OfType(BOOL)),
          Map.entry("remove_extra_whitespaces", new Rule.OfType(BOOL)));

  /**
   * The special tokens without which no text can be made; llama.cpp ignores others that are out of
   * range.
   */
  private static final List<String> SPECIAL_TOKENS =
      List.of("bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id", "unknown_token_id");

  private final GgufHeader header;

  /** The prefix of the hyperparameters' keys: the architecture with a dot. */
  private final String prefix;

  private GgufChecks(GgufHeader header) {
    this.header = header;
    this.prefix = header.architecture() + ".";
  }

  /**
   * Checks the header of a file.
   *
   * @throws IllegalArgumentException when llama.cpp could not digest the file
   */
  static void check(GgufHeader header) {
    GgufChecks checks = new GgufChecks(header);
    header.entries().forEach(checks::checkEntry);
    checks.checkLayout();
    checks.checkTensors();
    checks.checkVocabulary();
    checks.checkAttention();
    checks.checkExperts();
  }

  private static Rule whole(long low, long high) {
    return new Rule.Whole(UINT32, low, high, false);
  }

  private static Rule listed(long low, long high) {
    return new Rule.Whole(UINT32, low, high, true);
  }

  private static Rule finite() {
    return new Rule.Real(-Float.MAX_VALUE, Float.MAX_VALUE);
  }

  private static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(what);
  }

  private void checkEntry(String key, Entry entry) {
    Rule rule = GENERAL.get(key);
    if (key.startsWith(prefix)) {
      rule = HYPERPARAMETERS.get(key.substring(prefix.length()));
    } else if (key.startsWith(TOKENIZER)) {
      String name = key.substring(TOKENIZER.length());
      rule = name.endsWith("_token_id") ? whole(0, MOST) : VOCABULARY.get(name);
    }
    switch (rule) {
      case null -> {
        // llama.cpp does not read the key
      }
      case Rule.Whole whole -> checkWhole(key, entry, whole);
      case Rule.Real(double low, double high) -> {
        checkType(key, entry.type(), List.of(FLOAT32));
        double value = (Double) entry.value();
        if (!(value >= low && value <= high)) { // also catches NaN
          throw wrong(key + " is " + value + ", which is not in " + low + " to " + high);
        }
      }
      case Rule.OfType(int type) -> checkType(key, entry.type(), List.of(type));
      case Rule.OneOf(List<String> texts) -> {
        checkType(key, entry.type(), List.of(STRING));
        if (!texts.contains((String) entry.value())) {
          throw wrong(key + " is '" + entry.value() + "' and none of " + texts);
        }
      }
      case Rule.ListOf(List<Integer> types) -> {
        if (!(entry.value() instanceof Values values)) {
          throw wrong(key + " is no list");
        }
        checkType(key, values.type(), types);
      }
    }
  }

  private void checkWhole(String key, Entry entry, Rule.Whole rule) {
    if (rule.listed() && entry.value() instanceof Values values) {
      checkType(key, values.type(), List.of(INT32, UINT32));
      long layers = hyperparameter("block_count", values.count());
      if (values.count() != layers) {
        throw wrong(key + " has " + values.count() + " values for " + layers + " layers");
      }
      for (int value : values.ints()) {
        checkRange(key, value, rule);
      }
      return;
    }
    checkType(key, entry.type(), List.of(rule.type()));
    checkRange(key, (Long) entry.value(), rule);
  }

  private static void checkRange(String key, long value, Rule.Whole rule) {
    if (value < rule.low() || value > rule.high()) {
      throw wrong(key + " is " + value + ", which is not in " + rule.low() + " to " + rule.high());
    }
  }

  private static void checkType(String key, int type, List<Integer> types) {
    if (!types.contains(type)) {
      throw wrong(
          key
              + " is of the type "
              + GgufHeader.typeName(type)
              + " and not "
              + GgufHeader.typeName(types.getFirst()));
    }
  }

  private long hyperparameter(String name, long otherwise) {
    Long value = header.integer(prefix + name);
    return value == null ? otherwise : value;
  }

  /** Checks that tensors begin at multiples of the alignment and share no bytes. */
  private void checkLayout() {
    long end = 0;
    String before = "";
    for (Tensor tensor :
        header.tensors().stream().sorted(Comparator.comparingLong(Tensor::offset)).toList()) {
      if (tensor.offset() % header.alignment() != 0) {
        throw wrong(
            "the tensor "
                + tensor.name()
                + " begins at "
                + tensor.offset()
                + ", which is no multiple of the alignment "
                + header.alignment());
      }
      if (tensor.offset() < end) {
        throw wrong("the tensors " + before + " and " + tensor.name() + " overlap");
      }
      end = Math.addExact(tensor.offset(), tensor.bytes());
      before = tensor.name();
    }
  }

  private void checkTensors() {
    Set<String> names = new HashSet<>();
    long layers = hyperparameter("block_count", MOST_LAYERS);
    for (Tensor tensor : header.tensors()) {
      if (!names.add(tensor.name())) {
        throw wrong("it has the tensor " + tensor.name() + " twice");
      }
      if (tensor.shape().size() < 2 && !PLAIN_TYPES.contains(tensor.type())) {
        throw wrong("the tensor " + tensor.name() + " has one dimension and is quantized");
      }
      Matcher layer = LAYER.matcher(tensor.name());
      if (layer.matches() && Long.parseLong(layer.group(1)) >= layers) {
        throw wrong("it has the tensor " + tensor.name() + " and " + layers + " layers");
      }
    }
    header.tensors().stream()
        .filter(tensor -> tensor.name().equals("token_embd.weight"))
        .forEach(this::checkEmbedding);
  }

  private void checkEmbedding(Tensor tensor) {
    Values tokens = header.list(TOKENIZER + "tokens");
    long width = hyperparameter("features_length", hyperparameter("embedding_length", 0));
    if (tensor.shape().size() != 2
        || (width > 0 && tensor.shape().getFirst() != width)
        || (tokens != null && tensor.shape().getLast() != tokens.count())) {
      throw wrong(
          "the tensor "
              + tensor.name()
              + " has the shape "
              + tensor.shape()
              + " for an embedding length of "
              + width
              + " and "
              + (tokens == null ? "no" : tokens.count())
              + " tokens");
    }
  }

  private void checkVocabulary() {
    String model = header.text(TOKENIZER + "model");
    if (model != null && (model.equals("none") || model.equals("no_vocab"))) {
      throw wrong("it has no vocabulary");
    }
    Values tokens = header.list(TOKENIZER + "tokens");
    if (tokens == null) {
      return; // llama.cpp reports it
    }
    for (String name : List.of("scores", "token_type")) {
      Values values = header.list(TOKENIZER + name);
      if (values != null && values.count() != tokens.count()) {
        throw wrong(
            TOKENIZER
                + name
                + " has "
                + values.count()
                + " values for "
                + tokens.count()
                + " tokens");
      }
    }
    for (String name : SPECIAL_TOKENS) {
      Long id = header.integer(TOKENIZER + name);
      if (id != null && id >= tokens.count()) {
        throw wrong(
            TOKENIZER + name + " is " + id + ", and there are " + tokens.count() + " tokens");
      }
    }
    checkTokens(tokens, "llama".equals(model));
  }

  /**
   * Checks that tokens are unique and, if needed, cover all bytes.
   *
   * @param readsBytes whether the model reads text without a token byte by byte
   */
  private static void checkTokens(Values tokens, boolean readsBytes) {
    Set<String> seen = HashSet.newHashSet(Math.toIntExact(tokens.count()));
    tokens.forEachText(
        token -> {
          if (!token.isEmpty() && !seen.add(token)) {
            byte[] utf8 = token.getBytes(StandardCharsets.ISO_8859_1);
            throw wrong(
                "it has the token '" + new String(utf8, StandardCharsets.UTF_8) + "' twice");
          }
        });
    for (int i = 0; readsBytes && i < 256; i++) {
      String name = "<0x%02X>".formatted(i);
      String character = new String(new byte[] {(byte) i}, StandardCharsets.US_ASCII);
      if (!seen.contains(name) && (i > 127 || !seen.contains(character))) {
        throw wrong("its vocabulary has no token for the byte " + name);
      }
    }
  }

  private void checkAttention() {
    long width = hyperparameter("embedding_length", 0);
    long[] heads = perLayer("attention.head_count");
    long[] keyHeads = perLayer("attention.head_count_kv");
    for (int i = 0; i < Math.min(heads.length, keyHeads.length); i++) {
      if (heads[i] > 0 && keyHeads[i] > 0 && heads[i] % keyHeads[i] != 0) {
        throw wrong(
            "it has "
                + heads[i]
                + " attention heads, which is no multiple of its "
                + keyHeads[i]
                + " heads of keys and values");
      }
    }
    if (heads.length > 0 && heads[0] > 0 && width > 0) {
      long size = hyperparameter("attention.key_length", 0);
      if (size == 0 && width % heads[0] != 0) {
        throw wrong(
            "its embedding length " + width + " is no multiple of its " + heads[0] + " heads");
      }
      size = size == 0 ? width / heads[0] : size;
      long rotated = hyperparameter("rope.dimension_count", 0);
      if (rotated % 2 != 0 || rotated > size) {
        throw wrong(
            prefix
                + "rope.dimension_count is "
                + rotated
                + ", which is odd or above the "
                + size
                + " of a head");
      }
    }
    long headSize = hyperparameter("wkv.head_size", 0);
    if (headSize > 0 && width % headSize != 0) {
      throw wrong("its embedding length " + width + " is no multiple of its head size " + headSize);
    }
  }

  /** Returns a value for each layer; empty when the file does not give the value. */
  private long[] perLayer(String name) {
    Values values = header.list(prefix + name);
    if (values != null) {
      return Arrays.stream(values.ints()).asLongStream().toArray();
    }
    Long value = header.integer(prefix + name);
    long[] all = new long[value == null ? 0 : (int) hyperparameter("block_count", 1)];
    Arrays.fill(all, value == null ? 0 : value);
    return all;
  }

  private void checkExperts() {
    long experts = hyperparameter("expert_count", 0);
    long used = hyperparameter("expert_used_count", 0);
    if (used > experts || (experts > 0 && used == 0)) {
      throw wrong("it uses " + used + " of " + experts + " experts");
    }
  }
}
