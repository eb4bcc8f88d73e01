package dev.terrarium.transformers;

import static dev.terrarium.transformers.Expected.MODELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models in jars, which the caller's class loader sees. */
class ModelFolderTest {

  @TempDir private Path temporary = Path.of("");

  @Test
  void aModelInAJarMakesTheVectorsOfItsFolder() throws IOException {
    try (URLClassLoader loader = loader(jar("sentences"))) {
      withLoader(
          loader,
          () -> {
            try (SentenceModel inJar = SentenceModel.open("classpath:own/sentences");
                SentenceModel inFolder = SentenceModel.open(MODELS.resolve("sentences"))) {
              List<String> texts = Expected.texts("sentences");
              assertThat(inJar.name()).isEqualTo("sentences");
              List<float[]> expected = inFolder.embed(texts);
              List<float[]> vectors = inJar.embed(texts);
              for (int i = 0; i < texts.size(); i++) {
                assertThat(vectors.get(i)).containsExactly(expected.get(i));
              }
            }
          });
    }
  }

  @Test
  void modelsOfAJarAreLoadedOnce() throws IOException {
    try (URLClassLoader loader = loader(jar("reviews"))) {
      withLoader(
          loader,
          () -> {
            try (LoadedModels.Handle one = open("classpath:own/reviews");
                LoadedModels.Handle other = open("classpath:/own/reviews/")) {
              assertThat(other.model()).isSameAs(one.model());
            }
          });
    }
  }

  @Test
  void aFolderWithoutItsFilesIsRefused() throws IOException {
    assertMissing("classpath:own/reviews", "model.onnx, nor onnx/model.onnx");
    Path jar = jar("reviews", "config.json");
    try (URLClassLoader loader = loader(jar)) {
      withLoader(loader, () -> assertMissing("classpath:own/reviews", "config.json"));
    }
  }

  private static void assertMissing(String model, String file) {
    assertThatThrownBy(() -> open(model))
        .isInstanceOf(ModelException.class)
        .hasMessage("The model's folder " + model + " has no " + file + ".")
        .satisfies(e -> assertThat(((ModelException) e).kind()).isEqualTo(Kind.UNKNOWN_MODEL));
  }

  private static LoadedModels.Handle open(String model) {
    return LoadedModels.open(model, Batching.ofDefaults());
  }

  private static void withLoader(ClassLoader loader, Runnable work) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      work.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static URLClassLoader loader(Path jar) throws IOException {
    return new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
  }

  /** Writes a jar with the files of a model but those that are named. */
  private Path jar(String model, String... without) throws IOException {
    Path jar = temporary.resolve(model + ".jar");
    Path folder = MODELS.resolve(model);
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out);
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String name = folder.relativize(file).toString();
        if (!List.of(without).contains(name)) {
          entries.putNextEntry(new JarEntry("own/" + model + "/" + name));
          Files.copy(file, entries);
        }
      }
    }
    return jar;
  }
}
