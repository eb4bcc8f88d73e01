package dev.terrarium.transformers;

import dev.terrarium.transformers.Tokens.Piece;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Makes entities of labelled tokens, by the rules of {@code TokenClassificationPipeline} of {@code
 * transformers} 5.24.0: {@code gather_pre_entities}, {@code aggregate_word} and {@code
 * group_entities}. Immutable.
 */
final class EntityGroups {

  /**
   * A part of a text with a label. Places are in code points.
   *
   * @param index the place of a token among the text's tokens; -1 for a word or a group
   */
  record Span(String label, double score, int index, String word, int start, int end) {

    /** Returns the label without the mark of beginning or continuation. */
    private String kind() {
      return begins() || label.startsWith("I-") ? label.substring(2) : label;
    }

    private boolean begins() {
      return label.startsWith("B-");
    }
  }

  /**
   * A token with the scores of all labels.
   *
   * @param continuesWord whether the token belongs to the same word as the token before
   */
  @SuppressWarnings("ArrayRecordComponent") // compared nowhere
  private record Scored(
      String word, double[] scores, int index, int start, int end, boolean continuesWord) {}

  private final TextTokenizer tokenizer;
  private final List<String> labels;
  private final AggregationStrategy strategy;

  EntityGroups(TextTokenizer tokenizer, List<String> labels, AggregationStrategy strategy) {
    this.tokenizer = tokenizer;
    this.labels = labels;
    this.strategy = strategy;
  }

  /**
   * Returns the entities of a text, those with ignored labels among them.
   *
   * @param scores the scores of all labels, for each token
   */
  List<Span> of(CodePoints text, Tokens tokens, List<double[]> scores) {
    List<Scored> scored = new ArrayList<>();
    for (int i = 0; i < tokens.length(); i++) {
      if (!tokens.pieces().get(i).isAdded()) {
        scored.add(scored(text, tokens, i, scores.get(i)));
      }
    }
    return switch (strategy) {
      case NONE -> scored.stream().map(this::single).toList();
      case SIMPLE -> groups(scored.stream().map(this::single).toList());
      case FIRST, AVERAGE, MAX -> groups(words(scored));
    };
  }

  private Scored scored(CodePoints text, Tokens tokens, int index, double[] scores) {
    Piece piece = tokens.pieces().get(index);
    String word = piece.token();
    boolean continuesWord;
    if (SpecialTokens.Token.is(tokenizer.special().unknown(), tokens.ids()[index])) {
      word = text.between(piece.start(), piece.end());
      continuesWord = false;
    } else if (tokenizer.marksSubwords()) {
      // A token with its mark is longer than its part of the text.
      continuesWord = word.codePointCount(0, word.length()) != piece.end() - piece.start();
    } else {
      // A word begins behind a space, or with one.
      int behind = Math.min(piece.start() + 1, text.length());
      continuesWord = piece.start() > 0 && !text.between(piece.start() - 1, behind).contains(" ");
    }
    return new Scored(word, scores, index, piece.start(), piece.end(), continuesWord);
  }

  private Span single(Scored token) {
    int best = best(token.scores());
    return new Span(
        labels.get(best),
        token.scores()[best],
        token.index(),
        token.word(),
        token.start(),
        token.end());
  }

  private List<Span> words(List<Scored> tokens) {
    List<Span> words = new ArrayList<>();
    int from = 0;
    for (int i = 1; i <= tokens.size(); i++) {
      if (i == tokens.size() || !tokens.get(i).continuesWord()) {
        words.add(word(tokens.subList(from, i)));
        from = i;
      }
    }
    return words;
  }

  private Span word(List<Scored> tokens) {
    double[] scores =
        switch (strategy) {
          case AVERAGE -> mean(tokens);
          case MAX ->
              Collections.max(
                      tokens,
                      Comparator.comparingDouble(token -> token.scores()[best(token.scores())]))
                  .scores();
          default -> tokens.getFirst().scores();
        };
    int best = best(scores);
    return new Span(
        labels.get(best),
        scores[best],
        -1,
        tokenizer.decoder().decode(tokens.stream().map(Scored::word).toList()),
        tokens.getFirst().start(),
        tokens.getLast().end());
  }

  private static double[] mean(List<Scored> tokens) {
    double[] mean = new double[tokens.getFirst().scores().length];
    for (Scored token : tokens) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += token.scores()[i] / tokens.size();
      }
    }
    return mean;
  }

  /** Returns the index of the greatest score, the first one of equals. */
  private static int best(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  private List<Span> groups(List<Span> entities) {
    List<Span> groups = new ArrayList<>();
    int from = 0;
    for (int i = 1; i <= entities.size(); i++) {
      Span before = entities.get(i - 1);
      Span entity = i == entities.size() ? null : entities.get(i);
      if (entity == null || entity.begins() || !entity.kind().equals(before.kind())) {
        groups.add(group(entities.subList(from, i)));
        from = i;
      }
    }
    return groups;
  }

  private Span group(List<Span> entities) {
    String label = entities.getFirst().label();
    return new Span(
        label.substring(label.indexOf('-') + 1),
        entities.stream().mapToDouble(Span::score).average().orElseThrow(),
        -1,
        tokenizer.decoder().decode(entities.stream().map(Span::word).toList()),
        entities.getFirst().start(),
        entities.getLast().end());
  }
}
