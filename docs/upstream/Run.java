import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Source;

/**
 * Runs a Python file on GraalPy: {@code java -cp 'jmh/target/lib/*' Run.java FILE [SITE-PACKAGES]}.
 */
final class Run {
  private Run() {}

  public static void main(String[] args) throws Exception {
    Context.Builder builder =
        Context.newBuilder("python")
            .allowAllAccess(true)
            .option("engine.WarnInterpreterOnly", "false")
            .option("python.WarnExperimentalFeatures", "false");
    if (args.length > 1) {
      builder.option("python.PythonPath", args[1]);
    }
    // DSPy's import is deep.
    Thread thread = new Thread(null, () -> run(builder, Path.of(args[0])), "python", 256L << 20);
    thread.start();
    thread.join();
    // Native extensions leave threads behind.
    System.exit(0);
  }

  private static void run(Context.Builder builder, Path file) {
    Context context = builder.build();
    try {
      context.eval(Source.newBuilder("python", file.toFile()).build());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
