package dev.terrarium.error;

import java.util.Collection;
import java.util.List;

/** Thrown when the framework's bridge has no handler of the requested name. */
public final class UnknownCommandException extends TerrariumException {

  private static final long serialVersionUID = 1;

  private final transient List<String> known;

  public UnknownCommandException(String framework, String command, Collection<String> known) {
    super(
        "Framework '%s' has no command '%s'. Known: %s."
            .formatted(framework, command, known.stream().sorted().toList()),
        null);
    this.known = known.stream().sorted().toList();
  }

  /** Returns the names of the bridge's commands, sorted. */
  public List<String> known() {
    return known;
  }
}
