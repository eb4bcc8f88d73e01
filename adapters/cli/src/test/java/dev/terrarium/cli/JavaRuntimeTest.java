package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JavaRuntimeTest {

  @Test
  void anAotCacheIsInForceIfItWasGivenAndIsShared() {
    assertThat(JavaRuntime.aotCache("/a.aot", "mixed mode, sharing")).isEqualTo("/a.aot");
    assertThat(JavaRuntime.aotCache("/a.aot", "mixed mode")).startsWith("/a.aot was refused");
    assertThat(JavaRuntime.aotCache("", "mixed mode, sharing")).startsWith("none");
  }

  /** The tests run on a JDK, without an AOT cache. */
  @Test
  void presentJvmIsDescribedCorrectly() {
    assertThat(JavaRuntime.aotCache()).startsWith("none");
    assertThat(JavaRuntime.image()).startsWith("none, a JDK");
  }
}
