package dev.terrarium.internal.program;

import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.HostFunctions;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The registry of all programs, by framework and id, which any context can build on first use. A
 * program is a spec and, once it has been optimized, a compiled state that belongs to this spec.
 * Thread-safe: readers see spec, state and version as they were at one moment, and never wait.
 *
 * <p>Versions come from one counter, so a program's version only ever rises, even when the program
 * is deleted and created again: a context that built version 7 of an id has the present program as
 * long as the registry says 7.
 *
 * <p>Programs stay until they are deleted, and nothing bounds their number. Each program takes the
 * memory of its spec and state as Java maps. An id that begins with {@code @} belongs to Terrarium
 * itself and is not listed.
 */
public final class ProgramRegistry implements HostFunctions {

  private record Key(String framework, String id) {}

  private record Program(
      long version, Instant created, Instant updated, Map<?, ?> spec, @Nullable Map<?, ?> state) {}

  private final int cacheCapacity;
  private final InstantSource clock;
  private final Map<Key, Program> programs = new ConcurrentHashMap<>();
  private long lastVersion;

  /**
   * Creates an empty registry.
   *
   * @param cacheCapacity number of built programs that a context keeps of each framework, at least
   *     1
   */
  public ProgramRegistry(int cacheCapacity) {
    this(cacheCapacity, InstantSource.system());
  }

  ProgramRegistry(int cacheCapacity, InstantSource clock) {
    this.cacheCapacity = cacheCapacity;
    this.clock = clock;
  }

  /**
   * Returns the functions that bridges call.
   *
   * <ul>
   *   <li>{@code program.put(framework, id, spec)}: stores a spec, which drops the state that an
   *       older one had, and returns the new version; returns None when the program has an equal
   *       spec already, and leaves that spec with its state
   *   <li>{@code program.put_state(framework, id, state, version)}: stores a state, or removes it
   *       for None, of the program with that version, and returns the new version; returns None
   *       when the program has another version by now, or does not exist
   *   <li>{@code program.get(framework, id)}: {@code version}, {@code spec} and {@code state}, or
   *       None
   *   <li>{@code program.version(framework, id)}: the version, or None
   *   <li>{@code program.info(framework, id)}: {@code program} (the id), {@code version}, {@code
   *       created}, {@code updated}, {@code compiled} (whether it has a state) and {@code spec}, or
   *       None
   *   <li>{@code program.delete(framework, id)}: whether the program existed
   *   <li>{@code program.list(framework)}: the ids, sorted
   *   <li>{@code program.capacity()}: how many built programs a context should keep
   * </ul>
   */
  @Override
  public Map<String, HostFunction> functions() {
    return Map.of(
        "program.put", arguments -> put(key(arguments), dict(arguments, 2)),
        "program.put_state",
            arguments -> putState(key(arguments), dictOrNone(arguments, 2), integer(arguments, 3)),
        "program.get", arguments -> get(key(arguments)),
        "program.version", arguments -> version(key(arguments)),
        "program.info", arguments -> info(key(arguments)),
        "program.delete", arguments -> delete(key(arguments)),
        "program.list", arguments -> list(text(arguments, 0)),
        "program.capacity", arguments -> cacheCapacity);
  }

  private synchronized @Nullable Long put(Key key, Map<?, ?> spec) {
    Program old = programs.get(key);
    if (old != null && old.spec().equals(spec)) {
      return null;
    }
    Instant now = now();
    return store(key, old == null ? now : old.created(), now, spec, null);
  }

  private synchronized @Nullable Long putState(Key key, @Nullable Map<?, ?> state, long version) {
    Program old = programs.get(key);
    if (old == null || old.version() != version) {
      return null;
    }
    return store(key, old.created(), now(), old.spec(), state);
  }

  private long store(
      Key key, Instant created, Instant updated, Map<?, ?> spec, @Nullable Map<?, ?> state) {
    programs.put(key, new Program(++lastVersion, created, updated, spec, state));
    return lastVersion;
  }

  private synchronized boolean delete(Key key) {
    return programs.remove(key) != null;
  }

  private @Nullable Map<String, @Nullable Object> get(Key key) {
    Program program = programs.get(key);
    if (program == null) {
      return null;
    }
    Map<String, @Nullable Object> got = new LinkedHashMap<>();
    got.put("version", program.version());
    got.put("spec", program.spec());
    got.put("state", program.state());
    return got;
  }

  private @Nullable Long version(Key key) {
    Program program = programs.get(key);
    return program == null ? null : program.version();
  }

  private @Nullable Map<String, Object> info(Key key) {
    Program program = programs.get(key);
    return program == null
        ? null
        : Map.of(
            "program", key.id(),
            "version", program.version(),
            "created", program.created(),
            "updated", program.updated(),
            "compiled", program.state() != null,
            "spec", program.spec());
  }

  private List<String> list(String framework) {
    return programs.keySet().stream()
        .filter(key -> key.framework().equals(framework) && !key.id().startsWith("@"))
        .map(Key::id)
        .sorted()
        .toList();
  }

  /** Returns the present time, as exact as Python's datetime. */
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private static Key key(List<@Nullable Object> arguments) {
    return new Key(text(arguments, 0), text(arguments, 1));
  }

  private static String text(List<@Nullable Object> arguments, int index) {
    return argument(arguments, index, String.class, "a str");
  }

  private static Map<?, ?> dict(List<@Nullable Object> arguments, int index) {
    return argument(arguments, index, Map.class, "a dict");
  }

  private static @Nullable Map<?, ?> dictOrNone(List<@Nullable Object> arguments, int index) {
    boolean none = index < arguments.size() && arguments.get(index) == null;
    return none ? null : dict(arguments, index);
  }

  private static long integer(List<@Nullable Object> arguments, int index) {
    return argument(arguments, index, Long.class, "an int");
  }

  private static <T> T argument(
      List<@Nullable Object> arguments, int index, Class<T> type, String python) {
    Object argument = index < arguments.size() ? arguments.get(index) : null;
    if (!type.isInstance(argument)) {
      throw new ConversionException(
          "program", "argument " + (index + 1) + " must be " + python + ", found " + argument);
    }
    return type.cast(argument);
  }
}
