package dev.terrarium.testing;

import org.jetbrains.lincheck.datastructures.StressOptions;

/** How long Lincheck tries the operations of a class on threads, the same for all. */
public final class Linearizability {

  private Linearizability() {}

  /** Fails with the first execution whose results no order of its operations explains. */
  public static void check(Class<?> operations) {
    new StressOptions()
        .iterations(25)
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(1)
        .invocationsPerIteration(1_000)
        .minimizeFailedScenario(false)
        .check(operations);
  }
}
