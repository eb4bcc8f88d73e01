import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyOptions;
import dev.terrarium.dspy.RlmProgram;
import dev.terrarium.dspy.RlmTrace;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Answers a question about a log of any length: the model writes Python code that looks at the log,
 * reads what the code prints, and asks Java who owns a service. The log itself is never sent to the
 * model. Thread-safe.
 *
 * <p>The first {@code ./terrarium ask} builds the jars that this needs, beside a JDK 25:
 *
 * <pre>{@code
 * java -cp 'adapters/cli/target/dist/lib/*' docs/examples/LogReport.java service.log "Which service failed most?"
 * }</pre>
 *
 * <p>The embedded model is too small to write such code. Name another one in front of {@code -cp}:
 * {@code -Dterrarium.language-model=openai:gpt-5-mini}, with its key in {@code OPENAI_API_KEY}.
 */
public final class LogReport {

  public record Incident(String log, String question) {}

  @Describe("Answer the question about the log, and count what the answer rests on.")
  public record Report(
      @Describe("one or two sentences") String answer,
      @Describe("lines with the level ERROR, by service") Map<String, Integer> errors,
      @Describe("time of the first error of the service that failed most")
          Optional<LocalDateTime> since,
      @Describe("who is to be called") String owner) {}

  public record Service(@Describe("as in the log") String name) {}

  private final RlmProgram<Incident, Report> program;

  /**
   * Creates the program.
   *
   * @param owners who is to be called for a service, by its name
   */
  public LogReport(Dspy dspy, Map<String, String> owners) {
    Tool owner =
        Tool.of(
            "owner",
            "Returns who is to be called for a service.",
            Service.class,
            service -> owners.getOrDefault(service.name(), "nobody"));
    program =
        dspy.rlm(Incident.class, Report.class, Tools.of(owner), DspyOptions.ofDefaults())
            .withMaxIterations(8)
            .withMaxLlmCalls(10);
  }

  /** Answers a question, and returns with the report each piece of code that led to it. */
  public RlmTrace<Report> report(Incident incident) {
    return program.trace(incident);
  }

  /** Answers a question; the arguments are a log file and the question. */
  public static void main(String[] arguments) throws IOException {
    try (var terrarium = Terrarium.start()) {
      LogReport report =
          new LogReport(terrarium.adapter(Dspy.class), Map.of("payment", "Bea", "search", "Ali"));
      RlmTrace<Report> trace =
          report.report(new Incident(Files.readString(Path.of(arguments[0])), arguments[1]));
      List<RlmTrace.Step> steps = trace.steps();
      for (RlmTrace.Step step : steps) {
        System.err.println(step.code() + "\n-> " + step.output());
      }
      System.out.println(trace.outputs());
    }
  }
}
