package dev.terrarium.langgraph;

import dev.terrarium.error.ConnectionException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A saver that keeps checkpoints in two tables of a relational database, {@code
 * terrarium_checkpoints} and {@code terrarium_checkpoint_writes}, by standard SQL. Each method
 * takes a connection of the data source and gives it back; what it writes is one transaction.
 * Thread-safe if the data source is.
 *
 * <p>All methods throw a {@link ConnectionException} when the database fails, with the database's
 * message.
 */
public final class JdbcCheckpointSaver implements CheckpointSaver {

  private static final String CREATE_CHECKPOINTS =
      """
      CREATE TABLE IF NOT EXISTS terrarium_checkpoints (
        thread_id VARCHAR(255) NOT NULL,
        namespace VARCHAR(255) NOT NULL,
        checkpoint_id VARCHAR(64) NOT NULL,
        parent_id VARCHAR(64),
        state BLOB NOT NULL,
        metadata BLOB NOT NULL,
        PRIMARY KEY (thread_id, namespace, checkpoint_id))
      """;

  private static final String CREATE_WRITES =
      """
      CREATE TABLE IF NOT EXISTS terrarium_checkpoint_writes (
        thread_id VARCHAR(255) NOT NULL,
        namespace VARCHAR(255) NOT NULL,
        checkpoint_id VARCHAR(64) NOT NULL,
        task_id VARCHAR(64) NOT NULL,
        write_index INTEGER NOT NULL,
        task_path VARCHAR(1024) NOT NULL,
        channel VARCHAR(255) NOT NULL,
        value_format VARCHAR(16) NOT NULL,
        value_bytes BLOB NOT NULL,
        PRIMARY KEY (thread_id, namespace, checkpoint_id, task_id, write_index))
      """;

  private static final String OF_CHECKPOINT =
      " WHERE thread_id = ? AND namespace = ? AND checkpoint_id = ?";

  private static final String DELETE_CHECKPOINT =
      "DELETE FROM terrarium_checkpoints" + OF_CHECKPOINT;

  private static final String INSERT_CHECKPOINT =
      "INSERT INTO terrarium_checkpoints"
          + " (thread_id, namespace, checkpoint_id, parent_id, state, metadata)"
          + " VALUES (?, ?, ?, ?, ?, ?)";

  private static final String DELETE_WRITE =
      "DELETE FROM terrarium_checkpoint_writes"
          + OF_CHECKPOINT
          + " AND task_id = ? AND write_index = ?";

  private static final String SELECT_STORED =
      "SELECT task_id, write_index FROM terrarium_checkpoint_writes" + OF_CHECKPOINT;

  private static final String OF_NAMESPACE = " AND namespace = ?";

  private static final String SELECT_WRITES =
      "SELECT namespace, checkpoint_id, task_id, task_path, write_index, channel, value_format,"
          + " value_bytes FROM terrarium_checkpoint_writes"
          + " WHERE thread_id = ? AND checkpoint_id BETWEEN ? AND ?";

  private static final String INSERT_WRITE =
      "INSERT INTO terrarium_checkpoint_writes (thread_id, namespace, checkpoint_id, task_id,"
          + " write_index, task_path, channel, value_format, value_bytes)"
          + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

  private static final String SELECT_CHECKPOINTS =
      "SELECT thread_id, namespace, checkpoint_id, parent_id, state, metadata"
          + " FROM terrarium_checkpoints WHERE thread_id = ?";

  private final DataSource database;

  /**
   * Creates a saver on a database that has the tables; {@link #createTables} makes them.
   *
   * @param database a data source, which should keep its connections in a pool
   */
  public JdbcCheckpointSaver(DataSource database) {
    this.database = database;
  }

  /** Where a task writes after one checkpoint. */
  private record Place(String task, int index) {}

  /** The checkpoint of a thread that a write follows. */
  private record Owner(String namespace, String checkpoint) {

    static Owner of(StoredCheckpoint checkpoint) {
      return new Owner(checkpoint.namespace(), checkpoint.id());
    }
  }

