package dev.terrarium.jmh;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.model.LanguageModel;
import java.util.Map;

/**
 * Factories of the Terrarium that most benchmarks use, and of the figures that the long runs print.
 */
public final class Bench {

  public static final String NAME = "bench";

  private Bench() {}

  /** Starts a Terrarium in which a number of contexts have the benchmarks' framework. */
  public static Terrarium start(int contexts) {
    Terrarium terrarium = Terrarium.start(config(contexts).build());
    terrarium.register(framework()).prewarm(NAME, contexts).join();
    terrarium.call(NAME, "nothing", Map.of());
    return terrarium;
  }

  /** Returns the environment's configuration with a number of contexts. */
  public static TerrariumConfig.Builder config(int contexts) {
    return TerrariumConfig.from(TerrariumConfig.ofEnvironment()).contexts(contexts);
  }

  /**
   * Returns the same configuration with a default language model, whatever the environment sets.
   */
  public static TerrariumConfig.Builder config(int contexts, LanguageModel model) {
    return config(contexts).languageModel(model).languageModel(model.name());
  }

  public static Framework framework() {
    return Framework.fromResource("/bench.py");
  }

  /** Returns the value below which a share of the sorted values lies; 0 without values. */
  public static long percentile(long[] sorted, double share) {
    return sorted.length == 0
        ? 0
        : sorted[Math.min(sorted.length - 1, (int) (sorted.length * share))];
  }
}
