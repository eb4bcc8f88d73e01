package dev.terrarium.jmh;

import dev.terrarium.Adapter;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.testkit.FakeLanguageModel;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/**
 * Where the time from the start of the JVM to a framework's first answer goes, with a language
 * model that answers at once. The arguments are the framework (dspy, langchain or bench, a custom
 * one of one file) and how many contexts to load with it, which is 1 when left out. Prints one line
 * of phases, in milliseconds.
 */
public final class FirstAnswer {

  /** When the JVM was started, in milliseconds since 1970: {@code $(date +%s%3N)}. */
  private static final String STARTED = "started";

  private static Instant last = started();

  private FirstAnswer() {}

  public static void main(String[] args) {
    String framework = args.length > 0 ? args[0] : "dspy";
    int contexts = args.length > 1 ? Integer.parseInt(args[1]) : 1;
    StringBuilder phases = new StringBuilder(framework);
    mark(phases, "jvm");
    try (Terrarium terrarium =
        Terrarium.start(
            TerrariumConfig.from(TerrariumConfig.ofEnvironment())
                .contexts(contexts)
                .languageModel(FakeLanguageModel.schemaConforming())
                .build())) {
      terrarium.register(Bench.framework());
      Adapter adapter = terrarium.adapter(framework);
      adapter.call("ping", Map.of());
      mark(phases, "context");
      terrarium.prewarm(framework, 1).join();
      mark(phases, "import");
      answer(adapter, phases, "program", "first");
      phases.append(
          String.format(Locale.ROOT, " total %d", Duration.between(started(), last).toMillis()));
      answer(adapter, phases, "program2", "second");
      for (int context = 2; context <= contexts; context++) {
        terrarium.prewarm(framework, context).join();
        mark(phases, "context" + context);
      }
    }
    System.out.println(phases);
    System.exit(0);
  }

  private static void answer(Adapter adapter, StringBuilder phases, String program, String call) {
    switch (adapter.framework()) {
      case "dspy" -> {
        create(adapter, program, Map.of("kind", "predict", "signature", "question -> answer"));
        mark(phases, program);
        adapter.call("call", Map.of("program", program, "inputs", Map.of("question", "Capital?")));
      }
      case "langchain" -> {
        create(adapter, program, Map.of("prompt", "{question}"));
        mark(phases, program);
        adapter.call(
            "invoke", Map.of("program", program, "inputs", Map.of("question", "Capital?")));
      }
      default -> adapter.call("echo", Map.of("v", "Capital?"));
    }
    mark(phases, call);
  }

  private static void create(Adapter adapter, String program, Map<String, ?> spec) {
    adapter.call("create_program", Map.of("program", program, "spec", spec));
  }

  private static void mark(StringBuilder phases, String phase) {
    Instant now = Instant.now();
    phases.append(' ').append(phase).append(' ').append(Duration.between(last, now).toMillis());
    last = now;
  }

  /** When the process was started: the operating system knows it to a second only. */
  private static Instant started() {
    return Instant.ofEpochMilli(Long.getLong(STARTED, System.currentTimeMillis()));
  }
}
