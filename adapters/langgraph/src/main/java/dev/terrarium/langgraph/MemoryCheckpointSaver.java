package dev.terrarium.langgraph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A saver that keeps checkpoints in this process's heap, without a limit. All contexts of all
 * Terrariums that are given it see the same checkpoints. Thread-safe.
 */
public final class MemoryCheckpointSaver implements CheckpointSaver {

  private record Key(String thread, String namespace, String checkpoint) {}

  private record WriteKey(String task, int index) {}

  private final Map<Key, StoredCheckpoint> checkpoints = new HashMap<>();
  private final Map<Key, Map<WriteKey, StoredWrite>> writes = new HashMap<>();

  /** Creates a saver without checkpoints. */
  public MemoryCheckpointSaver() {}

  @Override
  public synchronized void put(StoredCheckpoint checkpoint) {
    checkpoints.put(key(checkpoint), checkpoint);
  }

  @Override
  public synchronized void putWrites(
      String thread, String namespace, String checkpoint, List<StoredWrite> written) {
    Map<WriteKey, StoredWrite> there =
        writes.computeIfAbsent(
            new Key(thread, namespace, checkpoint), key -> new LinkedHashMap<>());
    for (StoredWrite write : written) {
      WriteKey key = new WriteKey(write.task(), write.index());
      if (write.index() < 0) {
        there.put(key, write);
      } else {
        there.putIfAbsent(key, write);
      }
    }
  }

  @Override
  public synchronized Optional<StoredCheckpoint> get(
      String thread, String namespace, @Nullable String checkpoint) {
    return checkpoint == null
        ? list(thread, namespace, null, 1).stream().findFirst()
        : Optional.ofNullable(checkpoints.get(new Key(thread, namespace, checkpoint)))
            .map(this::whole);
  }

  @Override
  public synchronized List<StoredCheckpoint> list(
      String thread, @Nullable String namespace, @Nullable String before, int most) {
    Stream<StoredCheckpoint> found =
        checkpoints.values().stream()
            .filter(each -> each.thread().equals(thread))
            .filter(each -> namespace == null || each.namespace().equals(namespace))
            .filter(each -> before == null || each.id().compareTo(before) < 0)
            .sorted(Comparator.comparing(StoredCheckpoint::id).reversed());
    return found.limit(most).map(this::whole).toList();
  }

  @Override
  public synchronized void deleteThread(String thread) {
    checkpoints.keySet().removeIf(key -> key.thread().equals(thread));
    writes.keySet().removeIf(key -> key.thread().equals(thread));
  }

  private StoredCheckpoint whole(StoredCheckpoint checkpoint) {
    return checkpoint.withWrites(
        new ArrayList<>(writes.getOrDefault(key(checkpoint), Map.of()).values()));
  }

  private static Key key(StoredCheckpoint checkpoint) {
    return new Key(checkpoint.thread(), checkpoint.namespace(), checkpoint.id());
  }
}
