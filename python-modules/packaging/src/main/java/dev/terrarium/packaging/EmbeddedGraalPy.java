package dev.terrarium.packaging;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.io.IOAccess;

/** GraalPy in this JVM. */
final class EmbeddedGraalPy implements GraalPy {

  private static final int WORKERS = Math.min(2, Runtime.getRuntime().availableProcessors());
  private static final int SMALL = 40;
  private static final long STACK_BYTES = 64L << 20;

  @Override
  public void unpackHome(Path folder) throws IOException {
    Path unpacked = folder.resolveSibling(folder.getFileName() + ".unpacked");
    Engine.copyResources(unpacked, "python");
    Files.move(unpacked.resolve("python/python-home"), folder);
    FileTrees.delete(unpacked);
  }

  @Override
  public List<String> compile(Path home, Path root, Collection<String> names) {
    int workers = names.size() < SMALL ? 1 : WORKERS;
    List<List<String>> shares = new ArrayList<>();
    for (int i = 0; i < workers; i++) {
      shares.add(new ArrayList<>());
    }
    int next = 0;
    for (String name : names) {
      shares.get(next++ % workers).add(name);
    }
    try (Engine engine = newEngine();
        ExecutorService threads =
            Executors.newFixedThreadPool(
                workers, work -> new Thread(null, work, "compile-python", STACK_BYTES))) {
      List<Future<List<String>>> running = new ArrayList<>();
      for (List<String> share : shares) {
        running.add(threads.submit(() -> compile(engine, home, root, share)));
      }
      List<String> failures = new ArrayList<>();
      for (Future<List<String>> worker : running) {
        failures.addAll(worker.get());
      }
      return failures.stream().sorted().toList();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PackagingException("Interrupted while compiling Python files.", e);
    } catch (ExecutionException e) {
      throw new PackagingException(
          "GraalPy failed while compiling Python files: " + e.getCause(), e);
    }
  }

  @Override
  public int compileLazily(Path home, Path root, Collection<String> names) {
    try (Engine engine = newEngine()) {
      return Integer.parseInt(
          run(engine, home, "lazy_imports.py", "compile_lazily", root, List.copyOf(names)));
    } catch (PolyglotException e) {
      throw new PackagingException("Imports could not be deferred: " + e.getMessage(), e);
    }
  }

  private static Engine newEngine() {
    return Engine.newBuilder("python").option("engine.WarnInterpreterOnly", "false").build();
  }

  private static List<String> compile(Engine engine, Path home, Path root, List<String> names) {
    return run(engine, home, "compile_files.py", "compile_files", root, names).lines().toList();
  }

  /** Runs a function of one of the scripts on names of files, one a line. */
  private static String run(
      Engine engine, Path home, String script, String function, Path root, List<String> names) {
    try (Context context =
        Context.newBuilder("python")
            .engine(engine)
            .allowIO(IOAccess.ALL)
            .allowExperimentalOptions(true)
            .option("python.PythonHome", home.toString())
            .option("python.DontWriteBytecodeFlag", "true")
            .build()) {
      context.eval(script(script));
      return context
          .getBindings("python")
          .getMember(function)
          .execute(root.toString(), String.join("\n", names))
          .asString();
    }
  }

  private static Source script(String name) {
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(EmbeddedGraalPy.class.getResourceAsStream(name), name),
            StandardCharsets.UTF_8)) {
      return Source.newBuilder("python", reader, name).build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
