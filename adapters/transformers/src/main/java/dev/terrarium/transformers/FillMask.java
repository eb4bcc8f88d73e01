package dev.terrarium.transformers;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.transformers.SpecialTokens.Token;
import dev.terrarium.transformers.TextClassification.Scores;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Predicts tokens in the place of masks by a loaded model, as {@code FillMaskPipeline} of {@code
 * transformers} 5.24.0 does. Stateless.
 */
final class FillMask {

  /** The number of tokens for a mask, by default. */
  static final int MOST_TOKENS = 5;

  private FillMask() {}

  /**
   * How masks are filled.
   *
   * @param topK the number of tokens for each mask
   * @param targets the words among which a model chooses; null for all of its vocabulary. Of a word
   *     that is no token the first token is taken
   * @param truncation what becomes of a text that is too long
   */
  record Options(int topK, @Nullable List<String> targets, Truncation truncation) {}

  /**
   * Returns the tokens for each mask of each text, the likeliest first.
   *
   * @throws ModelException when the model predicts no tokens
   * @throws ArgumentException when a text has no mask, or the numbers do not fit
   */
  static List<List<List<FilledMask>>> filled(OnnxModel model, List<String> texts, Options options) {
    int output = model.byToken(OnnxModel.LOGITS, "predicts no tokens");
    Token mask = model.tokenizer().special().mask();
    if (mask == null) {
      throw new ModelException(
          Kind.INVALID_REQUEST,
          "The tokenizer of the model " + model.files().name() + " has no mask token.",
          null);
    }
    if (options.topK() < 1) {
      throw new ArgumentException("top_k: " + options.topK() + " is less than 1");
    }
    List<Tokens> inputs = new ArrayList<>();
    for (String text : texts) {
      Tokens tokens = model.tokens(text, null, Integer.MAX_VALUE, options.truncation());
      if (LongStream.of(tokens.ids()).noneMatch(id -> id == mask.id())) {
        throw new ArgumentException(
            "The text has no " + mask.name() + ": put it where a word is to be predicted.");
      }
      inputs.add(tokens);
    }
    long[] targets = targets(model.tokenizer(), options.targets());
    List<List<List<FilledMask>>> filled = new ArrayList<>();
    for (Tokens tokens : inputs) {
      // One text at a time: its numbers can take 60 MB.
      float[] logits = model.compute(List.of(tokens)).getFirst().get(output);
      int width = logits.length / tokens.length();
      int[] places =
          IntStream.range(0, tokens.length()).filter(i -> tokens.ids()[i] == mask.id()).toArray();
      List<List<FilledMask>> masks = new ArrayList<>();
      for (int place : places) {
        double[] scores =
            Scores.SOFTMAX.of(Arrays.copyOfRange(logits, place * width, (place + 1) * width));
        List<FilledMask> likeliest = new ArrayList<>();
        for (long id : best(scores, targets, options.topK())) {
          likeliest.add(
              new FilledMask(
                  model.tokenizer().decode(new long[] {id}, false),
                  scores[Math.toIntExact(id)],
                  id,
                  text(model, tokens, place, id, places.length == 1)));
        }
        masks.add(likeliest);
      }
      filled.add(masks);
    }
    return filled;
  }

  /**
   * Returns the likeliest tokens among the targets; among all of the vocabulary without targets.
   */
  private static List<Long> best(double[] scores, long @Nullable [] targets, int most) {
    if (targets == null && most > scores.length) {
      throw new ArgumentException(
          "top_k: " + most + " is more than the " + scores.length + " tokens of the vocabulary");
    }
    LongStream ids = targets == null ? LongStream.range(0, scores.length) : LongStream.of(targets);
    return ids.boxed()
        .sorted(Comparator.comparingDouble((Long id) -> scores[Math.toIntExact(id)]).reversed())
        .limit(most)
        .toList();
  }

  /**
   * Returns the text with a token in the place of a mask.
   *
   * @param only whether it is the only mask; the tokens that the tokenizer added are then left out
   */
  private static String text(OnnxModel model, Tokens tokens, int place, long id, boolean only) {
    long[] ids = tokens.ids().clone();
    ids[place] = id;
    long padding = model.files().padding();
    return model
        .tokenizer()
        .decode(LongStream.of(ids).filter(each -> each != padding).toArray(), only);
  }

  private static long @Nullable [] targets(TextTokenizer tokenizer, @Nullable List<String> words) {
    if (words == null) {
      return null;
    }
    long[] ids =
        words.stream()
            .flatMapToLong(
                word -> {
                  Long known = tokenizer.idOf(word);
                  return known == null
                      ? LongStream.of(tokenizer.idsOf(word)).limit(1)
                      : LongStream.of(known);
                })
            .distinct()
            .toArray();
    if (ids.length == 0) {
      throw new ArgumentException("targets: at least one word with tokens is needed.");
    }
    return ids;
  }
}
