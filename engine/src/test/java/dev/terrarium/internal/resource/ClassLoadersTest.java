package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassLoadersTest {

  private static final ClassLoader OWN = ClassLoadersTest.class.getClassLoader();

  @Test
  void classLoaderThatSeesTheClassIsReturnedUnchanged(@TempDir Path folder) throws Exception {
    try (URLClassLoader child = new URLClassLoader(new URL[] {folder.toUri().toURL()}, OWN)) {
      assertThat(ClassLoaders.joined(child, ClassLoadersTest.class)).isSameAs(child);
    }
  }

  @Test
  void classesLoaderIsAskedAfterTheFirstLoader(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("own.txt"), "first");
    try (URLClassLoader blind =
        new URLClassLoader(
            new URL[] {folder.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      ClassLoader joined = ClassLoaders.joined(blind, ClassLoadersTest.class, String.class);

      assertThat(joined.loadClass(ClassLoadersTest.class.getName()))
          .isSameAs(ClassLoadersTest.class);
      assertThat(joined.getResource("own.txt")).isEqualTo(blind.getResource("own.txt"));
      assertThat(Collections.list(joined.getResources("junit-platform.properties")))
          .isEqualTo(Collections.list(OWN.getResources("junit-platform.properties")));
    }
  }

  @Test
  void missingFirstLoaderIsReplacedByThatOfTheClasses() throws Exception {
    assertThat(
            ClassLoaders.joined(null, ClassLoadersTest.class)
                .loadClass("org.junit.jupiter.api.Test"))
        .isSameAs(Test.class);
    assertThat(ClassLoaders.joined(null)).isSameAs(ClassLoader.getSystemClassLoader());
  }
}
