package dev.terrarium.llamacpp.grammar;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A builder of a grammar in llama.cpp's notation, with functions for the smaller parts of the
 * notation. Not thread-safe.
 */
final class Gbnf {

  /** The maximum of a repetition without a bound. */
  static final int UNBOUNDED = Integer.MAX_VALUE;

  private final Map<String, String> rules = new LinkedHashMap<>();
  private int count;

  /** Returns a new rule's name; the caller gives the rule its body by {@link #define}. */
  String reserve() {
    count++;
    return "r" + count;
  }

  void define(String name, String body) {
    rules.put(name, body);
  }

  /** Adds a rule with that body, and returns the rule's name. */
  String rule(String body) {
    String name = reserve();
    define(name, body);
    return name;
  }

  /** Adds a rule of a fixed name unless it is defined already, and returns the name. */
  String shared(String name, String body) {
    rules.putIfAbsent(name, body);
    return name;
  }

  boolean isShared(String name) {
    return rules.containsKey(name);
  }

  /** Returns a copy of all rules so far, to which {@link #restore} can return. */
  Map<String, String> snapshot() {
    return new LinkedHashMap<>(rules);
  }

  void restore(Map<String, String> snapshot) {
    rules.clear();
    rules.putAll(snapshot);
  }

  /** Returns the complete grammar, whose texts the rule of that name makes. */
  String text(String start) {
    return "root ::= "
        + start
        + "\n"
        + rules.entrySet().stream()
            .map(rule -> rule.getKey() + " ::= " + rule.getValue() + "\n")
            .collect(Collectors.joining());
  }

  /** Returns the grammar of exactly one text. */
  static String literal(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> quoted.appendCodePoint(c);
              }
            });
    return quoted.append('"').toString();
  }

  /** Returns the grammar of an item that stands min to max times. */
  static String repeat(String item, int min, int max) {
    if (max == 0) {
      return "";
    }
    if (min == 1 && max == 1) {
      return item;
    }
    if (max == UNBOUNDED) {
      return item + (min == 0 ? "*" : min == 1 ? "+" : "{" + min + ",}");
    }
    return item + (min == 0 && max == 1 ? "?" : "{" + min + "," + max + "}");
  }

  /**
   * Returns the grammar of an item that stands min to max times, with a separator between each two.
   */
  static String repeat(String item, String between, int min, int max) {
    if (max == 0) {
      return "";
    }
    int more = max == UNBOUNDED ? UNBOUNDED : max - 1;
    String further =
        more == 0 ? "" : " " + repeat("(" + between + " " + item + ")", Math.max(0, min - 1), more);
    return min == 0 ? "(" + item + further + ")?" : item + further;
  }
}
