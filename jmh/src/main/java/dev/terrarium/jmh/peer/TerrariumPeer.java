package dev.terrarium.jmh.peer;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.jmh.Bench;
import dev.terrarium.model.LanguageModel;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A peer that runs Terrarium with the benchmarks' framework; its language model answers at once.
 */
public final class TerrariumPeer implements Handlers {

  private final Terrarium terrarium;

  private TerrariumPeer(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  /** Opens a peer in which that many contexts have the benchmarks' framework. */
  public static TerrariumPeer open(int contexts) {
    TerrariumPeer peer = start(contexts);
    peer.terrarium.prewarm(Bench.NAME, contexts).join();
    return peer;
  }

  /** Starts a peer and returns at once; its contexts are made meanwhile. */
  public static TerrariumPeer start(int contexts) {
    return start(contexts, new InstantModel(Duration.ZERO));
  }

  /** Starts a peer with a language model that all contexts share. */
  public static TerrariumPeer start(int contexts, LanguageModel model) {
    TerrariumConfig config =
        Bench.config(contexts, model)
            .borrowTimeout(Duration.ofMinutes(1))
            .loadTimeout(Duration.ofMinutes(5))
            .build();
    return new TerrariumPeer(Terrarium.start(config).register(Bench.framework()));
  }

  public Terrarium terrarium() {
    return terrarium;
  }

  @Override
  public @Nullable Object call(String framework, String command, Map<String, ?> arguments) {
    return terrarium.call(framework, command, arguments);
  }

  @Override
  public Object echo(Object value) {
    return Objects.requireNonNull(terrarium.call(Bench.NAME, "echo", Map.of("v", value)));
  }

  @Override
  public void close() {
    terrarium.close();
  }
}
