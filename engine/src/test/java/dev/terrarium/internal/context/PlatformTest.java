package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.UnsupportedPlatformException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {

  @ParameterizedTest
  @CsvSource({"Linux,amd64", "Linux,x86_64"})
  void linuxOnX64Serves(String os, String arch) {
    assertThatCode(() -> Platform.check(os, arch)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"Linux,aarch64", "Mac OS X,x86_64", "Mac OS X,aarch64", "Windows 11,amd64"})
  void othersAreRefusedByName(String os, String arch) {
    assertThatThrownBy(() -> Platform.check(os, arch))
        .isInstanceOf(UnsupportedPlatformException.class)
        .hasMessageContaining("Linux x86_64 only")
        .hasMessageContaining("this is " + os + " on " + arch + ".");
  }

  @Test
  void theMachineOfTheTestsServes() {
    assertThatCode(Platform::check).doesNotThrowAnyException();
  }
}
