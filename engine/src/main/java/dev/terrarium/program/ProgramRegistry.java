package dev.terrarium.program;

import dev.terrarium.error.ConversionException;
import dev.terrarium.value.HostFunction;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The specs of all programs, by framework and id. A context asks for a spec when it meets an id for
 * the first time, so any context can serve any call. Thread-safe.
 */
public final class ProgramRegistry {

  private record Key(String framework, String id) {}

  private record Stored(long version, Map<?, ?> spec) {}

  private final Map<Key, Stored> specs = new ConcurrentHashMap<>();
  private final AtomicLong versions = new AtomicLong();

  /** {@code program.put(framework, id, spec)}: stores a spec; one of the same id is replaced. */
  public HostFunction putFunction() {
    return arguments -> {
      if (arguments.size() != 3 || !(arguments.get(2) instanceof Map<?, ?> spec)) {
        throw new ConversionException("program.put", "expected framework, id and a dict");
      }
      specs.put(key(arguments), new Stored(versions.incrementAndGet(), spec));
      return null;
    };
  }

  /** {@code program.get(framework, id)}: the spec, or None. */
  public HostFunction getFunction() {
    return arguments -> {
      Stored stored = specs.get(key(arguments));
      return stored == null ? null : stored.spec();
    };
  }

  /**
   * {@code program.version(framework, id)}: a number that changes when the spec is replaced, or
   * None. A context that built the program compares it before each call.
   */
  public HostFunction versionFunction() {
    return arguments -> {
      Stored stored = specs.get(key(arguments));
      return stored == null ? null : stored.version();
    };
  }

  private static Key key(List<@Nullable Object> arguments) {
    if (arguments.size() < 2
        || !(arguments.get(0) instanceof String framework)
        || !(arguments.get(1) instanceof String id)) {
      throw new ConversionException("program", "expected framework and id as texts");
    }
    return new Key(framework, id);
  }
}
