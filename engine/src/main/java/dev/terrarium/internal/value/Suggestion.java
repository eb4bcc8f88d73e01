package dev.terrarium.internal.value;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the known name that somebody may have meant. */
public final class Suggestion {

  private Suggestion() {}

  /**
   * Returns the known name that the fewest edits make of this one, or empty when they are more than
   * a third of it.
   */
  public static Optional<String> to(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(each -> edits(name, each)))
        .filter(each -> 3 * edits(name, each) <= Math.max(name.length(), each.length()));
  }

  /** Returns Levenshtein's distance: insertions, deletions and replacements of characters. */
  private static int edits(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j <= other.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[other.length()];
  }
}
