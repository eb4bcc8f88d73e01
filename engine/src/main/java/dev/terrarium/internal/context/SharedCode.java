package dev.terrarium.internal.context;

/** Has contexts share the code of the Python modules that they load. Thread-safe. */
@FunctionalInterface
interface SharedCode {

  /**
   * Keeps the code of a module that the context which the calling thread has entered is about to
   * load, for that and for all others.
   *
   * @param file what stands in a {@code .pyc} file; anything else is passed over
   * @param begin where the marshalled code begins in it, behind the header
   */
  void keep(byte[] file, int begin);

  /** Keeps nothing. */
  static SharedCode none() {
    return (file, begin) -> {};
  }
}
