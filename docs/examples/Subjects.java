import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyOptions;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.dspy.EvaluateOptions;
import dev.terrarium.dspy.Example;
import dev.terrarium.dspy.Metric;
import dev.terrarium.dspy.Optimization;
import dev.terrarium.dspy.OptimizeOptions;
import dev.terrarium.dspy.Optimizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Classifies definitions of a dictionary by subject, has optimizers of DSPy find better prompts on
 * some of them, and scores each result on others, which no optimizer saw.
 *
 * <p>The first {@code ./terrarium ask} builds the jars that this needs, beside a JDK 25:
 *
 * <pre>{@code
 * java -cp 'adapters/cli/target/dist/lib/*' docs/examples/Subjects.java docs/examples/subjects labeled bootstrap
 * }</pre>
 */
public final class Subjects {

  public record Entry(@Describe("a definition of a dictionary") String definition) {}

  @Describe("Say which subject a definition of a dictionary belongs to.")
  public record Label(@Describe("the subject that the word belongs to") Subject subject) {}

  /** The subjects, written as in the files of examples. */
  public enum Subject {
    law,
    music,
    medicine,
    ships
  }

  private record Line(String definition, Subject label) {}

  /** The number of lines that each state is scored on while an optimizer runs. */
  private static final int VALIDATION = 12;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Dspy dspy;
  private final List<Example<Entry, Label>> train;
  private final List<Example<Entry, Label>> heldOut;

  /** Reads the examples of a folder. */
  public Subjects(Dspy dspy, Path folder) throws IOException {
    this.dspy = dspy;
    this.train = read(folder.resolve("train.jsonl"));
    this.heldOut = read(folder.resolve("heldout.jsonl"));
  }

  private static List<Example<Entry, Label>> read(Path file) throws IOException {
    List<Example<Entry, Label>> examples = new ArrayList<>();
    for (String text : Files.readAllLines(file)) {
      Line line = JSON.readValue(text, Line.class);
      examples.add(new Example<>(new Entry(line.definition()), new Label(line.label())));
    }
    return examples;
  }

  /** Returns the score on the lines held out, in percent, without and with each optimizer. */
  public Map<String, Double> scores(List<Optimizer> optimizers) {
    DspyOptions options = DspyOptions.ofDefaults().withTemperature(0).withMaxTokens(40);
    DspyProgram<Entry, Label> program = dspy.predict(Entry.class, Label.class, options);
    Map<String, Double> scores = new LinkedHashMap<>();
    scores.put("before", score(program));
    Path before = temporaryFile();
    program.save(before);
    for (Optimizer optimizer : optimizers) {
      program.load(before); // each one begins anew
      Optimization found =
          dspy.optimize(
              program,
              train,
              train.subList(0, Math.min(VALIDATION, train.size())),
              optimizer,
              Metric.exactMatch(),
              OptimizeOptions.ofDefaults().withListener(System.err::println));
      System.err.println(optimizer + ": " + found.score() + " % of the lines to train on");
      scores.put(optimizer.name(), score(program));
    }
    program.load(before);
    return scores;
  }

  private double score(DspyProgram<Entry, Label> program) {
    // Frozen, so that Java asks the model without Python.
    EvaluateOptions options = EvaluateOptions.ofDefaults().withThreads(8);
    double score = dspy.evaluate(program.freeze(), heldOut, Metric.exactMatch(), options).score();
    System.err.println("held out: " + score + " %");
    return score;
  }

  private static Path temporaryFile() {
    try {
      Path file = Files.createTempFile("before", ".json");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Prints the scores; the arguments are the folder and names of optimizers. */
  public static void main(String[] arguments) throws IOException {
    List<Optimizer> optimizers = Arrays.stream(arguments).skip(1).map(Optimizer::named).toList();
    try (var terrarium = Terrarium.start()) {
      Subjects subjects = new Subjects(terrarium.adapter(Dspy.class), Path.of(arguments[0]));
      System.out.println(subjects.scores(optimizers));
    }
  }
}
