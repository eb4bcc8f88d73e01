package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.terrarium.error.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests of headers with a value just inside and just outside of the range that llama.cpp accepts;
 * no file is loaded.
 */
class GgufChecksTest {

  private static final int UINT16 = GgufHeader.UINT16;
  private static final int UINT64 = GgufHeader.UINT64;
  private static final int F32 = 0;
  private static final int Q4_0 = 2;
  private static final int INT32_TENSOR = 26;

  private final Path folder;

  GgufChecksTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path written(UnaryOperator<GgufFile> change) throws IOException {
    return change.apply(new GgufFile()).write(folder.resolve("tiny.gguf"));
  }

  private static Arguments with(String what, UnaryOperator<GgufFile> change) {
    return arguments(what, change);
  }

  static Stream<Arguments> within() {
    return Stream.of(
        with("as it is", file -> file),
        with("no alignment", file -> file.without("general.alignment")),
        with("32 bits of context", file -> file.uint("llama.context_length", 0xFFFF_FFFFL)),
        with("no epsilon", file -> file.real("llama.attention.layer_norm_rms_epsilon", 0f)),
        with("no factor", file -> file.real("llama.rope.scaling.factor", 0f)),
        with("yarn", file -> file.text("llama.rope.scaling.type", "yarn")),
        with("heads by layer", file -> file.ints("llama.attention.head_count", List.of(4, 4))),
        with(
            "no heads in a layer",
            file -> file.ints("llama.attention.head_count_kv", List.of(0, 2))),
        with("part of a head rotated", file -> file.uint("llama.rope.dimension_count", 14)),
        with("a longer key", file -> file.uint("llama.attention.key_length", 18)),
        with(
            "experts",
            file -> file.uint("llama.expert_count", 256).uint("llama.expert_used_count", 2)),
        with(
            "no experts",
            file -> file.uint("llama.expert_count", 0).uint("llama.expert_used_count", 0)),
        with(
            "last token ends",
            file -> file.uint("tokenizer.ggml.eos_token_id", GgufFile.TOKENS - 1)),
        with("padding out of range", file -> file.uint("tokenizer.ggml.padding_token_id", 99_999)),
        with(
            "a foreign key",
            file -> file.text("someone.elses", "x").real("llama.unheard_of", Float.NaN)),
        with("empty tokens", file -> file.tokens(emptied(2))),
        with("a half row", file -> file.tensor("blk.0.ffn_up.weight", 1, 64, 96)),
        with("quantized", file -> file.tensor("blk.0.ffn_up.weight", Q4_0, 64, 96)));
  }

  private static List<String> emptied(int count) {
    List<String> tokens = new ArrayList<>(GgufFile.soundTokens());
    for (int i = 0; i < count; i++) {
      tokens.set(2 + i, "");
    }
    return tokens;
  }

