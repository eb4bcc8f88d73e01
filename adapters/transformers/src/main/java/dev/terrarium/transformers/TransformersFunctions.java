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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
            (model, options) -> SentenceEmbedding.vectors(model, options.texts("texts"))));
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
                    model, new Ranking(options.text("query"), options.texts("documents")))));
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
                    options.texts("texts"),
                    new FillMask.Options(
                        options.number("top_k").orElse(FillMask.MOST_TOKENS),
                        options.optionalTexts("targets"),
                        options.truncation()))));
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
                    .decode(options.numbers("ids"), options.is("skip_special_tokens", false))));
    return Map.copyOf(functions);
  }

  /** The vectors of a text's tokens, one after another. */
  @SuppressWarnings("ArrayRecordComponent") // compared nowhere
  record Features(int width, float[] values) {}

  private static HostFunction function(
      ModelCache cache, Set<String> known, BiFunction<OnnxModel, FunctionOptions, Object> work) {
    return arguments -> {
      String spec = TypedReader.read(arguments.getFirst(), String.class, "model");
      FunctionOptions options = FunctionOptions.of(arguments.getLast(), known);
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

  private static List<Features> features(OnnxModel model, FunctionOptions options) {
    int output = SentenceEmbedding.tokenVectors(model);
    List<Tokens> tokens =
        options.texts("texts").stream()
            .map(text -> model.tokens(text, null, Integer.MAX_VALUE, options.truncation()))
            .toList();
    List<List<float[]>> outputs = model.compute(tokens);
    List<Features> features = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      float[] values = outputs.get(i).get(output);
      features.add(new Features(values.length / tokens.get(i).length(), values));
    }
    return features;
  }

  private static List<List<Label>> classify(OnnxModel model, FunctionOptions options) {
    List<String> texts = options.texts("texts");
    List<@Nullable String> pairs = options.secondTexts("pairs", texts.size());
    List<Input> inputs =
        IntStream.range(0, texts.size())
            .mapToObj(i -> new Input(texts.get(i), pairs.get(i)))
            .toList();
    String function = options.optionalText("function_to_apply");
    return TextClassification.labels(
        model, inputs, function == null ? null : Scores.of(function), options.truncation());
  }

  private static List<List<Label>> zeroShot(OnnxModel model, FunctionOptions options) {
    String template = options.optionalText("hypothesis_template");
    return ZeroShotClassification.labels(
        model,
        options.texts("texts"),
        options.texts("candidate_labels"),
        template == null ? ZeroShotClassification.TEMPLATE : template,
        options.is("multi_label", false));
  }

  private static List<List<Span>> entities(OnnxModel model, FunctionOptions options) {
    String strategy = options.optionalText("aggregation_strategy");
    List<String> ignored = options.optionalTexts("ignore_labels");
    return TokenClassification.spans(
        model,
        options.texts("texts"),
        new TokenClassification.Options(
            strategy == null ? AggregationStrategy.NONE : AggregationStrategy.of(strategy),
            options.number("stride"),
            ignored == null ? Set.of(TokenClassification.OUTSIDE) : Set.copyOf(ignored)));
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

  private static List<List<Answer>> answers(OnnxModel model, FunctionOptions options) {
    List<String> questions = options.texts("questions");
    List<String> contexts = options.texts("contexts");
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
            options.number("top_k").orElse(defaults.topK()),
            options.number("max_answer_len").orElse(defaults.maxAnswerLength()),
            options.number("max_seq_len"),
            options.number("doc_stride"),
            options.is("handle_impossible_answer", defaults.impossible()),
            options.is("align_to_words", defaults.wholeWords())));
  }

  private static Map<String, Object> tokenize(OnnxModel model, FunctionOptions options) {
    Truncation truncation = options.truncation();
    String text = options.text("text");
    String pair = options.optionalText("pair");
    Tokens tokens =
        truncation == Truncation.NONE
            ? model.tokenizer().tokens(text, pair, Integer.MAX_VALUE, truncation)
            : model.tokens(
                text, pair, options.number("max_length").orElse(Integer.MAX_VALUE), truncation);
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
}
