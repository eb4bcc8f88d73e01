package dev.terrarium.jmh.bench;

import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.FrozenStats;
import dev.terrarium.dspy.UntypedFrozenDspyProgram;
import dev.terrarium.jmh.Bench;
import dev.terrarium.jmh.peer.Handlers;
import dev.terrarium.jmh.peer.JsonProcesses;
import dev.terrarium.jmh.peer.PythonSide;
import dev.terrarium.jmh.peer.TerrariumPeer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the frameworks are asked to do. */
enum Workload {
  PREDICT("dspy.Predict", "predict", "question -> answer"),
  CHAIN_OF_THOUGHT("dspy.ChainOfThought", "chain_of_thought", "question -> answer"),
  CHAIN("LCEL chain", "prompt", "Answer this: {question}"),
  PARSE_1("parsing 1 field", "predict", "question -> field0: int"),
  PARSE_20("parsing 20 fields", "predict", "question -> " + fields(20)),
  FILE("echo of a framework of one file", "file", "");

  private static final List<Map<String, String>> QUESTIONS =
      Stream.of("France", "Italy", "Spain", "Norway", "Kenya", "Peru", "Japan", "Egypt")
          .map(country -> Map.of("question", "What is the capital of " + country + "?"))
          .toList();

  private static final Map<String, String> INPUTS = QUESTIONS.getFirst();

  private final String title;
  private final String kind;
  private final String text;

  /**
   * @param kind of a DSPy program, {@code prompt} for a chain, or {@code file} for no program
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

  boolean dspy() {
    return framework().equals("dspy");
  }

  String framework() {
    return switch (kind) {
      case "prompt" -> "langchain";
      case "file" -> Bench.NAME;
      default -> "dspy";
    };
  }

  /** Why processes cannot do it. */
  Optional<String> missing(PythonSide python) {
    return switch (framework()) {
      case "dspy" -> python.missing("dspy");
      case "langchain" -> python.missing("langchain_core");
      default -> Optional.empty();
    };
  }

  /** Loads the framework and makes the program, in every process where there are several. */
  Program create(Handlers handlers) {
    return create(handlers, Map.of(), List.of(INPUTS));
  }

  /**
   * The same for a real model, whose answers are as like as can be and short. Each call asks
   * something else than the one before, since a model need not read again what it was just asked.
   */
  Program createReal(Handlers handlers) {
    return create(
        handlers, Map.of("options", Map.of("temperature", 0.0, "max_tokens", 64)), QUESTIONS);
  }

  /**
   * @param inputs of one call after the other, again from the first on after the last
   */
  private Program create(
      Handlers handlers, Map<String, Object> more, List<Map<String, String>> inputs) {
    String framework = framework();
    if (this == FILE) {
      return () -> handlers.call(framework, "echo", Map.of("v", "text"));
    }
    Map<String, Object> spec = new HashMap<>(spec());
    spec.putAll(more);
    Map<String, Object> arguments = Map.of("spec", spec);
    if (handlers instanceof JsonProcesses processes) {
      processes.callAll(framework, "create_program", arguments);
    }
    Object made = handlers.call(framework, "create_program", arguments);
    String id =
        (String) Objects.requireNonNull(((Map<?, ?>) Objects.requireNonNull(made)).get("program"));
    String command = chain() ? "invoke" : "call";
    List<Map<String, Object>> calls =
        inputs.stream().map(each -> Map.<String, Object>of("program", id, "inputs", each)).toList();
    AtomicInteger count = new AtomicInteger();
    return () -> {
      int next = Math.floorMod(count.getAndIncrement(), calls.size());
      return handlers.call(framework, command, calls.get(next));
    };
  }

  private Map<String, Object> spec() {
    return chain() ? Map.of(kind, text) : Map.of("kind", kind, "signature", text);
  }

  /** The same program of DSPy, frozen: a way of its own, whose calls do not enter Python. */
  Program freeze(TerrariumPeer peer) {
    UntypedFrozenDspyProgram frozen = peer.terrarium().adapter(Dspy.class).program(spec()).freeze();
    return () -> {
      Object outputs = frozen.call(INPUTS);
      FrozenStats stats = frozen.stats();
      if (stats.continued() + stats.handedOver() > 0) {
        throw new IllegalStateException("a figure of Python would be none of this: " + stats);
      }
      return outputs;
    };
  }

  /** A program that can be called again and again. */
  @FunctionalInterface
  interface Program {
    @Nullable Object call();
  }
}
