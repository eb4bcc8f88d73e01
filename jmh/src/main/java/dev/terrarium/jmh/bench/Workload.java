package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.Handlers;
import dev.terrarium.jmh.peer.JsonProcesses;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What the frameworks are asked to do. */
enum Workload {
  PREDICT("dspy.Predict", "predict", "question -> answer"),
  CHAIN_OF_THOUGHT("dspy.ChainOfThought", "chain_of_thought", "question -> answer"),
  CHAIN("LCEL chain", "prompt", "Answer this: {question}"),
  PARSE_1("parsing 1 field", "predict", "question -> field0: int"),
  PARSE_20("parsing 20 fields", "predict", "question -> " + fields(20));

  private final String title;
  private final String kind;
  private final String text;

  /**
   * @param kind of a DSPy program, or {@code prompt} for a chain
   * @param text its signature or its prompt
   */
  Workload(String title, String kind, String text) {
    this.title = title;
    this.kind = kind;
    this.text = text;
  }

  private static String fields(int count) {
    String[] types = {"str", "int", "float", "bool"};
    return IntStream.range(0, count)
        .mapToObj(i -> "field" + i + ": " + types[i % types.length])
        .collect(Collectors.joining(", "));
  }

  String title() {
    return title;
  }

  private boolean chain() {
    return kind.equals("prompt");
  }

  String framework() {
    return chain() ? "langchain" : "dspy";
  }

  /** Loads the framework and makes the program, in every process where there are several. */
  Program create(Handlers handlers) {
    return create(handlers, Map.of());
  }

  /** The same for a real model, whose answers are as like as can be and short. */
  Program createReal(Handlers handlers) {
    return create(handlers, Map.of("options", Map.of("temperature", 0.0, "max_tokens", 64)));
  }

  private Program create(Handlers handlers, Map<String, Object> more) {
    String framework = framework();
    Map<String, Object> spec = new HashMap<>(more);
    spec.putAll(chain() ? Map.of(kind, text) : Map.of("kind", kind, "signature", text));
    Map<String, Object> arguments = Map.of("spec", spec);
    if (handlers instanceof JsonProcesses processes) {
      processes.callAll(framework, "create_program", arguments);
    }
    Object made = handlers.call(framework, "create_program", arguments);
    String id =
        (String) Objects.requireNonNull(((Map<?, ?>) Objects.requireNonNull(made)).get("program"));
    return new Program(
        handlers,
        framework,
        chain() ? "invoke" : "call",
        Map.of("program", id, "inputs", Map.of("question", "What is the capital of France?")));
  }

  /** A program that can be called again and again. */
  record Program(
      Handlers handlers, String framework, String command, Map<String, Object> arguments) {

    @Nullable Object call() {
      return handlers.call(framework, command, arguments);
    }
  }
}
