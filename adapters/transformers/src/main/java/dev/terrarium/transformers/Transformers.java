package dev.terrarium.transformers;

import dev.terrarium.Adapter;
import dev.terrarium.transformers.EntityGroups.Span;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Transformer models in ONNX files, by {@code terrarium.adapter(Transformers.class)}. Thread-safe.
 *
 * <p>A model is named by its folder, which has {@code model.onnx} or {@code onnx/model.onnx},
 * {@code tokenizer.json} and {@code config.json}; by another ONNX file in such a folder; by a
 * folder on the class path, as {@code classpath:models/reviews}; or as {@code all-MiniLM-L6-v2},
 * which an artifact on the class path carries. A model is loaded when it is first used, once for
 * Java and for the Python package {@code transformers} in all contexts.
 */
public final class Transformers {

  private final Adapter adapter;

  Transformers(Adapter adapter) {
    this.adapter = adapter;
  }

  /**
   * Returns a pipeline that makes the vectors of texts, as the library {@code
   * sentence-transformers} makes them; a text that is too long is cut off.
   *
   * @param model the model's folder, or its name
   */
  public Pipeline<List<String>, List<float[]>> embedding(String model) {
    return new Pipeline<>(
        adapter,
        TransformersFunctions.EMBED,
        Objects.requireNonNull(model, "model"),
        texts -> Map.of("texts", texts),
        (texts, result) -> vectors(result));
  }

  /**
   * Returns a pipeline that gives labels to a text, all of the model's, the likeliest first. A text
   * that is too long is refused.
   *
   * @param model the model's folder
   */
  public Pipeline<String, List<Label>> textClassification(String model) {
    return new Pipeline<>(
        adapter,
        TransformersFunctions.CLASSIFY,
        Objects.requireNonNull(model, "model"),
        text -> Map.of("texts", List.of(text)),
        (text, result) -> labels(result));
  }

  /**
   * Returns a pipeline that gives a text all of these labels, the likeliest first, whose scores
   * together are 1. A text that is too long is cut off.
   *
   * @param model the folder of a model that tells whether a text entails a claim, which is {@code
   *     This example is LABEL.}
   * @param labels the labels, at least one
   */
  public Pipeline<String, List<Label>> zeroShotClassification(String model, List<String> labels) {
    List<String> candidates = List.copyOf(labels);
    return new Pipeline<>(
        adapter,
        TransformersFunctions.ZERO_SHOT,
        Objects.requireNonNull(model, "model"),
        text -> Map.of("texts", List.of(text), "candidate_labels", candidates),
        (text, result) -> labels(result));
  }

  /**
   * Returns a pipeline that puts documents in the order of their relevance for a query. What is too
   * long is cut off.
   *
   * @param model the folder of a cross-encoder, a model that reads query and document together and
   *     has one label
   */
  public Pipeline<Ranking, List<Ranked>> reranking(String model) {
    return new Pipeline<>(
        adapter,
        TransformersFunctions.RERANK,
        Objects.requireNonNull(model, "model"),
        ranking -> Map.of("query", ranking.query(), "documents", ranking.documents()),
        (ranking, result) -> ranked(result));
  }

  /**
   * Returns a pipeline that finds the entities of a text, such as names, in their order. Tokens
   * with the label {@code O} are none. A text that is too long is cut off.
   *
   * @param model the folder of a model that gives labels to tokens
   * @param strategy how tokens are grouped
   */
  public Pipeline<String, List<Entity>> tokenClassification(
      String model, AggregationStrategy strategy) {
    return tokenClassification(model, Map.of("aggregation_strategy", strategy.name()));
  }

  /**
   * Returns a pipeline that finds the entities of all of a text, which is read in parts when it is
   * too long, as {@link #tokenClassification(String, AggregationStrategy)} does. Of entities that
   * overlap, the longest stays.
   *
   * @param stride the number of tokens that a part shares with the next one, fewer than a part has
   */
  public Pipeline<String, List<Entity>> tokenClassification(
      String model, AggregationStrategy strategy, int stride) {
    return tokenClassification(
        model, Map.of("aggregation_strategy", strategy.name(), "stride", stride));
  }

