package dev.terrarium.llamacpp;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A grammar in llama.cpp's notation in the making, and the notation's smaller parts. Not
 * thread-safe.
 */
final class Gbnf {

  /** No bound on how often something is repeated. */
  static final int UNBOUNDED = Integer.MAX_VALUE;

  private final Map<String, String> rules = new LinkedHashMap<>();
  private int count;

  /** A new rule's name; its body is to be given by {@link #define}. */
  String reserve() {
    count++;
    return "r" + count;
  }

  void define(String name, String body) {
    rules.put(name, body);
  }

  /** Makes the body a rule of its own and returns its name. */
  String rule(String body) {
    String name = reserve();
    define(name, body);
    return name;
  }

  /** A rule of a fixed name, defined once. */
  String shared(String name, String body) {
    rules.putIfAbsent(name, body);
    return name;
  }

  boolean isShared(String name) {
    return rules.containsKey(name);
  }

  /** All rules so far; {@link #restore} goes back to them. */
  Map<String, String> snapshot() {
    return new LinkedHashMap<>(rules);
  }

  void restore(Map<String, String> snapshot) {
    rules.clear();
    rules.putAll(snapshot);
  }

  /** The whole grammar, for texts that the rule of that name makes. */
  String text(String start) {
    return "root ::= "
        + start
        + "\n"
        + rules.entrySet().stream()
            .map(rule -> rule.getKey() + " ::= " + rule.getValue() + "\n")
            .collect(Collectors.joining());
  }

  /** Exactly this text. */
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

  /** An item min to max times. */
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

  /** An item min to max times, with something between each two. */
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
