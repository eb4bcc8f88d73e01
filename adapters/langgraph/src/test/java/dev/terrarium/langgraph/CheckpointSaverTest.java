package dev.terrarium.langgraph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConnectionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.hsqldb.jdbc.JDBCDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sqlite.SQLiteDataSource;

/** Tests of what a saver must do, on each saver and on three databases. */
class CheckpointSaverTest {

  enum Kind {
    MEMORY,
    SQLITE,
    H2,
    HSQLDB
  }

  @TempDir private Path folder = Path.of("");

  private DataSource database(Kind kind) {
    String file = folder.resolve("checkpoints").toString();
    switch (kind) {
      case SQLITE -> {
        SQLiteDataSource sqlite = new SQLiteDataSource();
        sqlite.setUrl("jdbc:sqlite:" + file + ".db");
        sqlite.setBusyTimeout(60_000); // as many write, and the disk may be slow
        return sqlite;
      }
      case H2 -> {
        JdbcDataSource h2 = new JdbcDataSource();
        h2.setURL("jdbc:h2:" + file);
        return h2;
      }
      case HSQLDB -> {
        JDBCDataSource hsqldb = new JDBCDataSource();
        hsqldb.setURL("jdbc:hsqldb:file:" + file + ";shutdown=true");
        return hsqldb;
      }
      case MEMORY -> throw new IllegalArgumentException();
    }
    throw new IllegalArgumentException();
  }