  private Pipeline<String, List<Entity>> tokenClassification(String model, Map<String, ?> options) {
    return new Pipeline<>(
        adapter,
        TransformersFunctions.ENTITIES,
        Objects.requireNonNull(model, "model"),
        text -> with(options, "texts", List.of(text)),
        Transformers::entities);
  }

  private static List<Entity> entities(String text, Object result) {
    CodePoints places = new CodePoints(text);
    @SuppressWarnings("unchecked") // as the function returns it
    List<List<Span>> spans = (List<List<Span>>) result;
    return spans.getFirst().stream()
        .map(
            span ->
                new Entity(
                    span.label(),
                    span.score(),
                    span.word(),
                    places.index(span.start()),
                    places.index(span.end())))
        .toList();
  }

  /**
   * Returns a pipeline that finds the answer of a question in a text, the likeliest one. A long
   * text is read in parts. There is no answer when the text has no tokens.
   *
   * @param model the folder of a model that marks where an answer begins and ends
   */
  public Pipeline<Question, List<Answer>> questionAnswering(String model) {
    return questionAnswering(model, AnswerOptions.ofDefaults());
  }

  /**
   * Returns a pipeline that finds answers of a question in a text, the likeliest first, as {@link
   * #questionAnswering(String)} does.
   */
  public Pipeline<Question, List<Answer>> questionAnswering(String model, AnswerOptions options) {
    Objects.requireNonNull(options, "options");
    return new Pipeline<>(
        adapter,
        TransformersFunctions.ANSWER,
        Objects.requireNonNull(model, "model"),
        question -> TransformersFunctions.options(question, options),
        Transformers::answers);
  }

  private static List<Answer> answers(Question question, Object result) {
    CodePoints places = new CodePoints(question.context());
    @SuppressWarnings("unchecked") // as the function returns it
    List<List<Answer>> answers = (List<List<Answer>>) result;
    return answers.getFirst().stream()
        .map(
            answer ->
                new Answer(
                    answer.answer(),
                    answer.score(),
                    places.index(answer.start()),
                    places.index(answer.end())))
        .toList();
  }

  /**
   * Returns a pipeline that predicts the five likeliest tokens in the place of each mask of a text,
   * the likeliest first. A text without a mask is refused, and so is one that is too long.
   *
   * @param model the folder of a model that predicts masked tokens
   */
  public Pipeline<String, List<List<FilledMask>>> fillMask(String model) {
    return fillMask(model, Map.of());
  }

  /**
   * Returns a pipeline that gives the likelihood of words in the place of each mask of a text, the
   * likeliest first. Of a word that is no token of the model, the first token is taken.
   *
   * @param model the folder of a model that predicts masked tokens
   * @param targets the words, at least one
   */
  public Pipeline<String, List<List<FilledMask>>> fillMask(String model, List<String> targets) {
    return fillMask(
        model, Map.of("targets", List.copyOf(targets), "top_k", Math.max(1, targets.size())));
  }

  private Pipeline<String, List<List<FilledMask>>> fillMask(String model, Map<String, ?> options) {
    return new Pipeline<>(
        adapter,
        TransformersFunctions.FILL_MASK,
        Objects.requireNonNull(model, "model"),
        text -> with(options, "texts", List.of(text)),
        (text, result) -> filled(result));
  }

  @SuppressWarnings("unchecked") // as the function returns it
  private static List<List<FilledMask>> filled(Object result) {
    return ((List<List<List<FilledMask>>>) result).getFirst();
  }

  private static Map<String, ?> with(Map<String, ?> options, String name, Object value) {
    Map<String, Object> all = new HashMap<>(options);
    all.put(name, value);
    return all;
  }

  @SuppressWarnings("unchecked") // as the function returns it
  private static List<Ranked> ranked(Object result) {
    return (List<Ranked>) result;
  }

  @SuppressWarnings("unchecked") // as the function returns it
  private static List<float[]> vectors(Object result) {
    return (List<float[]>) result;
  }

  @SuppressWarnings("unchecked") // as the function returns it
  private static List<Label> labels(Object result) {
    return ((List<List<Label>>) result).getFirst();
  }
}
