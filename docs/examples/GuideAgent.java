import dev.terrarium.Callback;
import dev.terrarium.Describe;
import dev.terrarium.PythonSource;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyOptions;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.dspy.Example;
import dev.terrarium.dspy.FrozenDspyProgram;
import dev.terrarium.dspy.Metric;
import dev.terrarium.dspy.Optimization;
import dev.terrarium.dspy.Optimizer;
import dev.terrarium.langgraph.Graph;
import dev.terrarium.langgraph.LangGraph;
import dev.terrarium.transformers.SentenceModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An agent that answers questions from this project's guides, by three frameworks: the graph in
 * {@code guide_agent.py} is one of LangGraph, a transformer model finds the nearest passages, and a
 * program of DSPy judges which of them help. All ask one language model. Thread-safe.
 *
 * <p>{@code mvn -DskipTests package} builds the jars that this needs, beside a JDK 25. The command
 * line's jars are not enough: those of the benchmarks have LangGraph and the model all-MiniLM-L6-v2
 * (83 MB) too.
 *
 * <pre>{@code
 * java -cp 'jmh/target/lib/*:adapters/smollm2/target/*' docs/examples/GuideAgent.java \
 *   docs/examples/guide_agent.py docs/guides "When does a frozen program thaw?"
 * }</pre>
 *
 * <p>The embedded model answers this question rightly, but judges two of four examples wrongly.
 * Name another one in front of {@code -cp}: {@code -Dterrarium.language-model=openai:gpt-5-mini},
 * with its key in {@code OPENAI_API_KEY}.
 */
public final class GuideAgent {

  public record Question(String question) {}

  /** An answer with the names of the guides that it comes from. */
  public record Answer(String answer, List<String> sources) {}

  /** A paragraph of a guide. */
  public record Passage(String source, String text) {}

  public record Found(String question, String passage) {}

  @Describe("Decide whether the passage helps to answer the question.")
  public record Verdict(boolean helps) {}

  private static final int PASSAGES = 3;
  private static final int SHORTEST = 80; // characters

  private static final List<Example<Found, Verdict>> JUDGED =
      List.of(
          judged("How long is a vector?", "The model makes vectors of 384 numbers.", true),
          judged("How long is a vector?", "The answer may be any data, and null.", false),
          judged("Where are checkpoints kept?", "A saver keeps checkpoints in two tables.", true),
          judged("Where are checkpoints kept?", "A tokenizer returns all tokens.", false));

  private static Example<Found, Verdict> judged(String question, String passage, boolean helps) {
    return new Example<>(new Found(question, passage), new Verdict(helps));
  }

  private final SentenceModel vectors;
  private final List<Passage> passages;
  private final List<float[]> index; // of the passages, in their order
  private final FrozenDspyProgram<Found, Verdict> judge;
  private final Graph<Question, Answer> graph;

  /**
   * Makes the vectors of all passages, and has the judge optimized.
   *
   * @param code the file of the graph
   * @param guides a folder of Markdown files
   */
  public GuideAgent(Terrarium terrarium, SentenceModel vectors, Path code, Path guides)
      throws IOException {
    this.vectors = vectors;
    passages = read(guides);
    index = vectors.embed(passages.stream().map(Passage::text).toList());
    judge = judge(terrarium.adapter(Dspy.class));
    graph =
        terrarium
            .adapter(LangGraph.class)
            .graph(PythonSource.fromPath(code), "agent", Question.class, Answer.class)
            .withContext(
                Map.of(
                    "search", Callback.of(String.class, this::search),
                    "helps", Callback.of(String.class, String.class, this::helps)));
  }

  private static List<Passage> read(Path guides) throws IOException {
    List<Passage> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(guides)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".md")).sorted().toList()) {
        String prose = Files.readString(file).replaceAll("(?s)```.*?```|<!--.*?-->", "");
        Stream.of(prose.split("\n\\s*\n"))
            .filter(paragraph -> paragraph.length() > SHORTEST && !paragraph.startsWith("|"))
            .map(paragraph -> new Passage(file.getFileName().toString(), paragraph.strip()))
            .forEach(all::add);
      }
    }
    return all;
  }

  /** Returns the program in the state that an optimizer finds, frozen: it needs no context. */
  private static FrozenDspyProgram<Found, Verdict> judge(Dspy dspy) {
    DspyOptions options = DspyOptions.ofDefaults().withTemperature(0).withMaxTokens(20);
    DspyProgram<Found, Verdict> program = dspy.predict(Found.class, Verdict.class, options);
    Optimization found =
        dspy.optimize(program, JUDGED, Optimizer.labeledFewShot(), Metric.exactMatch());
    System.err.println("judge: " + found.score() + " % of its examples");
    return program.freeze();
  }

  /** Returns the passages that are nearest to a query, the nearest first. */
  private List<Passage> search(String query) {
    float[] wanted = vectors.embed(List.of(query)).getFirst();
    return IntStream.range(0, passages.size())
        .boxed()
        .sorted(Comparator.comparingDouble(place -> -product(wanted, index.get(place))))
        .limit(PASSAGES)
        .map(passages::get)
        .toList();
  }

  /** Returns the cosine of two vectors of length 1. */
  private static double product(float[] one, float[] other) {
    return IntStream.range(0, one.length).mapToDouble(i -> one[i] * other[i]).sum();
  }

  private boolean helps(String question, String passage) {
    return judge.call(new Found(question, passage)).helps();
  }

  /** Answers a question. */
  public Answer answer(Question question) {
    return graph.call(question);
  }

  /** Answers a question; the arguments are the graph's file, a folder and the question. */
  public static void main(String[] arguments) throws IOException {
    try (var vectors = SentenceModel.ofDefaults();
        var terrarium = Terrarium.start()) {
      Path code = Path.of(arguments[0]);
      GuideAgent agent = new GuideAgent(terrarium, vectors, code, Path.of(arguments[1]));
      Answer answer = agent.answer(new Question(arguments[2]));
      System.out.println(answer.answer() + "\n" + answer.sources());
    }
  }
}
