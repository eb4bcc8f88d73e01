package dev.terrarium.langgraph;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A place where checkpoints of graphs are kept. Must be thread-safe. An exception that a method
 * throws ends the run of the graph, and reaches the caller.
 *
 * <p>The bytes are LangGraph's own form; they belong to no context and no process. Treat them as
 * data of the users' that the graph's state holds.
 *
 * @see MemoryCheckpointSaver
 * @see JdbcCheckpointSaver
 */
public interface CheckpointSaver {

  /**
   * Stores a checkpoint, in place of one of the same thread, namespace and id if there is one. When
   * the method returns, the checkpoint must be as durable as the saver makes it. Its list of writes
   * is empty, and the writes of the replaced one stay.
   */
  void put(StoredCheckpoint checkpoint);

  /**
   * Stores what tasks wrote after a checkpoint. Of the writes of one task and index the first stays
   * if the index is not negative, and the last one stays otherwise. All of them are stored, or
   * none.
   */
  void putWrites(String thread, String namespace, String checkpoint, List<StoredWrite> writes);

  /**
   * Returns a checkpoint with its writes.
   *
   * @param checkpoint the id, or null for the latest: the one whose id comes last in the order of
   *     its characters
   */
  Optional<StoredCheckpoint> get(String thread, String namespace, @Nullable String checkpoint);

  /**
   * Returns the checkpoints of a thread with their writes, the latest first.
   *
   * @param namespace the namespace, or null for those of all
   * @param before the id before which all of them are, or null
   * @param most how many at most
   */
  List<StoredCheckpoint> list(
      String thread, @Nullable String namespace, @Nullable String before, int most);

  /** Deletes all checkpoints and writes of a thread; does nothing when there are none. */
  void deleteThread(String thread);
}