  private static List<String> tokensWith(int index, String token) {
    List<String> tokens = new ArrayList<>(GgufFile.soundTokens());
    tokens.set(index, token);
    return tokens;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("within")
  void filesThatLlamaCppAcceptsPass(String what, UnaryOperator<GgufFile> change)
      throws IOException {
    assertThat(GgufHeader.read(written(change)).architecture()).isEqualTo("llama");
  }

  static Stream<Arguments> outside() {
    return Stream.of(
        with(
            "general.alignment is 24, which is no power of 2",
            f -> f.uint("general.alignment", 24)),
        with("general.alignment is 0, which is no power", f -> f.uint("general.alignment", 0)),
        with(
            "general.alignment is of the type UINT64 and not UINT32",
            f -> f.integer("general.alignment", UINT64, 8, 32)),
        with(
            "general.file_type is of the type STRING and not UINT32",
            f -> f.text("general.file_type", "F32")),
        with("split.count is of the type UINT32 and not UINT16", f -> f.uint("split.count", 2)),
        with("the key '' twice or empty", f -> f.uint("", 2)),
        with(
            "llama.context_length is 0, which is not in 1", f -> f.uint("llama.context_length", 0)),
        with(
            "llama.context_length is of the type UINT16",
            f -> f.integer("llama.context_length", UINT16, 2, 128)),
        with(
            "llama.block_count is 0, which is not in 1 to 512",
            f -> f.uint("llama.block_count", 0)),
        with("llama.block_count is 513, which is not", f -> f.uint("llama.block_count", 513)),
        with("blk.1.attn_norm.weight and 1 layers", f -> f.uint("llama.block_count", 1)),
        with("llama.embedding_length is 0,", f -> f.uint("llama.embedding_length", 0)),
        with(
            "has the shape [64, 260] for an embedding length of 68",
            f -> f.uint("llama.embedding_length", 68)),
        with(
            "is no multiple of its 5 heads",
            f -> f.uint("llama.attention.head_count", 5).uint("llama.attention.head_count_kv", 5)),
        with(
            "4 attention heads, which is no multiple of its 3",
            f -> f.uint("llama.attention.head_count_kv", 3)),
        with(
            "4 attention heads, which is no multiple of its 3",
            f -> f.ints("llama.attention.head_count_kv", List.of(2, 3))),
        with(
            "llama.attention.head_count has 3 values for 2 layers",
            f -> f.ints("llama.attention.head_count", List.of(4, 4, 4))),
        with(
            "llama.attention.head_count is of the type FLOAT32",
            f -> f.reals("llama.attention.head_count", 2)),
        with(
            "llama.attention.head_count is -4,",
            f -> f.ints("llama.attention.head_count", List.of(4, -4))),
        with(
            "llama.rope.dimension_count is 18, which is odd or above the 16",
            f -> f.uint("llama.rope.dimension_count", 18)),
        with(
            "llama.rope.dimension_count is 15, which is odd",
            f -> f.uint("llama.rope.dimension_count", 15)),
        with(
            "llama.rope.scaling.type is 'bent' and none of",
            f -> f.text("llama.rope.scaling.type", "bent")),
        with("llama.rope.freq_base is 0.0,", f -> f.real("llama.rope.freq_base", 0f)),
        with(
            "llama.rope.scaling.factor is Infinity,",
            f -> f.real("llama.rope.scaling.factor", Float.POSITIVE_INFINITY)),
        with("llama.rope.scaling.factor is -1.0,", f -> f.real("llama.rope.scaling.factor", -1f)),
        with(
            "layer_norm_rms_epsilon is NaN,",
            f -> f.real("llama.attention.layer_norm_rms_epsilon", Float.NaN)),
        with(
            "layer_norm_rms_epsilon is -9.99",
            f -> f.real("llama.attention.layer_norm_rms_epsilon", -1e-5f)),
        with(
            "layer_norm_rms_epsilon is of the type UINT32 and not FLOAT32",
            f -> f.uint("llama.attention.layer_norm_rms_epsilon", 1)),
        with("llama.logit_scale is NaN,", f -> f.real("llama.logit_scale", Float.NaN)),
        with("llama.expert_count is 257,", f -> f.uint("llama.expert_count", 257)),
        with("it uses 0 of 8 experts", f -> f.uint("llama.expert_count", 8)),
        with(
            "it uses 9 of 8 experts",
            f -> f.uint("llama.expert_count", 8).uint("llama.expert_used_count", 9)),
        with("it uses 1 of 0 experts", f -> f.uint("llama.expert_used_count", 1)),
        with("llama.wkv.head_size is 0,", f -> f.uint("llama.wkv.head_size", 0)),
        with("no multiple of its head size 48", f -> f.uint("llama.wkv.head_size", 48)),
        with("it has no vocabulary", f -> f.text("tokenizer.ggml.model", "none")),
        with(
            "tokenizer.ggml.tokens is of the type INT32 and not STRING",
            f -> f.ints("tokenizer.ggml.tokens", List.of(1))),
        with("tokenizer.ggml.tokens is no list", f -> f.text("tokenizer.ggml.tokens", "a")),
        with(
            "tokenizer.ggml.scores has 259 values for 260 tokens",
            f -> f.reals("tokenizer.ggml.scores", 259)),
        with(
            "tokenizer.ggml.token_type has 261 values for 260 tokens",
            f -> f.ints("tokenizer.ggml.token_type", Collections.nCopies(261, 1))),
        with(
            "tokenizer.ggml.scores is of the type INT32",
            f -> f.ints("tokenizer.ggml.scores", Collections.nCopies(260, 1))),
        with(
            "tokenizer.ggml.merges is of the type INT32",
            f -> f.ints("tokenizer.ggml.merges", List.of(1))),
        with(
            "tokenizer.ggml.bos_token_id is 260, and there are 260 tokens",
            f -> f.uint("tokenizer.ggml.bos_token_id", 260)),
        with(
            "tokenizer.ggml.eos_token_id is 4294967295, and",
            f -> f.uint("tokenizer.ggml.eos_token_id", 0xFFFF_FFFFL)),
        with(
            "[64, 260] for an embedding length of 64 and 3 tokens",
            f ->
                f.tokens(List.of("a", "b", "c"))
                    .without("tokenizer.ggml.scores")
                    .without("tokenizer.ggml.token_type")),
        with("the token 'bee' twice", f -> f.tokens(tokensWith(0, "bee"))),
        with("no token for the byte <0xFF>", f -> f.tokens(tokensWith(259, "wax"))),
        with("token_embd.weight twice", f -> f.again("token_embd.weight")),
        with(
            "blk.0.attn_norm.weight has one dimension and is quantized",
            f -> f.tensor("blk.0.attn_norm.weight", Q4_0, 64)),
        with(
            "rows that are not made of whole blocks",
            f -> f.tensor("blk.0.ffn_up.weight", Q4_0, 48, 96)),
        with("is of the type 26, which no weights are of", f -> f.tensor("x", INT32_TENSOR, 64)),
        with("has the extent 0 in one dimension", f -> f.tensor("x", F32, 64, 0)),
        with("has the extent -1 in one dimension", f -> f.tensor("x", F32, -1, 4)),
        with("long overflow", f -> f.tensor("x", F32, 1L << 40, 1L << 40)),
        with("token_embd.weight and x overlap", f -> f.tensorAt(64, "x", F32, 64)),
        with("lies before the data", f -> f.tensorAt(-32, "x", F32, 64)),
        with(
            "begins at 100004, which is no multiple of the alignment 32",
            f -> f.tensorAt(100_004, "x", F32, 64)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("outside")
  void filesThatLlamaCppDoesNotAcceptAreRefused(String message, UnaryOperator<GgufFile> change)
      throws IOException {
    Path file = written(change);
    assertThatThrownBy(() -> GgufHeader.read(file))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("The model file " + file + " is damaged: ")
        .hasMessageContaining(message)
        .hasMessageEndingWith(". Fetch it again.");
  }

  @Test
  void missingOrDamagedPartIsNamed() throws IOException {
    GgufFile first = new GgufFile().integer("split.count", UINT16, 2, 2);
    Path file = first.write(folder.resolve("bee-00001-of-00002.gguf"));
    Path second = folder.resolve("bee-00002-of-00002.gguf");
    assertThatThrownBy(() -> GgufHeader.parts(file))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("There is no model file " + second);
    new GgufFile().uint("general.alignment", 3).write(second);
    assertThatThrownBy(() -> GgufHeader.parts(file))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(second + " is damaged");
    new GgufFile().write(second);
    assertThat(GgufHeader.parts(file)).containsExactly(file, second);
  }
}
