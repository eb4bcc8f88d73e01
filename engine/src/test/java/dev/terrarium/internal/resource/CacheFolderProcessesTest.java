package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.PackageException;
import java.io.BufferedReader;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderProcessesTest {

  @Test
  void concurrentProcessesUnpackOnce(@TempDir Path temp) throws Exception {
    List<Process> processes = new ArrayList<>();
    try {
      List<BufferedReader> outputs = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Process process =
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    classPath(),
                    UnpackMain.class.getName(),
                    temp.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        processes.add(process);
        outputs.add(process.inputReader());
      }
      for (BufferedReader output : outputs) {
        assertThat(output.readLine()).isEqualTo("ready");
      }
      for (Process process : processes) {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
      }
      List<String> results = new ArrayList<>();
      for (BufferedReader output : outputs) {
        results.add(output.readLine());
      }

      assertThat(results).containsExactlyInAnyOrder("opened 1, files 200", "opened 0, files 200");
      for (Process process : processes) {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
      }
      assertThat(UnpackedArchive.damaged(temp.resolve("python/a"))).isEmpty();
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  /** Returns the folders or jars of the classes that the process needs. */
  private static String classPath() {
    return Stream.of(UnpackMain.class, CacheFolder.class, PackageException.class)
        .map(CacheFolderProcessesTest::place)
        .distinct()
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String place(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
