package dev.terrarium.internal.context;

import static dev.terrarium.internal.context.AccessTest.await;
import static dev.terrarium.internal.context.AccessTest.call;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.AccessProfile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * All modules of the standard library are imported under each profile, and what is harmless in them
 * is called: each gives a value or an exception of Python's, and none costs the context.
 */
@Tag("graalpy")
@Timeout(600)
class StandardLibraryTest {

  private static PythonContext make(AccessProfile profile) throws IOException {
    PythonContext context = AccessTest.make(profile);
    try (InputStream in = StandardLibraryTest.class.getResourceAsStream("/frameworks/library.py")) {
      String source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      await(
          context.prepare(
              new BridgeSource.Source("library", profile, true, source, "library.py"), "modules"));
    }
    return context;
  }

  @ParameterizedTest
  @EnumSource
  void standardLibraryFailsWithoutInternalErrors(AccessProfile profile) throws IOException {
    PythonContext context = make(profile);
    SoftAssertions softly = new SoftAssertions();
    for (String command : List.of("modules", "calls")) {
      List<?> names =
          (List<?>) Objects.requireNonNull(await(call(context, "library", command, Map.of())));
      assertThat(names).hasSizeGreaterThan(100);
      for (Object name : names) {
        softly
            .assertThat(outcome(context, command.equals("calls") ? "evaluate" : "load", name))
            .as("%s under %s", name, profile)
            .doesNotStartWith("SystemError")
            .doesNotContain("java.lang.");
      }
    }
    softly.assertAll();
    assertThat(await(context.check())).isNotEqualTo(HealthStatus.BROKEN);
    assertThat(outcome(context, "evaluate", "sys.getsizeof(1)")).matches("\\d+");
    assertThat(outcome(context, "load", "crypt")).startsWith("ImportError");
    assertThat(outcome(context, "evaluate", "ZoneInfo('Europe/Berlin').utcoffset(SUMMER)"))
        .isEqualTo("2:00:00");
    await(context.park());
  }

  private static String outcome(PythonContext context, String command, Object name) {
    try {
      return String.valueOf(await(call(context, "library", command, Map.of("name", name))));
    } catch (CompletionException e) {
      return "SystemError or worse: " + e.getCause();
    }
  }
}
