package dev.terrarium.internal.value;

/**
 * The places, one in some thousands of elements, at which a conversion may be stopped. Thread-safe
 * if the check is.
 */
final class Checkpoint {

  /** The number of elements from one check to the next. */
  private static final int ELEMENTS = 4096;

  private final Runnable check;

  /**
   * @param check throws when the call is being stopped
   */
  Checkpoint(Runnable check) {
    this.check = check;
  }

  /** Runs the check when so many elements have been converted that it is due. */
  void passed(int converted) {
    if (converted % ELEMENTS == 0) {
      check.run();
    }
  }
}
