package dev.terrarium.langgraph;

import java.util.List;
import java.util.Optional;

/**
 * A checkpoint as a {@link CheckpointSaver} keeps it. Immutable if its arrays are not changed.
 *
 * @param thread the thread's id
 * @param namespace empty for the graph itself; for a graph within it, where that is
 * @param id the id; later checkpoints have ids that come later in the order of their characters
 * @param parent the id of the checkpoint before
 * @param checkpoint the state, as MessagePack
 * @param metadata what LangGraph notes beside it, as MessagePack
 * @param writes what tasks wrote after it
 */
@SuppressWarnings("ArrayRecordComponent") // compared nowhere
public record StoredCheckpoint(
    String thread,
    String namespace,
    String id,
    Optional<String> parent,
    byte[] checkpoint,
    byte[] metadata,
    List<StoredWrite> writes) {

  /** Returns the same checkpoint with these writes. */
  public StoredCheckpoint withWrites(List<StoredWrite> others) {
    return new StoredCheckpoint(thread, namespace, id, parent, checkpoint, metadata, others);
  }
}
