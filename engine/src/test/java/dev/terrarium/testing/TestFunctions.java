package dev.terrarium.testing;

import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.HostFunctions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
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

  /**
   * Has {@code test.call} answer only when it may.
   *
   * @param inside counted down when it is called
   * @param goOn what it waits for then
   */
  public static void onCallWait(
      CountDownLatch inside, CountDownLatch goOn, @Nullable Object answer) {
    onCall(
        arguments -> {
          inside.countDown();
          Task.await(goOn);
          return answer;
        });
  }

  @Override
  public Map<String, HostFunction> functions() {
    return Map.of("test.echo", arguments -> arguments, "test.call", TestFunctions::call);
  }

  private static @Nullable Object call(List<@Nullable Object> arguments) {
    return onCall.call(arguments);
  }
}
