package dev.terrarium.langgraph;

import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A saver as the functions by which Python's checkpointer uses it. Thread-safe. */
record SaverFunctions(CheckpointSaver saver) {

  /** Returns the functions by the names that Python uses. */
  Map<String, HostFunction> functions() {
    return Map.of(
        "put", this::put,
        "put_writes", this::putWrites,
        "get", this::get,
        "list", this::list,
        "delete", this::delete);
  }

  private @Nullable Object put(List<@Nullable Object> arguments) {
    saver.put(TypedReader.read(arguments.get(0), StoredCheckpoint.class, "checkpoint"));
    return null;
  }

  private @Nullable Object putWrites(List<@Nullable Object> arguments) {
    List<StoredWrite> writes = new ArrayList<>();
    for (Object each : TypedReader.read(arguments.get(3), List.class, "writes")) {
      writes.add(TypedReader.read(each, StoredWrite.class, "writes"));
    }
    saver.putWrites(
        text(arguments, 0, "thread"),
        text(arguments, 1, "namespace"),
        text(arguments, 2, "checkpoint"),
        writes);
    return null;
  }

  private @Nullable Object get(List<@Nullable Object> arguments) {
    return saver
        .get(
            text(arguments, 0, "thread"),
            text(arguments, 1, "namespace"),
            optional(arguments, 2, "checkpoint"))
        .orElse(null);
  }

  private Object list(List<@Nullable Object> arguments) {
    Object most = arguments.get(3);
    return saver.list(
        text(arguments, 0, "thread"),
        optional(arguments, 1, "namespace"),
        optional(arguments, 2, "before"),
        most == null ? Integer.MAX_VALUE : TypedReader.read(most, int.class, "limit"));
  }

  private @Nullable Object delete(List<@Nullable Object> arguments) {
    saver.deleteThread(text(arguments, 0, "thread"));
    return null;
  }

  private static String text(List<@Nullable Object> arguments, int index, String name) {
    return TypedReader.read(arguments.get(index), String.class, name);
  }

  private static @Nullable String optional(
      List<@Nullable Object> arguments, int index, String name) {
    return arguments.get(index) == null ? null : text(arguments, index, name);
  }
}
