package dev.terrarium.internal.context;

/** The code of Python modules that contexts share. Thread-safe. */
@FunctionalInterface
interface SharedCode {

  /**
   * Keeps the code of a module that the context which the calling thread has entered is about to
   * load, for this and for all other contexts.
   *
   * @param file content of a {@code .pyc} file; any other content is ignored
   * @param begin position in the file at which the marshalled code begins, after the header
   */
  void keep(byte[] file, int begin);

  /** Returns an instance that keeps nothing. */
  static SharedCode none() {
    return (file, begin) -> {};
  }
}
