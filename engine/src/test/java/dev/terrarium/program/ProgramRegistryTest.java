package dev.terrarium.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConversionException;
import dev.terrarium.value.HostFunction;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgramRegistryTest {

  private final ProgramRegistry registry = new ProgramRegistry();
  private final HostFunction put = registry.putFunction();
  private final HostFunction get = registry.getFunction();

  @Test
  void whatIsPutCanBeGot() {
    put.call(List.of("one", "id", Map.of("kind", "a")));

    assertThat(get.call(List.of("one", "id"))).isEqualTo(Map.of("kind", "a"));
  }

  @Test
  void frameworksDoNotShareIds() {
    put.call(List.of("one", "id", Map.of("kind", "a")));

    assertThat(get.call(List.of("two", "id"))).isNull();
  }

  @Test
  void specOfTheSameIdIsReplaced() {
    put.call(List.of("one", "id", Map.of("kind", "a")));
    put.call(List.of("one", "id", Map.of("kind", "b")));

    assertThat(get.call(List.of("one", "id"))).isEqualTo(Map.of("kind", "b"));
  }

  @Test
  void versionTellsThatASpecWasReplaced() {
    HostFunction version = registry.versionFunction();
    assertThat(version.call(List.of("one", "id"))).isNull();
    put.call(List.of("one", "id", Map.of("kind", "a")));
    Object first = version.call(List.of("one", "id"));
    put.call(List.of("one", "other", Map.of("kind", "a")));

    assertThat(first).isNotNull().isEqualTo(version.call(List.of("one", "id")));
    put.call(List.of("one", "id", Map.of("kind", "b")));
    assertThat(version.call(List.of("one", "id"))).isNotNull().isNotEqualTo(first);
  }

  @Test
  void wrongArgumentsAreRefused() {
    assertThatThrownBy(() -> put.call(List.of("one", "id")))
        .isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> put.call(List.of("one", "id", "spec")))
        .isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> put.call(List.of("one", 1L, Map.of())))
        .isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> get.call(List.of("one"))).isInstanceOf(ConversionException.class);
  }
}
