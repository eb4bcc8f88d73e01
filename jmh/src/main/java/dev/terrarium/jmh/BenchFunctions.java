package dev.terrarium.jmh;

import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.HostFunctions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Host functions of the benchmarks: {@code bench.nothing} does nothing, {@code bench.call} what was
 * set last.
 */
public final class BenchFunctions implements HostFunctions {

  private static volatile Runnable onCall = () -> {};

  /** What {@code bench.call} does from now on. */
  static void onCall(Runnable action) {
    onCall = action;
  }

  @Override
  public Map<String, HostFunction> functions() {
    return Map.of("bench.nothing", arguments -> null, "bench.call", BenchFunctions::call);
  }

  private static @Nullable Object call(List<@Nullable Object> arguments) {
    onCall.run();
    return null;
  }
}
