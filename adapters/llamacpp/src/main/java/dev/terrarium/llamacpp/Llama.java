package dev.terrarium.llamacpp;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.terrarium.error.ModelException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Bindings of those functions of llama.cpp's C interface that Terrarium uses, one method each,
 * under their own names without the prefix. The methods throw only when the library is not as
 * expected; a failure of the library is in their return value. Pointers are as unsafe as in C.
 */
@SuppressWarnings("restricted")
final class Llama {

  /** The structure {@code llama_model_params}. */
  private static final StructLayout MODEL_PARAMS =
      MemoryLayout.structLayout(
          ADDRESS.withName("devices"),
          JAVA_INT.withName("n_gpu_layers"),
          JAVA_INT.withName("split_mode"),
          JAVA_INT.withName("main_gpu"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("tensor_split"),
          ADDRESS.withName("progress_callback"),
          ADDRESS.withName("progress_callback_user_data"),
          ADDRESS.withName("kv_overrides"),
          JAVA_BOOLEAN.withName("vocab_only"),
          JAVA_BOOLEAN.withName("use_mmap"),
          JAVA_BOOLEAN.withName("use_mlock"),
          JAVA_BOOLEAN.withName("check_tensors"),
          MemoryLayout.paddingLayout(4));

  /** The structure {@code llama_context_params}. */
  private static final StructLayout CONTEXT_PARAMS =
      MemoryLayout.structLayout(
          JAVA_INT.withName("n_ctx"),
          JAVA_INT.withName("n_batch"),
          JAVA_INT.withName("n_ubatch"),
          JAVA_INT.withName("n_seq_max"),
          JAVA_INT.withName("n_threads"),
          JAVA_INT.withName("n_threads_batch"),
          JAVA_INT.withName("rope_scaling_type"),
          JAVA_INT.withName("pooling_type"),
          JAVA_INT.withName("attention_type"),
          JAVA_FLOAT.withName("rope_freq_base"),
          JAVA_FLOAT.withName("rope_freq_scale"),
          JAVA_FLOAT.withName("yarn_ext_factor"),
          JAVA_FLOAT.withName("yarn_attn_factor"),
          JAVA_FLOAT.withName("yarn_beta_fast"),
          JAVA_FLOAT.withName("yarn_beta_slow"),
          JAVA_INT.withName("yarn_orig_ctx"),
          JAVA_FLOAT.withName("defrag_thold"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("cb_eval"),
          ADDRESS.withName("cb_eval_user_data"),
          JAVA_INT.withName("type_k"),
          JAVA_INT.withName("type_v"),
          JAVA_BOOLEAN.withName("logits_all"),
          JAVA_BOOLEAN.withName("embeddings"),
          JAVA_BOOLEAN.withName("offload_kqv"),
          JAVA_BOOLEAN.withName("flash_attn"),
          JAVA_BOOLEAN.withName("no_perf"),
          MemoryLayout.paddingLayout(3),
          ADDRESS.withName("abort_callback"),
          ADDRESS.withName("abort_callback_data"));

  /** The structure {@code llama_batch}. */
  static final StructLayout BATCH =
      MemoryLayout.structLayout(
          JAVA_INT.withName("n_tokens"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("token"),
          ADDRESS.withName("embd"),
          ADDRESS.withName("pos"),
          ADDRESS.withName("n_seq_id"),
          ADDRESS.withName("seq_id"),
          ADDRESS.withName("logits"));

  /** The structure {@code llama_token_data_array}. */
  static final StructLayout CANDIDATES =
      MemoryLayout.structLayout(
          ADDRESS.withName("data"),
          JAVA_LONG.withName("size"),
          JAVA_LONG.withName("selected"),
          JAVA_BOOLEAN.withName("sorted"),
          MemoryLayout.paddingLayout(7));

  /** The structure {@code llama_chat_message}. */
  static final StructLayout MESSAGE =
      MemoryLayout.structLayout(ADDRESS.withName("role"), ADDRESS.withName("content"));

  private static final StructLayout SAMPLER_CHAIN_PARAMS =
      MemoryLayout.structLayout(JAVA_BOOLEAN.withName("no_perf"));

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup SYMBOLS = LlamaLibrary.open();

  private static final MethodHandle LOG_SET = handle("llama_log_set", null, ADDRESS, ADDRESS);
  private static final MethodHandle BACKEND_INIT = handle("llama_backend_init", null);
  private static final MethodHandle MODEL_DEFAULT_PARAMS =
      handle("llama_model_default_params", MODEL_PARAMS);
  private static final MethodHandle MODEL_LOAD =
      handle("llama_model_load_from_file", ADDRESS, ADDRESS, MODEL_PARAMS);
  private static final MethodHandle MODEL_FREE = handle("llama_model_free", null, ADDRESS);
  private static final MethodHandle MODEL_GET_VOCAB =
      handle("llama_model_get_vocab", ADDRESS, ADDRESS);
  private static final MethodHandle MODEL_N_CTX_TRAIN =
      handle("llama_model_n_ctx_train", JAVA_INT, ADDRESS);
  private static final MethodHandle MODEL_N_LAYER =
      handle("llama_model_n_layer", JAVA_INT, ADDRESS);
  private static final MethodHandle MODEL_N_EMBD = handle("llama_model_n_embd", JAVA_INT, ADDRESS);
  private static final MethodHandle MODEL_N_HEAD = handle("llama_model_n_head", JAVA_INT, ADDRESS);
  private static final MethodHandle MODEL_N_HEAD_KV =
      handle("llama_model_n_head_kv", JAVA_INT, ADDRESS);
  private static final MethodHandle MODEL_HAS_ENCODER =
      handle("llama_model_has_encoder", JAVA_BOOLEAN, ADDRESS);
  private static final MethodHandle MODEL_HAS_DECODER =
      handle("llama_model_has_decoder", JAVA_BOOLEAN, ADDRESS);
  private static final MethodHandle MODEL_IS_RECURRENT =
      handle("llama_model_is_recurrent", JAVA_BOOLEAN, ADDRESS);
  private static final MethodHandle MODEL_CHAT_TEMPLATE =
      handle("llama_model_chat_template", ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle CHAT_APPLY_TEMPLATE =
      handle(
          "llama_chat_apply_template",
          JAVA_INT,
          ADDRESS,
          ADDRESS,
          JAVA_LONG,
          JAVA_BOOLEAN,
          ADDRESS,
          JAVA_INT);
  private static final MethodHandle VOCAB_N_TOKENS =
      handle("llama_vocab_n_tokens", JAVA_INT, ADDRESS);
  private static final MethodHandle VOCAB_IS_EOG =
      handle("llama_vocab_is_eog", JAVA_BOOLEAN, ADDRESS, JAVA_INT);
  private static final MethodHandle VOCAB_IS_CONTROL =
      handle("llama_vocab_is_control", JAVA_BOOLEAN, ADDRESS, JAVA_INT);
  private static final MethodHandle TOKENIZE =
      handle(
          "llama_tokenize",
          JAVA_INT,
          ADDRESS,
          ADDRESS,
          JAVA_INT,
          ADDRESS,
          JAVA_INT,
          JAVA_BOOLEAN,
          JAVA_BOOLEAN);
  private static final MethodHandle DETOKENIZE =
      handle(
          "llama_detokenize",
          JAVA_INT,
          ADDRESS,
          ADDRESS,
          JAVA_INT,
          ADDRESS,
          JAVA_INT,
          JAVA_BOOLEAN,
          JAVA_BOOLEAN);
  private static final MethodHandle TOKEN_TO_PIECE =
      handle(
          "llama_token_to_piece",
          JAVA_INT,
          ADDRESS,
          JAVA_INT,
          ADDRESS,
          JAVA_INT,
          JAVA_INT,
          JAVA_BOOLEAN);
  private static final MethodHandle CONTEXT_DEFAULT_PARAMS =
      handle("llama_context_default_params", CONTEXT_PARAMS);
  private static final MethodHandle INIT_FROM_MODEL =
      handle("llama_init_from_model", ADDRESS, ADDRESS, CONTEXT_PARAMS);
  private static final MethodHandle FREE = handle("llama_free", null, ADDRESS);
  private static final MethodHandle DECODE = handle("llama_decode", JAVA_INT, ADDRESS, BATCH);
  private static final MethodHandle GET_LOGITS_ITH =
      handle("llama_get_logits_ith", ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle KV_SELF_SEQ_RM =
      handle("llama_kv_self_seq_rm", JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle KV_SELF_CLEAR = handle("llama_kv_self_clear", null, ADDRESS);
  private static final MethodHandle KV_SELF_SEQ_CP =
      handle("llama_kv_self_seq_cp", null, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle KV_SELF_DEFRAG = handle("llama_kv_self_defrag", null, ADDRESS);
  private static final MethodHandle SAMPLER_CHAIN_DEFAULT_PARAMS =
      handle("llama_sampler_chain_default_params", SAMPLER_CHAIN_PARAMS);
  private static final MethodHandle SAMPLER_CHAIN_INIT =
      handle("llama_sampler_chain_init", ADDRESS, SAMPLER_CHAIN_PARAMS);
  private static final MethodHandle SAMPLER_CHAIN_ADD =
      handle("llama_sampler_chain_add", null, ADDRESS, ADDRESS);
  private static final MethodHandle SAMPLER_INIT_TOP_K =
      handle("llama_sampler_init_top_k", ADDRESS, JAVA_INT);
  private static final MethodHandle SAMPLER_INIT_TOP_P =
      handle("llama_sampler_init_top_p", ADDRESS, JAVA_FLOAT, JAVA_LONG);
  private static final MethodHandle SAMPLER_INIT_MIN_P =
      handle("llama_sampler_init_min_p", ADDRESS, JAVA_FLOAT, JAVA_LONG);
  private static final MethodHandle SAMPLER_INIT_TEMP =
      handle("llama_sampler_init_temp", ADDRESS, JAVA_FLOAT);
  private static final MethodHandle SAMPLER_INIT_DIST =
      handle("llama_sampler_init_dist", ADDRESS, JAVA_INT);
  private static final MethodHandle SAMPLER_INIT_GRAMMAR =
      handle("llama_sampler_init_grammar", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle SAMPLER_APPLY =
      handle("llama_sampler_apply", null, ADDRESS, ADDRESS);
  private static final MethodHandle SAMPLER_ACCEPT =
      handle("llama_sampler_accept", null, ADDRESS, JAVA_INT);
  private static final MethodHandle SAMPLER_FREE = handle("llama_sampler_free", null, ADDRESS);

  private static final NativeLog LOG = new NativeLog();

  /**
   * The lock that is held while a context is made, computes or is freed: two contexts that compute
   * at once, even of different models, give wrong scores in this build (docs/decisions/015).
   */
  private static final ReentrantLock COMPUTING = new ReentrantLock(true);

  static {
    checkLayouts();
    try {
      MethodHandle target =
          MethodHandles.lookup()
              .bind(
                  LOG,
                  "accept",
                  MethodType.methodType(
                      void.class, int.class, MemorySegment.class, MemorySegment.class));
      MemorySegment callback =
          LINKER.upcallStub(
              target, FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS), Arena.global());
      LOG_SET.invokeExact(callback, MemorySegment.NULL);
      BACKEND_INIT.invokeExact();
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  private Llama() {}

  private static MethodHandle handle(
      String function, @Nullable MemoryLayout result, MemoryLayout... arguments) {
    FunctionDescriptor descriptor =
        result == null
            ? FunctionDescriptor.ofVoid(arguments)
            : FunctionDescriptor.of(result, arguments);
    return LINKER.downcallHandle(SYMBOLS.findOrThrow(function), descriptor);
  }

  /**
   * Checks the defaults of two structures, which would differ in another version of the library.
   */
  private static void checkLayouts() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment model = (MemorySegment) MODEL_DEFAULT_PARAMS.invoke(arena);
      MemorySegment context = (MemorySegment) CONTEXT_DEFAULT_PARAMS.invoke(arena);
      boolean asExpected =
          getInt(model, MODEL_PARAMS, "split_mode") == 1
              && getBoolean(model, MODEL_PARAMS, "use_mmap")
              && getInt(context, CONTEXT_PARAMS, "n_ctx") == 512
              && getInt(context, CONTEXT_PARAMS, "n_seq_max") == 1
              && getInt(context, CONTEXT_PARAMS, "type_k") == 1
              && getInt(context, CONTEXT_PARAMS, "type_v") == 1
              && getBoolean(context, CONTEXT_PARAMS, "no_perf");
      if (!asExpected) {
        throw new ModelException(
            "llama.cpp's library is not that of de.kherud:llama:" + LlamaLibrary.VERSION + ".");
      }
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  private static int getInt(MemorySegment struct, StructLayout layout, String field) {
    return struct.get(JAVA_INT, layout.byteOffset(PathElement.groupElement(field)));
  }

  private static boolean getBoolean(MemorySegment struct, StructLayout layout, String field) {
    return struct.get(JAVA_BOOLEAN, layout.byteOffset(PathElement.groupElement(field)));
  }

  private static void set(MemorySegment struct, StructLayout layout, String field, int value) {
    struct.set(JAVA_INT, layout.byteOffset(PathElement.groupElement(field)), value);
  }

  private static RuntimeException failure(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof ModelException model
        ? model
        : new ModelException("Calling llama.cpp failed: " + e, e);
  }

  /**
   * Loads a file.
   *
   * @param vocabularyOnly whether to leave the weights unloaded
   * @return NULL when the file cannot be loaded; {@link NativeLog#takeErrors} has the reason
   */
  static MemorySegment modelLoad(String file, boolean vocabularyOnly) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = (MemorySegment) MODEL_DEFAULT_PARAMS.invoke(arena);
      params.set(
          JAVA_BOOLEAN,
          MODEL_PARAMS.byteOffset(PathElement.groupElement("vocab_only")),
          vocabularyOnly);
      return (MemorySegment) MODEL_LOAD.invokeExact(arena.allocateFrom(file), params);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Returns the errors that the library logged on this thread since the last call. */
  static String takeErrors() {
    return LOG.takeErrors();
  }

  static void modelFree(MemorySegment model) {
    try {
      MODEL_FREE.invokeExact(model);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static MemorySegment modelVocab(MemorySegment model) {
    try {
      return (MemorySegment) MODEL_GET_VOCAB.invokeExact(model);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static int modelTrainedWindow(MemorySegment model) {
    try {
      return (int) MODEL_N_CTX_TRAIN.invokeExact(model);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Returns the bytes that remembering a token takes: a key and a value of two bytes a number, in
   * each layer.
   */
  static long modelBytesPerToken(MemorySegment model) {
    try {
      long width = (int) MODEL_N_EMBD.invokeExact(model);
      int heads = (int) MODEL_N_HEAD.invokeExact(model);
      int keyHeads = (int) MODEL_N_HEAD_KV.invokeExact(model);
      long layers = (int) MODEL_N_LAYER.invokeExact(model);
      return 4 * layers * width * keyHeads / Math.max(1, heads);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Returns whether the model continues a text, as opposed to models that translate or embed one.
   */
  static boolean modelIsDecoderOnly(MemorySegment model) {
    try {
      return (boolean) MODEL_HAS_DECODER.invokeExact(model)
          && !(boolean) MODEL_HAS_ENCODER.invokeExact(model);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Returns whether what the model has read is one state, of which no part can be kept, as in
   * Mamba.
   */
  static boolean modelIsRecurrent(MemorySegment model) {
    try {
      return (boolean) MODEL_IS_RECURRENT.invokeExact(model);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Returns the chat template that the file carries, or null. */
  static @Nullable String modelChatTemplate(MemorySegment model) {
    try {
      MemorySegment text =
          (MemorySegment) MODEL_CHAT_TEMPLATE.invokeExact(model, MemorySegment.NULL);
      return text.equals(MemorySegment.NULL) ? null : text.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Renders a conversation up to the position where the assistant's answer begins.
   *
   * @param template a template's source or the name of a template that llama.cpp knows
   * @param messages role, content, role, content...
   * @return null when llama.cpp does not know the template
   */
  static @Nullable String chatApplyTemplate(String template, String... messages) {
    try (Arena arena = Arena.ofConfined()) {
      long count = messages.length / 2;
      MemorySegment array = arena.allocate(MESSAGE, count);
      for (int i = 0; i < messages.length; i++) {
        array.setAtIndex(ADDRESS, i, arena.allocateFrom(messages[i]));
      }
      MemorySegment source = arena.allocateFrom(template);
      int capacity = 1 << 10;
      while (true) {
        MemorySegment buffer = arena.allocate(capacity);
        int length =
            (int) CHAT_APPLY_TEMPLATE.invokeExact(source, array, count, true, buffer, capacity);
        if (length < 0) {
          return null;
        }
        if (length <= capacity) {
          return text(buffer, length);
        }
        capacity = length;
      }
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static int vocabSize(MemorySegment vocab) {
    try {
      return (int) VOCAB_N_TOKENS.invokeExact(vocab);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Returns whether a token ends an answer. */
  static boolean vocabEnds(MemorySegment vocab, int token) {
    try {
      return (boolean) VOCAB_IS_EOG.invokeExact(vocab, token);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Returns whether a token is one of the marks between messages, and not text. */
  static boolean vocabIsControl(MemorySegment vocab, int token) {
    try {
      return (boolean) VOCAB_IS_CONTROL.invokeExact(vocab, token);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Returns the tokens of a text.
   *
   * @param begins whether the model's mark for the beginning of a text, if it has one, is added
   *     before the text
   * @param control whether the text of a control token is read as that token
   */
  static int[] tokenize(MemorySegment vocab, String text, boolean begins, boolean control) {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      MemorySegment utf8 = arena.allocate(bytes.length + 1L);
      MemorySegment.copy(bytes, 0, utf8, JAVA_BYTE, 0, bytes.length);
      int capacity = bytes.length + 2;
      while (true) {
        MemorySegment tokens = arena.allocate(JAVA_INT, capacity);
        int count =
            (int)
                TOKENIZE.invokeExact(vocab, utf8, bytes.length, tokens, capacity, begins, control);
        if (count >= 0) {
          return tokens.asSlice(0, (long) count * Integer.BYTES).toArray(JAVA_INT);
        }
        capacity = -count;
      }
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Returns the text of tokens, all of which must be of the vocabulary; control tokens have no
   * text.
   */
  static String detokenize(MemorySegment vocab, int[] tokens) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment given = arena.allocateFrom(JAVA_INT, tokens);
      int capacity = 64 + 8 * tokens.length;
      while (true) {
        MemorySegment buffer = arena.allocate(capacity);
        int length =
            (int)
                DETOKENIZE.invokeExact(vocab, given, tokens.length, buffer, capacity, false, false);
        if (length >= 0) {
          return text(buffer, length);
        }
        capacity = -length;
      }
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Writes a token's bytes, which need not be complete characters, to a buffer; a control token has
   * none.
   *
   * @return number of bytes written; below 0 when the buffer is too small
   */
  static int tokenToPiece(MemorySegment vocab, int token, MemorySegment buffer) {
    try {
      return (int)
          TOKEN_TO_PIECE.invokeExact(vocab, token, buffer, (int) buffer.byteSize(), 0, false);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * The size of a context.
   *
   * @param window tokens of all texts together
   * @param sequences number of texts
   * @param batch maximum number of tokens that are given to {@link #decode} at once
   */
  record ContextSize(int window, int sequences, int batch) {}

  /**
   * Allocates the memory for texts to be read.
   *
   * @return NULL when there is not enough memory
   */
  static MemorySegment contextInit(MemorySegment model, ContextSize size, int threads) {
    COMPUTING.lock();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = (MemorySegment) CONTEXT_DEFAULT_PARAMS.invoke(arena);
      set(params, CONTEXT_PARAMS, "n_ctx", size.window());
      set(params, CONTEXT_PARAMS, "n_batch", size.batch());
      set(params, CONTEXT_PARAMS, "n_ubatch", size.batch());
      set(params, CONTEXT_PARAMS, "n_seq_max", size.sequences());
      set(params, CONTEXT_PARAMS, "n_threads", threads);
      set(params, CONTEXT_PARAMS, "n_threads_batch", threads);
      return (MemorySegment) INIT_FROM_MODEL.invokeExact(model, params);
    } catch (Throwable e) {
      throw failure(e);
    } finally {
      COMPUTING.unlock();
    }
  }

  static void contextFree(MemorySegment context) {
    COMPUTING.lock();
    try {
      FREE.invokeExact(context);
    } catch (Throwable e) {
      throw failure(e);
    } finally {
      COMPUTING.unlock();
    }
  }

  /** Reads tokens, and returns the status; 0 is success. */
  static int decode(MemorySegment context, MemorySegment batch) {
    COMPUTING.lock();
    try {
      return (int) DECODE.invokeExact(context, batch);
    } catch (Throwable e) {
      throw failure(e);
    } finally {
      COMPUTING.unlock();
    }
  }

  /**
   * Copies the vocabulary's scores for the token that follows a token of the last batch.
   *
   * @param row the token's row; -1 for the last
   */
  static void copyLogits(MemorySegment context, int row, float[] into) {
    try {
      MemorySegment logits = (MemorySegment) GET_LOGITS_ITH.invokeExact(context, row);
      if (logits.equals(MemorySegment.NULL)) {
        throw new ModelException("llama.cpp has no scores for the next token.");
      }
      MemorySegment.copy(
          logits.reinterpret((long) into.length * Float.BYTES),
          ValueLayout.JAVA_FLOAT,
          0,
          into,
          0,
          into.length);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Forgets what was read from a position on; returns false when this model cannot forget a part.
   */
  static boolean forget(MemorySegment context, int from) {
    try {
      if (from == 0) {
        KV_SELF_CLEAR.invokeExact(context);
        return true;
      }
      return (boolean) KV_SELF_SEQ_RM.invokeExact(context, 0, from, -1);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Forgets as {@link #forget(MemorySegment, int)} does, in one of several texts. */
  static boolean forget(MemorySegment context, int sequence, int from) {
    try {
      return (boolean) KV_SELF_SEQ_RM.invokeExact(context, sequence, from, -1);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Shares the first tokens of a text with an empty text; both use the same memory. */
  static void share(MemorySegment context, int from, int to, int length) {
    try {
      KV_SELF_SEQ_CP.invokeExact(context, from, to, 0, length);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Requests that the next {@link #decode} closes some holes in the memory of what was read. */
  static void defragment(MemorySegment context) {
    try {
      KV_SELF_DEFRAG.invokeExact(context);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Returns a sampler that draws one of the likelier tokens. */
  static MemorySegment samplerInit(int topK, float topP, float minP, float temperature, int seed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = (MemorySegment) SAMPLER_CHAIN_DEFAULT_PARAMS.invoke(arena);
      MemorySegment chain = (MemorySegment) SAMPLER_CHAIN_INIT.invokeExact(params);
      SAMPLER_CHAIN_ADD.invokeExact(chain, (MemorySegment) SAMPLER_INIT_TOP_K.invokeExact(topK));
      SAMPLER_CHAIN_ADD.invokeExact(
          chain, (MemorySegment) SAMPLER_INIT_TOP_P.invokeExact(topP, 1L));
      SAMPLER_CHAIN_ADD.invokeExact(
          chain, (MemorySegment) SAMPLER_INIT_MIN_P.invokeExact(minP, 1L));
      SAMPLER_CHAIN_ADD.invokeExact(
          chain, (MemorySegment) SAMPLER_INIT_TEMP.invokeExact(temperature));
      SAMPLER_CHAIN_ADD.invokeExact(chain, (MemorySegment) SAMPLER_INIT_DIST.invokeExact(seed));
      return chain;
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /**
   * Returns a sampler that refuses what a grammar does not allow.
   *
   * @return NULL when the grammar is not valid
   */
  static MemorySegment samplerInitGrammar(MemorySegment vocab, String grammar) {
    try (Arena arena = Arena.ofConfined()) {
      return (MemorySegment)
          SAMPLER_INIT_GRAMMAR.invokeExact(
              vocab, arena.allocateFrom(grammar), arena.allocateFrom("root"));
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static void samplerApply(MemorySegment sampler, MemorySegment candidates) {
    try {
      SAMPLER_APPLY.invokeExact(sampler, candidates);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Passes the chosen token to a sampler; a sampler with a grammar must allow the token. */
  static void samplerAccept(MemorySegment sampler, int token) {
    try {
      SAMPLER_ACCEPT.invokeExact(sampler, token);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  static void samplerFree(MemorySegment sampler) {
    try {
      SAMPLER_FREE.invokeExact(sampler);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  private static String text(MemorySegment buffer, int length) {
    return new String(buffer.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
  }
}
