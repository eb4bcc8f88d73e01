package dev.terrarium.transformers;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.spi.TypedReader;
import dev.terrarium.transformers.EntityGroups.Span;
import dev.terrarium.transformers.TextClassification.Input;
import dev.terrarium.transformers.TextClassification.Scores;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The functions by which the Python package {@code transformers} and {@link Transformers} use
 * models. Each takes the model, as {@link Transformers} describes it, and a dict of options.
 * Stateless. At most three models are loaded at a time by these functions; the one that was used
 * least recently is closed for another.
 */
final class TransformersFunctions {

  static final String EMBED = "transformers.embed";
  static final String FEATURES = "transformers.features";
  static final String CLASSIFY = "transformers.classify";
  static final String ZERO_SHOT = "transformers.zero_shot";
  static final String RERANK = "transformers.rerank";
  static final String ENTITIES = "transformers.entities";
  static final String ANSWER = "transformers.answer";
  static final String FILL_MASK = "transformers.fill_mask";
  static final String TOKENIZE = "transformers.tokenize";
  static final String DECODE = "transformers.decode";

  static final String TYPE = "transformers";

  private static final int MOST_MODELS = 3;

  private TransformersFunctions() {}

  /** Returns the functions by their names. */
  static Map<String, HostFunction> of(ModelCache cache) {
    cache.limit(TYPE, ModelCache.Limits.custom().models(MOST_MODELS).build());
    Map<String, HostFunction> functions = new HashMap<>();
    functions.put(
        EMBED,
        function(
            cache,
            Set.of("texts"),
            (model, options) -> SentenceEmbedding.vectors(model, texts(options))));
    functions.put(
        FEATURES, function(cache, Set.of("texts", "truncation"), TransformersFunctions::features));
    functions.put(
        CLASSIFY,
        function(
            cache,
            Set.of("texts", "pairs", "truncation", "function_to_apply"),
            TransformersFunctions::classify));
    functions.put(
        ZERO_SHOT,
        function(
            cache,
            Set.of("texts", "candidate_labels", "hypothesis_template", "multi_label"),
            TransformersFunctions::zeroShot));
    functions.put(
        RERANK,
        function(
            cache,
            Set.of("query", "documents"),
            (model, options) ->
                Reranking.ranked(
                    model,
                    new Ranking(
                        TypedReader.read(options.get("query"), String.class, "query"),
                        strings(options, "documents")))));
    functions.put(
        ENTITIES,
        function(
            cache,
            Set.of("texts", "aggregation_strategy", "stride", "ignore_labels"),
            TransformersFunctions::entities));
    functions.put(
        ANSWER,
        function(
            cache,
            Set.of(
                "questions",
                "contexts",
                "top_k",
                "max_answer_len",
                "max_seq_len",
                "doc_stride",
                "handle_impossible_answer",
                "align_to_words"),
            TransformersFunctions::answers));
    functions.put(
        FILL_MASK,
        function(
            cache,
            Set.of("texts", "top_k", "targets", "truncation"),
            (model, options) ->
                FillMask.filled(
                    model,
                    texts(options),
                    new FillMask.Options(
                        number(options, "top_k").orElse(FillMask.MOST_TOKENS),
                        options.get("targets") == null ? null : strings(options, "targets"),
                        truncation(options)))));
    functions.put(
        TOKENIZE,
        function(
            cache,
            Set.of("text", "pair", "truncation", "max_length"),
            TransformersFunctions::tokenize));
    functions.put(
        DECODE,
        function(
            cache,
            Set.of("ids", "skip_special_tokens"),
            (model, options) ->
                model
                    .tokenizer()
                    .decode(
                        TypedReader.read(options.get("ids"), long[].class, "ids"),
                        is(options, "skip_special_tokens"))));
    return Map.copyOf(functions);
  }

  /** The vectors of a text's tokens, one after another. */
  @SuppressWarnings("ArrayRecordComponent") // compared nowhere
  record Features(int width, float[] values) {}

  private static HostFunction function(
      ModelCache cache, Set<String> known, BiFunction<OnnxModel, Map<?, ?>, Object> work) {
    return arguments -> {
      String spec = TypedReader.read(arguments.getFirst(), String.class, "model");
      Map<?, ?> options = TypedReader.read(arguments.getLast(), Map.class, "options");
      for (Object name : options.keySet()) {
        if (!known.contains(name)) {
          throw new ArgumentException(
              "The option " + name + " is not supported here; supported: " + new TreeSet<>(known));
        }
      }
      try (ModelCache.Use<CachedModel> use =
          cache.acquire(
              TYPE,
              spec,
              () -> new CachedModel(LoadedModels.open(spec, Batching.ofDefaults())),
              CachedModel::bytes)) {
        return work.apply(use.model().handle.model(), options);
      }
    };
  }

  /** A model as the cache holds it. */
  private record CachedModel(LoadedModels.Handle handle) implements AutoCloseable {

    long bytes() {
      return handle.model().bytes();
    }

    @Override
    public void close() {
      handle.close();
    }
  }

