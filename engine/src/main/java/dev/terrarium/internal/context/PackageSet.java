package dev.terrarium.internal.context;

import java.util.List;

/**
 * The packages that a context can import, beside the standard library and Terrarium's own: those of
 * the archives with these names. A context has one set for its whole life, from the first framework
 * that is attached in it (docs/decisions/036). Immutable.
 *
 * @param names the names of the archives, in the order in which Python looks into them
 * @param id a text that is equal for two sets with the same content, and for no others
 */
public record PackageSet(List<String> names, String id) {

  /**
   * The set of all frameworks without packages of their own, which the jars of Terrarium share:
   * their archives have the same version of each package. Where the class path has optional
   * archives of frameworks (docs/decisions/040), {@link PythonPackages#set} gives another one.
   */
  public static final PackageSet SHARED = new PackageSet(List.of(), "");

  public PackageSet {
    names = List.copyOf(names);
  }
}