  private CheckpointSaver saver(Kind kind) {
    return kind == Kind.MEMORY
        ? new MemoryCheckpointSaver()
        : new JdbcCheckpointSaver(database(kind)).createTables();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static StoredCheckpoint checkpoint(String thread, String namespace, String id) {
    return new StoredCheckpoint(
        thread,
        namespace,
        id,
        Optional.empty(),
        bytes("state " + id),
        new byte[] {0, -1},
        List.of());
  }

  private static StoredWrite write(String task, int index, String value) {
    return new StoredWrite(task, "~path", index, "channel", "msgpack", bytes(value));
  }

  private static List<String> ids(List<StoredCheckpoint> checkpoints) {
    return checkpoints.stream().map(StoredCheckpoint::id).toList();
  }

  private static List<String> values(List<StoredWrite> writes) {
    return writes.stream()
        .map(
            write ->
                write.task() + write.index() + new String(write.value(), StandardCharsets.UTF_8))
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void checkpointComesBackAsItWas(Kind kind) {
    CheckpointSaver saver = saver(kind);
    byte[] state = new byte[100_000];
    for (int i = 0; i < state.length; i++) {
      state[i] = (byte) i;
    }
    saver.put(
        new StoredCheckpoint(
            "Ünï 'thread'", "sub|1", "2", Optional.of("1"), state, new byte[0], List.of()));

    StoredCheckpoint found = saver.get("Ünï 'thread'", "sub|1", "2").orElseThrow();
    assertThat(found.parent()).contains("1");
    assertThat(found.checkpoint()).isEqualTo(state);
    assertThat(found.metadata()).isEmpty();
    assertThat(found.writes()).isEmpty();
    assertThat(saver.get("Ünï 'thread'", "", "2")).isEmpty();
    assertThat(saver.get("Ünï 'thread'", "sub|1", "1")).isEmpty();
    assertThat(saver.get("other", "sub|1", null)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void checkpointsAreListedFromTheLatest(Kind kind) {
    CheckpointSaver saver = saver(kind);
    for (String id : List.of("1f1-b", "1f1-a", "1f2-0", "1f1-c")) {
      saver.put(checkpoint("t", "", id));
    }
    saver.put(checkpoint("t", "inner", "1f1-d"));
    saver.put(checkpoint("u", "", "9"));

    assertThat(ids(saver.list("t", "", null, 10)))
        .containsExactly("1f2-0", "1f1-c", "1f1-b", "1f1-a");
    assertThat(ids(saver.list("t", null, null, 3))).containsExactly("1f2-0", "1f1-d", "1f1-c");
    assertThat(ids(saver.list("t", "", "1f1-c", Integer.MAX_VALUE)))
        .containsExactly("1f1-b", "1f1-a");
    assertThat(saver.get("t", "", null).orElseThrow().id()).isEqualTo("1f2-0");
  }

  @ParameterizedTest
  @EnumSource
  void eachListedCheckpointHasItsOwnWrites(Kind kind) {
    CheckpointSaver saver = saver(kind);
    for (String id : List.of("1", "2", "3")) {
      saver.put(checkpoint("t", "", id));
      saver.put(checkpoint("t", "inner", id));
      saver.putWrites("u", "", id, List.of(write("a", 0, "of another thread")));
    }
    saver.putWrites("t", "", "1", List.of(write("a", 0, "x"), write("b", 0, "x")));
    saver.putWrites("t", "", "3", List.of(write("a", 0, "y")));
    saver.putWrites("t", "inner", "3", List.of(write("a", 0, "z")));

    assertThat(saver.list("t", "", null, 10))
        .extracting(each -> values(each.writes()))
        .containsExactly(List.of("a0y"), List.of(), List.of("a0x", "b0x"));
    assertThat(saver.list("t", null, null, 10))
        .filteredOn(each -> each.id().equals("3"))
        .extracting(each -> each.namespace() + values(each.writes()))
        .containsExactlyInAnyOrder("[a0y]", "inner[a0z]");
  }

  @ParameterizedTest
  @EnumSource
  void firstWriteStaysButForLangGraphsOwn(Kind kind) {
    CheckpointSaver saver = saver(kind);
    saver.put(checkpoint("t", "", "1"));
    saver.putWrites("t", "", "1", List.of(write("a", 0, "x"), write("a", -3, "x")));
    saver.putWrites(
        "t", "", "1", List.of(write("a", 0, "y"), write("a", 1, "y"), write("a", -3, "y")));
    saver.putWrites("t", "", "1", List.of(write("b", 0, "z")));
    saver.putWrites("t", "", "1", List.of());
    saver.putWrites("t", "", "2", List.of(write("a", 0, "of another")));

    assertThat(values(saver.get("t", "", null).orElseThrow().writes()))
        .containsExactly("a-3y", "a0x", "a1y", "b0z");
    StoredWrite one = saver.list("t", "", null, 1).getFirst().writes().getFirst();
    assertThat(List.of(one.path(), one.channel(), one.format()))
        .containsExactly("~path", "channel", "msgpack");

    saver.put(checkpoint("t", "", "1")); // in its own place
    assertThat(saver.get("t", "", "1").orElseThrow().writes()).hasSize(4);
    assertThat(saver.list("t", "", null, 10)).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void deletedThreadIsGone(Kind kind) {
    CheckpointSaver saver = saver(kind);
    for (String thread : List.of("t", "u")) {
      saver.put(checkpoint(thread, "", "1"));
      saver.put(checkpoint(thread, "inner", "1"));
      saver.putWrites(thread, "", "1", List.of(write("a", 0, "x")));
    }
    saver.deleteThread("t");
    saver.deleteThread("none");

    assertThat(saver.list("t", null, null, 10)).isEmpty();
    saver.put(checkpoint("t", "", "1"));
    assertThat(saver.get("t", "", "1").orElseThrow().writes()).isEmpty();
    assertThat(saver.list("u", null, null, 10)).hasSize(2);
    assertThat(saver.get("u", "", "1").orElseThrow().writes()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void concurrentThreadsKeepTheirOwn(Kind kind) throws Exception {
    CheckpointSaver saver = saver(kind);
    List<Future<?>> runs = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      for (String thread : List.of("a", "b", "c", "d")) {
        runs.add(
            executor.submit(
                () -> {
                  for (int i = 0; i < 10; i++) {
                    saver.put(checkpoint(thread, "", "" + i));
                    saver.putWrites(thread, "", "" + i, List.of(write("t", 0, thread + i)));
                  }
                }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
    for (String thread : List.of("a", "b", "c", "d")) {
      assertThat(saver.list(thread, "", null, 100))
          .extracting(each -> values(each.writes()).getFirst())
          .containsExactlyElementsOf(
              IntStream.range(0, 10).mapToObj(i -> "t0" + thread + (9 - i)).toList());
    }
  }

  @Test
  void tablesOutliveTheSaver() {
    Stream.of(Kind.SQLITE, Kind.H2, Kind.HSQLDB)
        .forEach(
            kind -> {
              saver(kind).put(checkpoint("t", "", "1"));
              assertThat(saver(kind).get("t", "", "1")).isPresent();
            });
  }

  @Test
  void missingTablesAreReported() {
    CheckpointSaver saver = new JdbcCheckpointSaver(database(Kind.SQLITE));
    assertThatThrownBy(() -> saver.get("t", "", null))
        .isInstanceOf(ConnectionException.class)
        .hasMessageContaining("could not read checkpoints")
        .hasMessageContaining("terrarium_checkpoints");
  }

  @Test
  void tablesOfTheGuideServe() throws Exception {
    Matcher block =
        Pattern.compile("```sql\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("../../docs/guides/langgraph.md")));
    assertThat(block.find()).isTrue();
    DataSource database = database(Kind.H2);
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(block.group(1));
    }
    CheckpointSaver saver = new JdbcCheckpointSaver(database);
    saver.put(checkpoint("t", "", "1"));
    saver.putWrites("t", "", "1", List.of(write("a", 0, "x")));
    assertThat(saver.get("t", "", "1").orElseThrow().writes()).hasSize(1);
  }
}
