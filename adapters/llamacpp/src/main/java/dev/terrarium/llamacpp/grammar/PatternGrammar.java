package dev.terrarium.llamacpp.grammar;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A grammar of the inside of a JSON string, made from a regular expression. Not thread-safe.
 *
 * <p>Supported are literals, {@code .}, classes, {@code \d \w \s} and their opposites, groups,
 * alternatives, quantifiers, and anchors at the ends. The texts that the grammar makes always match
 * the expression; quotation marks, backslashes and control characters, which JSON would escape, are
 * left out of classes.
 */
final class PatternGrammar {

  /** Thrown for a part of a pattern that is not supported; the message names the part. */
  static final class UnsupportedPatternException extends Exception {
    private static final long serialVersionUID = 1;

    UnsupportedPatternException(String message) {
      super(message);
    }
  }

  /** A piece of grammar, and whether it may make an empty text. */
  private record Part(String text, boolean mayBeEmpty) {}

  private static final Part NOTHING = new Part("\"\"", true);

  private static final int MOST_REPEATS = 1000;
  private static final int MOST_NESTED = 64;
  private static final String DIGIT = "0-9";
  private static final String WORD = "0-9A-Za-z_";
  private static final String NEVER = "\"\\\\\\x7F\\x00-\\x1F";

  private final String pattern;
  private int at;
  private int depth;

  private PatternGrammar(String pattern) {
    this.pattern = pattern;
  }

  /**
   * Returns the grammar of a pattern.
   *
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
    String body = parser.alternatives(several).text();
    if (parser.at < inside.length()) {
      throw new UnsupportedPatternException("an unmatched ')'");
    }
    if (several[0] && (begins || ends)) {
      throw new UnsupportedPatternException("alternatives with an anchor outside of a group");
    }
    return (begins ? "" : anything + "* ") + "(" + body + ")" + (ends ? "" : " " + anything + "*");
  }

  private Part alternatives(boolean[] several) throws UnsupportedPatternException {
    List<Part> ways = new ArrayList<>();
    ways.add(sequence());
    while (at < pattern.length() && pattern.charAt(at) == '|') {
      at++;
      several[0] = true;
      ways.add(sequence());
    }
    return new Part(
        ways.stream().map(Part::text).collect(Collectors.joining(" | ")),
        ways.stream().anyMatch(Part::mayBeEmpty));
  }

  private Part sequence() throws UnsupportedPatternException {
    List<Part> parts = new ArrayList<>();
    while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
      parts.add(quantified(atom()));
    }
    return parts.isEmpty()
        ? NOTHING
        : new Part(
            parts.stream().map(Part::text).collect(Collectors.joining(" ")),
            parts.stream().allMatch(Part::mayBeEmpty));
  }

  private Part atom() throws UnsupportedPatternException {
    char c = pattern.charAt(at++);
    return switch (c) {
      case '(' -> group();
      case '[' -> new Part(characterClass(), false);
      case '.' -> new Part("[^" + NEVER + "]", false);
      case '\\' -> new Part(escape(), false);
      case '^', '$' -> throw new UnsupportedPatternException("an anchor within the pattern");
      case '*', '+', '?', '{' -> throw new UnsupportedPatternException("a quantifier of nothing");
      default -> {
        int whole = Character.isHighSurrogate(c) && at < pattern.length() ? at + 1 : at;
        String text = pattern.substring(at - 1, whole);
        at = whole;
        yield new Part(inJson(text), false);
      }
    };
  }

  /** Returns a character in the form that it has in a JSON string. */
  private static String inJson(String text) {
    String json = TextNode.valueOf(text).toString();
    return Gbnf.literal(json.substring(1, json.length() - 1));
  }

  private Part group() throws UnsupportedPatternException {
    if (pattern.startsWith("?:", at)) {
      at += 2;
    } else if (pattern.startsWith("?", at)) {
      throw new UnsupportedPatternException("a look-around or named group");
    }
    depth++;
    if (depth > MOST_NESTED) {
      throw new UnsupportedPatternException("more than " + MOST_NESTED + " groups in each other");
    }
    Part body = alternatives(new boolean[1]);
    depth--;
    if (at >= pattern.length()) {
      throw new UnsupportedPatternException("a group without end");
    }
    at++;
    return new Part("(" + body.text() + ")", body.mayBeEmpty());
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
      String several = at < pattern.length() ? shorthand(pattern.charAt(at)) : "";
      if (!several.isEmpty()) {
        at++;
        members.append(several);
        return;
      }
      low = escapedInClass();
    }
    boolean range =
        at + 1 < pattern.length() && pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']';
    if (!range) {
      add(members, low);
      return;
    }
    at++;
    char high = next("a class without end");
    if (high == '\\') {
      high = escapedInClass();
    }
    if (high < low || low < ' ' || (low <= '"' && high >= '"') || (low <= '\\' && high >= '\\')) {
      throw new UnsupportedPatternException("the range " + low + "-" + high);
    }
    members.append(written(low)).append('-').append(written(high));
  }

  /**
   * Returns the class that a letter after a backslash stands for; empty when the letter stands for
   * none.
   */
  private static String shorthand(char c) {
    return switch (c) {
      case 'd' -> DIGIT;
      case 'w' -> WORD;
      case 's' -> " ";
      default -> "";
    };
  }

  /** Returns the one character that an escape stands for. */
  private char escapedInClass() throws UnsupportedPatternException {
    char c = next("a class without end");
    if (Character.isLetterOrDigit(c)) {
      throw new UnsupportedPatternException("the escape \\" + c + " in a class");
    }
    return c;
  }

  private static void add(StringBuilder members, char c) {
    if (c == '"' || c == '\\' || c < ' ') {
      return;
    }
    members.append(written(c));
  }

  /** Returns a member of a class in llama.cpp's notation. */
  private static String written(char c) {
    return c == ']' || c == '[' || c == '^' || c == '-'
        ? String.format("\\x%02X", (int) c)
        : String.valueOf(c);
  }

  private Part quantified(Part atom) throws UnsupportedPatternException {
    if (at >= pattern.length()) {
      return atom;
    }
    Part result;
    char quantifier = pattern.charAt(at);
    switch (quantifier) {
      case '*', '+', '?' -> {
        at++;
        result = repeated(atom, quantifier == '+' ? 1 : 0, quantifier == '?' ? 1 : Gbnf.UNBOUNDED);
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

  /**
   * Returns the repetition of a piece, which must not be a piece that may be empty: llama.cpp would
   * look for its next character without end.
   */
  private static Part repeated(Part atom, int min, int max) throws UnsupportedPatternException {
    if (max > 1 && atom.mayBeEmpty()) {
      throw new UnsupportedPatternException("a repetition of what may be empty");
    }
    return max == 0
        ? NOTHING
        : new Part(Gbnf.repeat(atom.text(), min, max), min == 0 || atom.mayBeEmpty());
  }

  private Part counted(Part atom) throws UnsupportedPatternException {
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
    return repeated(atom, min, max);
  }

  private char next(String otherwise) throws UnsupportedPatternException {
    if (at >= pattern.length()) {
      throw new UnsupportedPatternException(otherwise);
    }
    return pattern.charAt(at++);
  }
}
