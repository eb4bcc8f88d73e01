package dev.terrarium.error;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Thrown when the framework's bridge has no handler of the requested name. */
public final class UnknownCommandException extends TerrariumException {

  private static final long serialVersionUID = 1;

  /** The commands of every bridge. */
  private static final Set<String> BUILT_IN =
      Set.of("batch", "cleanup_framework", "describe_tools", "get_stats", "ping");

  private final transient List<String> known;

  /**
   * Creates an exception.
   *
   * @param nearest the command that was probably meant, or null
   * @param known the names of the bridge's commands; the message lists those that not every bridge
   *     has
   */
  public UnknownCommandException(
      String framework, String command, @Nullable String nearest, Collection<String> known) {
    super(
        "Framework '%s' has no command '%s'%s Known: %s."
            .formatted(
                framework,
                command,
                nearest == null ? "." : "; did you mean '" + nearest + "'?",
                known.stream().filter(name -> !BUILT_IN.contains(name)).sorted().toList()),
        null);
    this.known = known.stream().sorted().toList();
  }

  /** Returns the names of the bridge's commands, sorted. */
  public List<String> known() {
    return known;
  }
}
