package dev.terrarium.program;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The specs of all programs, by framework and id. A context asks for a spec when it meets an id
 * for the first time, so any context can serve any call. Thread-safe.
 */
public final class ProgramRegistry {

  private record Key(String framework, String id) {}

  private final Map<Key, Map<String, Object>> specs = new ConcurrentHashMap<>();

  /** Stores a spec; one of the same id is replaced. */
  public void put(String framework, String id, Map<String, Object> spec) {
    specs.put(new Key(framework, id), spec);
  }

  public Optional<Map<String, Object>> get(String framework, String id) {
    return Optional.ofNullable(specs.get(new Key(framework, id)));
  }
}