  /** Work on a connection. */
  private interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  /**
   * Creates the tables that are not there, with columns of the type {@code BLOB}. In a database
   * without that type create the tables as the guide shows them, with its type for bytes.
   *
   * @return this saver
   */
  public JdbcCheckpointSaver createTables() {
    inTransaction(
        "create its tables",
        connection -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute(CREATE_CHECKPOINTS);
            statement.execute(CREATE_WRITES);
          }
          return true;
        });
    return this;
  }

  @Override
  public void put(StoredCheckpoint checkpoint) {
    inTransaction(
        "store a checkpoint",
        connection -> {
          execute(
              connection,
              DELETE_CHECKPOINT,
              checkpoint.thread(),
              checkpoint.namespace(),
              checkpoint.id());
          return execute(
              connection,
              INSERT_CHECKPOINT,
              checkpoint.thread(),
              checkpoint.namespace(),
              checkpoint.id(),
              checkpoint.parent().orElse(null),
              checkpoint.checkpoint(),
              checkpoint.metadata());
        });
  }

  @Override
  public void putWrites(
      String thread, String namespace, String checkpoint, List<StoredWrite> writes) {
    inTransaction(
        "store what a task wrote",
        connection -> {
          for (StoredWrite write : writes) {
            // What stays is deleted by no one; the statement has the transaction write from its
            // beginning, so that two of them wait for each other.
            int index = write.index() < 0 ? write.index() : Integer.MIN_VALUE;
            execute(connection, DELETE_WRITE, thread, namespace, checkpoint, write.task(), index);
          }
          Set<Place> there = stored(connection, thread, namespace, checkpoint);
          for (StoredWrite write : writes) {
            if (there.add(new Place(write.task(), write.index()))) {
              execute(
                  connection,
                  INSERT_WRITE,
                  thread,
                  namespace,
                  checkpoint,
                  write.task(),
                  write.index(),
                  write.path(),
                  write.channel(),
                  write.format(),
                  write.value());
            }
          }
          return true;
        });
  }

  @Override
  public Optional<StoredCheckpoint> get(
      String thread, String namespace, @Nullable String checkpoint) {
    return checkpoint == null
        ? list(thread, namespace, null, 1).stream().findFirst()
        : select(
                SELECT_CHECKPOINTS + OF_NAMESPACE + " AND checkpoint_id = ?",
                1,
                List.of(thread, namespace, checkpoint),
                namespace)
            .stream()
            .findFirst();
  }

  @Override
  public List<StoredCheckpoint> list(
      String thread, @Nullable String namespace, @Nullable String before, int most) {
    StringBuilder query = new StringBuilder(SELECT_CHECKPOINTS);
    List<Object> values = new ArrayList<>(List.of(thread));
    if (namespace != null) {
      query.append(OF_NAMESPACE);
      values.add(namespace);
    }
    if (before != null) {
      query.append(" AND checkpoint_id < ?");
      values.add(before);
    }
    return select(query.append(" ORDER BY checkpoint_id DESC").toString(), most, values, namespace);
  }

  @Override
  public void deleteThread(String thread) {
    inTransaction(
        "delete a thread",
        connection ->
            execute(connection, "DELETE FROM terrarium_checkpoints WHERE thread_id = ?", thread)
                + execute(
                    connection,
                    "DELETE FROM terrarium_checkpoint_writes WHERE thread_id = ?",
                    thread));
  }

  /**
   * Returns the checkpoints of one thread that a query finds, the latest first, with their writes.
   *
   * @param namespace the one in which all of them are, or null
   */
  private List<StoredCheckpoint> select(
      String query, int most, List<Object> values, @Nullable String namespace) {
    return inTransaction(
        "read checkpoints",
        connection -> {
          List<StoredCheckpoint> found = new ArrayList<>();
          try (PreparedStatement statement = connection.prepareStatement(query)) {
            bind(statement, values.toArray());
            statement.setMaxRows(most);
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                found.add(
                    new StoredCheckpoint(
                        rows.getString(1),
                        rows.getString(2),
                        rows.getString(3),
                        Optional.ofNullable(rows.getString(4)),
                        rows.getBytes(5),
                        rows.getBytes(6),
                        List.of()));
              }
            }
          }
          return found.isEmpty() ? found : withWrites(connection, found, namespace);
        });
  }

  /** Reads the writes of all checkpoints at once, which are in the order of their ids. */
  private static List<StoredCheckpoint> withWrites(
      Connection connection, List<StoredCheckpoint> found, @Nullable String namespace)
      throws SQLException {
    StoredCheckpoint latest = found.getFirst();
    List<Object> values =
        new ArrayList<>(List.of(latest.thread(), found.getLast().id(), latest.id()));
    if (namespace != null) {
      values.add(namespace);
    }
    Map<Owner, List<StoredWrite>> writes = new HashMap<>();
    String query = namespace == null ? SELECT_WRITES : SELECT_WRITES + OF_NAMESPACE;
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      bind(statement, values.toArray());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          writes
              .computeIfAbsent(
                  new Owner(rows.getString(1), rows.getString(2)), owner -> new ArrayList<>())
              .add(
                  new StoredWrite(
                      rows.getString(3),
                      rows.getString(4),
                      rows.getInt(5),
                      rows.getString(6),
                      rows.getString(7),
                      rows.getBytes(8)));
        }
      }
    }
    return found.stream()
        .map(each -> each.withWrites(writes.getOrDefault(Owner.of(each), List.of())))
        .toList();
  }

  /** Returns where a task has written already, without what it wrote. */
  private static Set<Place> stored(
      Connection connection, String thread, String namespace, String checkpoint)
      throws SQLException {
    Set<Place> stored = new HashSet<>();
    try (PreparedStatement statement = connection.prepareStatement(SELECT_STORED)) {
      bind(statement, thread, namespace, checkpoint);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          stored.add(new Place(rows.getString(1), rows.getInt(2)));
        }
      }
    }
    return stored;
  }

  private static int execute(Connection connection, String sql, @Nullable Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      return statement.executeUpdate();
    }
  }

  private static void bind(PreparedStatement statement, @Nullable Object... values)
      throws SQLException {
    for (int i = 0; i < values.length; i++) {
      switch (values[i]) {
        case byte[] bytes -> statement.setBytes(i + 1, bytes);
        case Integer number -> statement.setInt(i + 1, number);
        case null -> statement.setString(i + 1, null);
        case Object text -> statement.setString(i + 1, text.toString());
      }
    }
  }

  private <T> T inTransaction(String purpose, Work<T> work) {
    try (Connection connection = database.getConnection()) {
      boolean before = connection.getAutoCommit();
      connection.setAutoCommit(false);
      boolean done = false;
      try {
        T result = work.on(connection);
        connection.commit();
        done = true;
        return result;
      } finally {
        if (!done) {
          connection.rollback();
        }
        connection.setAutoCommit(before);
      }
    } catch (SQLException e) {
      throw new ConnectionException(
          "The database of checkpoints could not " + purpose + ": " + e.getMessage(), e);
    }
  }
}
