package dev.terrarium.jmh;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.model.LanguageModel;
import java.util.Map;

/** The Terrarium that most benchmarks use, and the figures that the long runs print. */
public final class Bench {

  public static final String NAME = "bench";

  private Bench() {}

  /** So many contexts, all with the framework. */
  public static Terrarium start(int contexts) {
    Terrarium terrarium = Terrarium.start(config(contexts).build());
    terrarium.register(framework()).prewarm(NAME, contexts).join();
    terrarium.call(NAME, "nothing", Map.of());
    return terrarium;
  }

  /** What the environment says, with so many contexts. */
  public static TerrariumConfig.Builder config(int contexts) {
    return TerrariumConfig.from(TerrariumConfig.ofEnvironment()).contexts(contexts);
  }

  /** The same with a default language model, whatever the environment says of that. */
  public static TerrariumConfig.Builder config(int contexts, LanguageModel model) {
    return config(contexts).languageModel(model).languageModel(model.name());
  }

  public static Framework framework() {
    return Framework.fromResource("/bench.py");
  }

  /** The value below which that share of sorted values lies; 0 of none. */
  public static long percentile(long[] sorted, double share) {
    return sorted.length == 0
        ? 0
        : sorted[Math.min(sorted.length - 1, (int) (sorted.length * share))];
  }
}
