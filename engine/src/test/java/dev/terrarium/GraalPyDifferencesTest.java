package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What docs/compatibility.md says of GraalPy still holds. A difference that is gone fails here: its
 * line there, its case in differences.py, and what Terrarium does about it can go.
 */
@Tag("graalpy")
class GraalPyDifferencesTest {

  @Test
  void graalPyStillDiffersFromCPythonWhereTheDocumentationSaysSo() {
    try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
      terrarium.register(Framework.fromResource("/frameworks/differences.py"));

      Report report =
          terrarium.adapter("differences").call(Command.of("all", Map.of()).as(Report.class));

      assertThat(report.found()).hasSize(16);
      assertThat(report.found())
          .allSatisfy((name, result) -> assertThat(result.here()).isNotEqualTo(result.cpython()));
    }
  }

  /** What {@code differences.py} returns. */
  record Report(Map<String, Result> found) {

    /** What one difference gives on GraalPy, and what it gives on CPython. */
    record Result(String here, String cpython) {}
  }
}
