package dev.terrarium.llamacpp;

import java.util.ArrayList;
import java.util.List;

/**
 * A regular expression as grammar of the inside of a JSON string. Not thread-safe.
 *
 * <p>Understood are literals, {@code .}, classes, {@code \d \w \s} and their opposites, groups,
 * alternatives, quantifiers, and anchors at the ends. What the grammar makes always matches;
 * quotation marks, backslashes and control characters, which JSON would escape, are left out of
 * classes.
 */
final class PatternGrammar {

  /** Says what is not understood. */
  static final class UnsupportedPatternException extends Exception {
    private static final long serialVersionUID = 1;

    UnsupportedPatternException(String message) {
      super(message);
    }
  }

  private static final int MOST_REPEATS = 1000;
  private static final String DIGIT = "0-9";
  private static final String WORD = "0-9A-Za-z_";
  private static final String NEVER = "\"\\\\\\x7F\\x00-\\x1F";

  private final String pattern;
  private int at;

  private PatternGrammar(String pattern) {
    this.pattern = pattern;
  }

  /**
   * @param anything the grammar of any one character, for patterns without anchors
   */
  static String of(String pattern, String anything) throws UnsupportedPatternException {
    boolean begins = pattern.startsWith("^");
    boolean ends = pattern.endsWith("$") && !pattern.endsWith("\\$");
    String inside =
        pattern.substring(
            begins ? 1 : 0,
            pattern.length() - (ends && pattern.length() > (begins ? 1 : 0) ? 1 : 0));
    PatternGrammar parser = new PatternGrammar(inside);
    boolean[] several = new boolean[1];
    String body = parser.alternatives(several);
    if (parser.at < inside.length()) {
      throw new UnsupportedPatternException("an unmatched ')'");
    }
    if (several[0] && (begins || ends)) {
      throw new UnsupportedPatternException("alternatives with an anchor outside of a group");
    }
    return (begins ? "" : anything + "* ") + "(" + body + ")" + (ends ? "" : " " + anything + "*");
  }

  private String alternatives(boolean[] several) throws UnsupportedPatternException {
    List<String> ways = new ArrayList<>();
    ways.add(sequence());
    while (at < pattern.length() && pattern.charAt(at) == '|') {
      at++;
      several[0] = true;
      ways.add(sequence());
    }
    return String.join(" | ", ways);
  }

