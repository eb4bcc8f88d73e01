package dev.terrarium.langchain4j;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The keys that a model sends, which no message may show. Immutable; the object itself shows none.
 */
final class Secrets {

  private static final int LEAST = 6;
  private static final String HIDDEN = "***";

  private final List<String> values;

  /**
   * Creates the list of secrets; texts of fewer than {@value #LEAST} characters are left out, since
   * they occur by chance.
   */
  Secrets(Stream<String> values) {
    this.values = values.filter(each -> each.length() >= LEAST).distinct().toList();
  }

  /** Returns these secrets and others. */
  Secrets and(Stream<String> others) {
    return new Secrets(Stream.concat(values.stream(), others));
  }

  /** Returns a text with each secret replaced by stars. */
  String hide(String text) {
    String hidden = text;
    for (String value : values) {
      hidden = hidden.replace(value, HIDDEN);
    }
    return hidden;
  }

  /** Returns an exception if neither it nor a cause of it shows a secret; otherwise null. */
  @Nullable Throwable cause(Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      String text = each.toString();
      if (!hide(text).equals(text) || each.getCause() == each) {
        return null;
      }
    }
    return thrown;
  }

  @Override
  public String toString() {
    return values.size() + " secrets";
  }
}
