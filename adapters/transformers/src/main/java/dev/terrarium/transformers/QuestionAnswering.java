package dev.terrarium.transformers;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.transformers.Tokens.Piece;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Finds the answers of questions in texts by a loaded model, as {@code QuestionAnsweringPipeline}
 * of {@code transformers} 4.57.6 does, the last version that has it. Stateless.
 *
 * <p>Answers with the score 0 are left out: CPython adds some when there are fewer others than were
 * asked for, in an order that depends on numpy's sorting.
 */
final class QuestionAnswering {

  private static final String START = "start_logits";
  private static final String END = "end_logits";
  private static final String TASK = "answers no questions";

  /** What takes the place of the numbers of tokens that are in no answer. */
  private static final float UNWANTED = -10_000;

  private static final int MOST_TOKENS = 384;
  private static final int MOST_STRIDE = 128;

  private QuestionAnswering() {}

  /**
   * Returns the answers of each question, the likeliest first, with places in code points. There
   * are none when the text has no tokens.
   *
   * @throws ModelException when the model answers no questions, or the question leaves no room for
   *     the text
   * @throws ArgumentException when the parts of a text would not advance
   */
  static List<List<Answer>> answers(
      OnnxModel model, List<Question> questions, AnswerOptions options) {
    int start = model.byToken(START, TASK);
    int end = model.byToken(END, TASK);
    if (model.files().tokenizerConfig().path("padding_side").asText("").equals("left")) {
      throw model
          .files()
          .unfit(
              "is padded on the left, and would read the text before the question; supported are"
                  + " models that read the question first.");
    }
    List<List<Tokens>> windows =
        questions.stream().map(question -> windows(model, question, options)).toList();
    List<List<float[]>> outputs = model.compute(windows.stream().flatMap(List::stream).toList());
    List<List<Answer>> answers = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < questions.size(); i++) {
      Found found = new Found(new CodePoints(questions.get(i).context()), options);
      for (Tokens window : windows.get(i)) {
        List<float[]> numbers = outputs.get(next++);
        boolean[] wanted = wanted(model, window);
        found.add(
            window, wanted, scores(numbers.get(start), wanted), scores(numbers.get(end), wanted));
      }
      answers.add(found.best());
    }
    return answers;
  }

  private static List<Tokens> windows(OnnxModel model, Question question, AnswerOptions options) {
    int window = model.files().window();
    int most = options.maxSequenceLength().orElse(Math.min(window, MOST_TOKENS));
    if (most > window) {
      throw new ArgumentException(
          "max_seq_len: "
              + most
              + " is more than the "
              + window
              + " tokens that the model "
              + model.files().name()
              + " reads");
    }
    int stride = options.stride().orElse(Math.min(most / 2, MOST_STRIDE));
    return model.windows(question.question(), question.context(), most, stride);
  }

  /** Returns which tokens count: those of the text, and the one that stands for no answer. */
  private static boolean[] wanted(OnnxModel model, Tokens window) {
    boolean[] wanted = new boolean[window.length()];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] =
          window.pieces().get(i).text() == 1
              || SpecialTokens.Token.is(model.tokenizer().special().first(), window.ids()[i]);
    }
    return wanted;
  }

  private static double[] scores(float[] logits, boolean[] wanted) {
    float[] own = logits.clone();
    for (int i = 0; i < own.length; i++) {
      own[i] = wanted[i] ? own[i] : UNWANTED;
    }
    return TextClassification.Scores.SOFTMAX.of(own);
  }

  /** The answers that were found in the windows of a text. */
  private static final class Found {

    private final CodePoints text;
    private final AnswerOptions options;

    /** The answers by their words in lower case, in the order in which they were found. */
    private final Map<String, Answer> answers = new LinkedHashMap<>();

    private double none = Double.POSITIVE_INFINITY;

    Found(CodePoints text, AnswerOptions options) {
      this.text = text;
      this.options = options;
    }

    /** The tokens from one to another as an answer. */
    private record Candidate(int start, int end, double score) {}

    /** The places of a word, as far as a window has it. */
    private record Word(int start, int end) {}

    /** Orders candidates from the least likely one on; of equals the first is likelier. */
    private static final Comparator<Candidate> LIKELIHOOD =
        Comparator.comparingDouble(Candidate::score)
            .thenComparing(Comparator.comparingInt(Candidate::start).reversed())
            .thenComparing(Comparator.comparingInt(Candidate::end).reversed());

    void add(Tokens window, boolean[] wanted, double[] starts, double[] ends) {
      none = Math.min(none, starts[0] * ends[0]);
      starts[0] = 0;
      ends[0] = 0;
      Map<Integer, Word> words = words(window);
      for (Candidate candidate : candidates(starts, ends)) {
        if (wanted[candidate.start()] && wanted[candidate.end()]) {
          add(answer(window, words, candidate));
        }
      }
    }

    /** Returns the likeliest candidates, whose number leaves some for words of several tokens. */
    private List<Candidate> candidates(double[] starts, double[] ends) {
      long most = options.wholeWords() ? options.topK() * 2L + 10 : options.topK();
      PriorityQueue<Candidate> best = new PriorityQueue<>(LIKELIHOOD);
      for (int start = 0; start < starts.length; start++) {
        int last = Math.min(ends.length, start + options.maxAnswerLength());
        for (int end = start; end < last; end++) {
          double score = starts[start] * ends[end];
          if (score > 0) {
            best.add(new Candidate(start, end, score));
            if (best.size() > most) {
              best.remove();
            }
          }
        }
      }
      return best.stream().sorted(LIKELIHOOD.reversed()).toList();
    }

    private Answer answer(Tokens window, Map<Integer, Word> words, Candidate candidate) {
      Piece first = window.pieces().get(candidate.start());
      Piece last = window.pieces().get(candidate.end());
      Word firstWord = words.get(first.word());
      Word lastWord = words.get(last.word());
      return firstWord == null || lastWord == null
          ? answer(first.start(), last.end(), candidate.score())
          : answer(firstWord.start(), lastWord.end(), candidate.score());
    }

    private Answer answer(int start, int end, double score) {
      return new Answer(text.between(start, end), score, start, end);
    }

    /** Returns the words of the text in a window by their numbers; none when they do not count. */
    private Map<Integer, Word> words(Tokens window) {
      Map<Integer, Word> words = new HashMap<>();
      for (Piece piece : window.pieces()) {
        if (options.wholeWords() && piece.text() == 1 && piece.word() >= 0) {
          words.merge(
              piece.word(),
              new Word(piece.start(), piece.end()),
              (one, more) -> new Word(one.start(), more.end()));
        }
      }
      return words;
    }

    private void add(Answer answer) {
      answers.merge(
          answer.answer().toLowerCase(Locale.ROOT),
          answer,
          (one, more) ->
              new Answer(one.answer(), one.score() + more.score(), one.start(), one.end()));
    }

    List<Answer> best() {
      List<Answer> sorted = new ArrayList<>(answers.values());
      if (options.impossible()) {
        sorted.add(new Answer("", none, 0, 0));
      }
      sorted.sort(Comparator.comparingDouble(Answer::score).reversed());
      return List.copyOf(sorted.subList(0, Math.min(sorted.size(), options.topK())));
    }
  }
}
