package dev.terrarium.testing;

import dev.terrarium.value.HostFunction;
import dev.terrarium.value.HostFunctions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Host functions of the tests: {@code test.echo} returns its arguments, {@code test.call} does what
 * the test sets.
 */
public final class TestFunctions implements HostFunctions {

  private static volatile HostFunction onCall = arguments -> arguments;

  /** What {@code test.call} does from now on. */
  public static void onCall(HostFunction function) {
    onCall = function;
  }

  @Override
  public Map<String, HostFunction> functions() {
    return Map.of("test.echo", arguments -> arguments, "test.call", TestFunctions::call);
  }

  private static @Nullable Object call(List<@Nullable Object> arguments) {
    return onCall.call(arguments);
  }
}
