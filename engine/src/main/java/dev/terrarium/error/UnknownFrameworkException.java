package dev.terrarium.error;

import java.util.Collection;
import java.util.List;

/** Thrown when no framework of the requested name is registered. */
public final class UnknownFrameworkException extends TerrariumException {

  private static final long serialVersionUID = 1;

  private final transient List<String> known;

  public UnknownFrameworkException(String name, Collection<String> known) {
    super(
        "Unknown framework '%s'. Known: %s. Add its artifact as a dependency, or register it."
            .formatted(name, known.stream().sorted().toList()),
        null);
    this.known = known.stream().sorted().toList();
  }

  /** Returns the registered names, sorted. */
  public List<String> known() {
    return known;
  }
}