  private static List<Features> features(OnnxModel model, Map<?, ?> options) {
    int output = SentenceEmbedding.tokenVectors(model);
    List<Tokens> tokens =
        texts(options).stream()
            .map(text -> model.tokens(text, null, Integer.MAX_VALUE, truncation(options)))
            .toList();
    List<List<float[]>> outputs = model.compute(tokens);
    List<Features> features = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      float[] values = outputs.get(i).get(output);
      features.add(new Features(values.length / tokens.get(i).length(), values));
    }
    return features;
  }

  private static List<List<Label>> classify(OnnxModel model, Map<?, ?> options) {
    List<String> texts = texts(options);
    List<?> pairs =
        options.get("pairs") == null
            ? Arrays.asList(new @Nullable Object[texts.size()])
            : TypedReader.read(options.get("pairs"), List.class, "pairs");
    if (pairs.size() != texts.size()) {
      throw new ArgumentException(
          "pairs: " + pairs.size() + " second texts for " + texts.size() + " texts");
    }
    List<Input> inputs = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      inputs.add(new Input(texts.get(i), optional(pairs.get(i), "pairs[" + i + "]")));
    }
    String function = optional(options.get("function_to_apply"), "function_to_apply");
    return TextClassification.labels(
        model, inputs, function == null ? null : Scores.of(function), truncation(options));
  }

  private static List<List<Label>> zeroShot(OnnxModel model, Map<?, ?> options) {
    String template = optional(options.get("hypothesis_template"), "hypothesis_template");
    return ZeroShotClassification.labels(
        model,
        texts(options),
        strings(options, "candidate_labels"),
        template == null ? ZeroShotClassification.TEMPLATE : template,
        is(options, "multi_label"));
  }

  private static List<List<Span>> entities(OnnxModel model, Map<?, ?> options) {
    String strategy = optional(options.get("aggregation_strategy"), "aggregation_strategy");
    return TokenClassification.spans(
        model,
        texts(options),
        new TokenClassification.Options(
            strategy == null ? AggregationStrategy.NONE : AggregationStrategy.of(strategy),
            number(options, "stride"),
            options.get("ignore_labels") == null
                ? Set.of(TokenClassification.OUTSIDE)
                : Set.copyOf(strings(options, "ignore_labels"))));
  }

  /** Returns the options of the function {@code ANSWER}. */
  static Map<String, Object> options(Question question, AnswerOptions answers) {
    Map<String, Object> options = new HashMap<>();
    options.put("questions", List.of(question.question()));
    options.put("contexts", List.of(question.context()));
    options.put("top_k", answers.topK());
    options.put("max_answer_len", answers.maxAnswerLength());
    answers.maxSequenceLength().ifPresent(tokens -> options.put("max_seq_len", tokens));
    answers.stride().ifPresent(tokens -> options.put("doc_stride", tokens));
    options.put("handle_impossible_answer", answers.impossible());
    options.put("align_to_words", answers.wholeWords());
    return options;
  }

  private static List<List<Answer>> answers(OnnxModel model, Map<?, ?> options) {
    List<String> questions = strings(options, "questions");
    List<String> contexts = strings(options, "contexts");
    if (questions.size() != contexts.size()) {
      throw new ArgumentException(
          "contexts: " + contexts.size() + " texts for " + questions.size() + " questions");
    }
    AnswerOptions defaults = AnswerOptions.ofDefaults();
    return QuestionAnswering.answers(
        model,
        IntStream.range(0, questions.size())
            .mapToObj(i -> new Question(questions.get(i), contexts.get(i)))
            .toList(),
        new AnswerOptions(
            number(options, "top_k").orElse(defaults.topK()),
            number(options, "max_answer_len").orElse(defaults.maxAnswerLength()),
            number(options, "max_seq_len"),
            number(options, "doc_stride"),
            is(options, "handle_impossible_answer"),
            !Objects.equals(options.get("align_to_words"), false)));
  }

  private static Map<String, Object> tokenize(OnnxModel model, Map<?, ?> options) {
    Object most = options.get("max_length");
    Truncation truncation = truncation(options);
    int limit = most == null ? Integer.MAX_VALUE : TypedReader.read(most, int.class, "max_length");
    Tokens tokens =
        truncation == Truncation.NONE
            ? model.tokenizer().tokens(text(options), pair(options), Integer.MAX_VALUE, truncation)
            : model.tokens(text(options), pair(options), limit, truncation);
    return Map.of(
        "input_ids",
        tokens.ids(),
        "token_type_ids",
        tokens.types(),
        "takes_types",
        model.takesTypes(),
        "pad_token_id",
        model.files().padding());
  }

  private static String text(Map<?, ?> options) {
    return TypedReader.read(options.get("text"), String.class, "text");
  }

  private static @Nullable String pair(Map<?, ?> options) {
    return optional(options.get("pair"), "pair");
  }

  private static @Nullable String optional(@Nullable Object value, String name) {
    return value == null ? null : TypedReader.read(value, String.class, name);
  }

  private static OptionalInt number(Map<?, ?> options, String name) {
    return TypedReader.read(options.get(name), OptionalInt.class, name);
  }

  private static boolean is(Map<?, ?> options, String name) {
    return Objects.equals(options.get(name), true);
  }

  private static List<String> texts(Map<?, ?> options) {
    return strings(options, "texts");
  }

  private static List<String> strings(Map<?, ?> options, String name) {
    List<String> strings = new ArrayList<>();
    for (Object each : TypedReader.read(options.get(name), List.class, name)) {
      strings.add(TypedReader.read(each, String.class, name + "[" + strings.size() + "]"));
    }
    return strings;
  }

  /** Reads the option {@code truncation}, a bool or the name of a strategy, as upstream has it. */
  private static Truncation truncation(Map<?, ?> options) {
    return switch (options.get("truncation")) {
      case null -> Truncation.NONE;
      case Boolean is -> is ? Truncation.LONGEST_FIRST : Truncation.NONE;
      case String name when name.equals("do_not_truncate") -> Truncation.NONE;
      case String name when Set.of("longest_first", "only_first", "only_second").contains(name) ->
          Truncation.valueOf(name.toUpperCase(Locale.ROOT));
      case Object other ->
          throw new ArgumentException(
              "truncation: "
                  + other
                  + " is none of True, False, longest_first, only_first, only_second and"
                  + " do_not_truncate.");
    };
  }
}
