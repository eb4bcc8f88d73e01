import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyModule;
import dev.terrarium.dspy.DspyModuleProgram;
import dev.terrarium.dspy.Predictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Answers a question from this project's guides: in each of two hops the model writes a search
 * query, and Java looks the passages up; then the model answers with the passages. Thread-safe.
 *
 * <p>The first {@code ./terrarium ask} builds the jars that this needs, beside a JDK 25:
 *
 * <pre>{@code
 * java -cp 'adapters/cli/target/dist/lib/*' docs/examples/MultiHopRag.java docs/guides "When does a frozen program thaw?"
 * }</pre>
 */
public final class MultiHopRag extends DspyModule<MultiHopRag.Question, MultiHopRag.Answer> {

  public record Question(String question) {}

  @Describe("Write a search query that finds what is still missing to answer the question.")
  public record Query(@Describe("a few words") String query) {}

  public record Notes(String question, List<String> passages) {}

  @Describe("Answer the question with the passages.")
  public record Answer(@Describe("one or two sentences") String answer) {}

  private static final int HOPS = 2;
  private static final int PASSAGES = 3;

  private final Predictor<Notes, Query> query = predict("query", Notes.class, Query.class);
  private final Predictor<Notes, Answer> answer =
      chainOfThought("answer", Notes.class, Answer.class);
  private final List<String> passages;

  /** Creates the module over the paragraphs of the Markdown files in a folder. */
  public MultiHopRag(Path folder) throws IOException {
    super(Question.class, Answer.class);
    List<String> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".md")).sorted().toList()) {
        Arrays.stream(Files.readString(file).split("\n\n"))
            .filter(paragraph -> paragraph.length() > 80 && !paragraph.startsWith("```"))
            .forEach(all::add);
      }
    }
    passages = List.copyOf(all);
  }

  @Override
  protected Answer forward(Question question, Calls calls) {
    List<String> notes = new ArrayList<>();
    for (int hop = 0; hop < HOPS; hop++) {
      Query next = calls.call(query, new Notes(question.question(), List.copyOf(notes)));
      search(next.query()).filter(found -> !notes.contains(found)).forEach(notes::add);
    }
    return calls.call(answer, new Notes(question.question(), notes));
  }

  /** Returns the passages that share most words with the query, the best first. */
  private Stream<String> search(String words) {
    Set<String> wanted = words(words);
    return passages.stream()
        .sorted(Comparator.comparingInt((String passage) -> shared(wanted, passage)).reversed())
        .limit(PASSAGES);
  }

  private static int shared(Set<String> wanted, String passage) {
    Set<String> found = words(passage);
    found.retainAll(wanted);
    return found.size();
  }

  private static Set<String> words(String text) {
    return new HashSet<>(Arrays.asList(text.toLowerCase(Locale.ROOT).split("\\W+")));
  }

  /** Answers a question; the arguments are a folder of Markdown files and the question. */
  public static void main(String[] arguments) throws IOException {
    try (var terrarium = Terrarium.start()) {
      DspyModuleProgram<Question, Answer> rag =
          terrarium.adapter(Dspy.class).module(new MultiHopRag(Path.of(arguments[0])));
      System.out.println(rag.call(new Question(arguments[1])).answer());
    }
  }
}
