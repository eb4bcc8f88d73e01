package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.terrarium.testing.GraalPyTest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The contract tests of the Python bridge, which CPython runs too, in a context. They have a
 * Terrarium of their own, since they take its services away.
 */
@GraalPyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BridgeContractTest {

  private static final Path TESTS = Path.of("../python-modules/bridge/src/test/python");

  private final String folder = TESTS.toAbsolutePath().normalize().toString();
  private final Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build());

  @BeforeAll
  void register() {
    terrarium.register(Framework.fromResource("/frameworks/contract.py"));
  }

  @AfterAll
  void close() {
    terrarium.close();
  }

  @TestFactory
  List<DynamicNode> contractTestsPassInAContext() {
    assertThat(TESTS).isDirectory();
    Map<?, ?> files =
        terrarium
            .adapter("contract")
            .call(Command.of("list_tests", Map.of("folder", folder)).as(Map.class));
    assertThat(files).isNotEmpty();
    List<DynamicNode> nodes = new ArrayList<>();
    files.forEach((file, names) -> nodes.add(testsOf(String.valueOf(file), (List<?>) names)));
    return nodes;
  }

  private DynamicNode testsOf(String file, List<?> names) {
    Path source = TESTS.resolve(file);
    if (names.isEmpty()) {
      return DynamicTest.dynamicTest(
          file,
          source.toUri(),
          () -> abort(file + " needs pytest or pydantic, which this context has not"));
    }
    Stream<DynamicTest> tests =
        names.stream()
            .map(String::valueOf)
            .map(name -> DynamicTest.dynamicTest(name, source.toUri(), () -> run(file, name)));
    return DynamicContainer.dynamicContainer(file, source.toUri(), tests);
  }

  private void run(String file, String name) {
    terrarium.call("contract", "run_test", Map.of("folder", folder, "file", file, "name", name));
  }
}
