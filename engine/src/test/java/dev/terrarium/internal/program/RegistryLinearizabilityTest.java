package dev.terrarium.internal.program;

import dev.terrarium.spi.HostFunction;
import dev.terrarium.testing.Linearizability;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Changes and looks on real threads, as Lincheck calls them: whatever they return, versions
 * included, must be what some order of them, one after the other, returns.
 */
@Tag("lincheck")
class RegistryLinearizabilityTest {

  /** Two programs, named by numbers, whose specs and states are numbers too. */
  @Param(name = "id", gen = IntGen.class, conf = "1:2")
  @Param(name = "value", gen = IntGen.class, conf = "1:3")
  public static final class Programs {

    private final Map<String, HostFunction> functions = new ProgramRegistry(8).functions();

    private @Nullable Object call(String function, @Nullable Object... arguments) {
      HostFunction service = Objects.requireNonNull(functions.get("program." + function));
      return service.call(Arrays.asList(arguments));
    }

    @Operation
    public @Nullable Object put(@Param(name = "id") int id, @Param(name = "value") int value) {
      return call("put", "any", "" + id, Map.of("value", value));
    }

    @Operation
    public @Nullable Object putState(
        @Param(name = "id") int id,
        @Param(name = "value") int value,
        @Param(name = "value") int version) {
      return call("put_state", "any", "" + id, Map.of("value", value), (long) version);
    }

    @Operation
    public String get(@Param(name = "id") int id) {
      return "" + call("get", "any", "" + id);
    }

    @Operation
    public @Nullable Object version(@Param(name = "id") int id) {
      return call("version", "any", "" + id);
    }

    @Operation
    public @Nullable Object delete(@Param(name = "id") int id) {
      return call("delete", "any", "" + id);
    }
  }

  @Test
  void everyOutcomeIsThatOfSomeOrder() {
    Linearizability.check(Programs.class);
  }
}
