package dev.terrarium.jmh.peer;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A peer that also runs the commands of frameworks. */
public interface Handlers extends Peer {

  /** Returns the command's result as plain data. */
  @Nullable Object call(String framework, String command, Map<String, ?> arguments);
}
