package dev.terrarium.langgraph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.PythonSource;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.testkit.JavaProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sqlite.SQLiteDataSource;

/**
 * Another JVM runs a graph of four nodes with its checkpoints in a file of SQLite, and is killed;
 * this one goes on.
 */
@Tag("graalpy")
@Timeout(180)
class KilledProcessTest {

  /** Where the other JVM is killed, after the node b has run. */
  enum Moment {
    /** The node b has had its effect, but nothing that it wrote is stored: it runs again. */
    BEFORE_WRITES,
    /** What b wrote is stored, and the checkpoint that follows is not yet. */
    BEFORE_CHECKPOINT,
    /** The checkpoint after b is stored, and c has not begun. */
    AFTER_CHECKPOINT
  }

  /** Runs the graph in a JVM of its own, until its saver hangs. */
  static final class GraphProcess {

    private GraphProcess() {}

    public static void main(String[] args) {
      JdbcCheckpointSaver saver =
          new JdbcCheckpointSaver(database(Path.of(args[0]))).createTables();
      Path effects = Path.of(args[1]);
      Moment moment = Moment.valueOf(args[2]);
      try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
        run(terrarium, new Hanging(saver, effects, moment), effects);
      }
    }
  }

  /** A saver that hangs at its moment, after the node b has had its effect. */
  private record Hanging(CheckpointSaver saver, Path effects, Moment moment)
      implements CheckpointSaver {

    @Override
    public void put(StoredCheckpoint checkpoint) {
      hangAt(Moment.BEFORE_CHECKPOINT);
      saver.put(checkpoint);
      hangAt(Moment.AFTER_CHECKPOINT);
    }

    @Override
    public void putWrites(
        String thread, String namespace, String checkpoint, List<StoredWrite> writes) {
      hangAt(Moment.BEFORE_WRITES);
      saver.putWrites(thread, namespace, checkpoint, writes);
    }

    @Override
    public Optional<StoredCheckpoint> get(
        String thread, String namespace, @Nullable String checkpoint) {
      return saver.get(thread, namespace, checkpoint);
    }

    @Override
    public List<StoredCheckpoint> list(
        String thread, @Nullable String namespace, @Nullable String before, int most) {
      return saver.list(thread, namespace, before, most);
    }

    @Override
    public void deleteThread(String thread) {
      saver.deleteThread(thread);
    }

    private void hangAt(Moment reached) {
      if (reached == moment && lines(effects).contains("b")) {
        System.out.println("hangs");
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  @TempDir private static Path folder = Path.of("");

  private static Terrarium terrarium;

  @BeforeAll
  static void start() {
    terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build());
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  private static DataSource database(Path file) {
    SQLiteDataSource sqlite = new SQLiteDataSource();
    sqlite.setUrl("jdbc:sqlite:" + file);
    return sqlite;
  }

  private static GraphThread<Map<String, ?>, Map<String, @Nullable Object>> thread(
      Terrarium of, CheckpointSaver saver) {
    return of.adapter(LangGraph.class)
        .graph(PythonSource.fromResource("/more_graphs.py"), "steps")
        .thread("order-17", saver);
  }

  private static Run<?> run(Terrarium of, CheckpointSaver saver, Path effects) {
    return thread(of, saver).invoke(Map.of("effects", effects.toString()));
  }

  private static List<String> lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void killedRunIsGoneOnWithInAnotherProcess(Moment moment) throws Exception {
    Path database = folder.resolve(moment + ".db");
    Path effects = folder.resolve(moment + ".txt");
    Process process =
        JavaProcess.of(GraphProcess.class, database.toString(), effects.toString(), moment.name())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(process.inputReader().readLine()).isEqualTo("hangs");
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(lines(effects)).containsExactly("a", "b");

    var thread = thread(terrarium, new JdbcCheckpointSaver(database(database)));
    Run<Map<String, @Nullable Object>> rest = thread.proceed();

    List<String> all =
        moment == Moment.BEFORE_WRITES
            ? List.of("a", "b", "b", "c", "d")
            : List.of("a", "b", "c", "d");
    assertThat(lines(effects)).isEqualTo(all);
    assertThat(rest.isFinished()).isTrue();
    assertThat(rest.values()).containsEntry("log", List.of("a", "b", "c", "d"));
    thread.proceed(); // of a run that has ended
    assertThat(lines(effects)).isEqualTo(all);
  }
}