  private String sequence() throws UnsupportedPatternException {
    StringBuilder text = new StringBuilder();
    while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
      text.append(text.isEmpty() ? "" : " ").append(quantified(atom()));
    }
    return text.isEmpty() ? "\"\"" : text.toString();
  }

  private String atom() throws UnsupportedPatternException {
    char c = pattern.charAt(at++);
    return switch (c) {
      case '(' -> group();
      case '[' -> characterClass();
      case '.' -> "[^" + NEVER + "]";
      case '\\' -> escape();
      case '^', '$' -> throw new UnsupportedPatternException("an anchor within the pattern");
      case '*', '+', '?', '{' -> throw new UnsupportedPatternException("a quantifier of nothing");
      default -> {
        int whole = Character.isHighSurrogate(c) && at < pattern.length() ? at + 1 : at;
        String text = pattern.substring(at - 1, whole);
        at = whole;
        yield inJson(text);
      }
    };
  }

  /** A character as it stands in a JSON string. */
  private static String inJson(String text) {
    return Gbnf.literal(text.equals("\"") || text.equals("\\") ? "\\" + text : text);
  }

  private String group() throws UnsupportedPatternException {
    if (pattern.startsWith("?:", at)) {
      at += 2;
    } else if (pattern.startsWith("?", at)) {
      throw new UnsupportedPatternException("a look-around or named group");
    }
    String body = alternatives(new boolean[1]);
    if (at >= pattern.length()) {
      throw new UnsupportedPatternException("a group without end");
    }
    at++;
    return "(" + body + ")";
  }

  private String escape() throws UnsupportedPatternException {
    char c = next("an escape without a character");
    return switch (c) {
      case 'd' -> "[" + DIGIT + "]";
      case 'w' -> "[" + WORD + "]";
      case 's' -> "\" \"";
      case 'D' -> "[^" + DIGIT + NEVER + "]";
      case 'W' -> "[^" + WORD + NEVER + "]";
      case 'S' -> "[^ " + NEVER + "]";
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw new UnsupportedPatternException("the escape \\" + c);
        }
        yield inJson(String.valueOf(c));
      }
    };
  }

  private String characterClass() throws UnsupportedPatternException {
    boolean not = at < pattern.length() && pattern.charAt(at) == '^';
    if (not) {
      at++;
    }
    StringBuilder members = new StringBuilder();
    boolean first = true;
    while (first || pattern.charAt(at) != ']') {
      first = false;
      member(members);
      if (at >= pattern.length()) {
        throw new UnsupportedPatternException("a class without end");
      }
    }
    at++;
    if (not) {
      return "[^" + members + NEVER + "]";
    }
    if (members.isEmpty()) {
      throw new UnsupportedPatternException("a class of nothing but escaped characters");
    }
    return "[" + members + "]";
  }

  private void member(StringBuilder members) throws UnsupportedPatternException {
    char low = next("a class without end");
    if (low == '\\') {
      char escaped = next("a class without end");
      switch (escaped) {
        case 'd' -> members.append(DIGIT);
        case 'w' -> members.append(WORD);
        case 's' -> members.append(' ');
        default -> {
          if (Character.isLetterOrDigit(escaped)) {
            throw new UnsupportedPatternException("the escape \\" + escaped + " in a class");
          }
          add(members, escaped);
        }
      }
      return;
    }
    boolean range =
        at + 1 < pattern.length() && pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']';
    if (!range) {
      add(members, low);
      return;
    }
    at++;
    char high = next("a class without end");
    if (high == '\\'
        || high < low
        || (low <= '"' && high >= '"')
        || (low <= '\\' && high >= '\\')) {
      throw new UnsupportedPatternException("the range " + low + "-" + high);
    }
    members.append(low).append('-').append(high);
  }

  private static void add(StringBuilder members, char c) {
    if (c == '"' || c == '\\' || c < ' ') {
      return;
    }
    if (c == ']' || c == '[' || c == '^' || c == '-') {
      members.append(String.format("\\x%02X", (int) c));
    } else {
      members.append(c);
    }
  }

  private String quantified(String atom) throws UnsupportedPatternException {
    if (at >= pattern.length()) {
      return atom;
    }
    String result;
    switch (pattern.charAt(at)) {
      case '*', '+', '?' -> {
        result = atom + pattern.charAt(at);
        at++;
      }
      case '{' -> result = counted(atom);
      default -> {
        return atom;
      }
    }
    if (at < pattern.length() && (pattern.charAt(at) == '?' || pattern.charAt(at) == '+')) {
      at++;
    }
    return result;
  }

  private String counted(String atom) throws UnsupportedPatternException {
    int end = pattern.indexOf('}', at);
    String inside = end < 0 ? "" : pattern.substring(at + 1, end);
    if (!inside.matches("\\d{1,4}(,\\d{0,4})?")) {
      throw new UnsupportedPatternException("the quantifier {" + inside + "}");
    }
    at = end + 1;
    int comma = inside.indexOf(',');
    int min = Integer.parseInt(comma < 0 ? inside : inside.substring(0, comma));
    int max =
        comma < 0
            ? min
            : comma == inside.length() - 1
                ? Gbnf.UNBOUNDED
                : Integer.parseInt(inside.substring(comma + 1));
    if (min > max || min > MOST_REPEATS || (max != Gbnf.UNBOUNDED && max > MOST_REPEATS)) {
      throw new UnsupportedPatternException("the quantifier {" + inside + "}");
    }
    return max == 0 ? "\"\"" : Gbnf.repeat(atom, min, max);
  }

  private char next(String otherwise) throws UnsupportedPatternException {
    if (at >= pattern.length()) {
      throw new UnsupportedPatternException(otherwise);
    }
    return pattern.charAt(at++);
  }
}
